package checkserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/place"
	"benchrun/internal/plan"
	"benchrun/report"
)

// Order is what is to be checked.
type Order struct {
	Cells    []plan.Cell // one for each target
	Python   string
	Patience time.Duration // how long a claimed watchdog is waited for, at most
}

// Run installs and checks target after target and writes a table of each. listen
// makes a listener for each of them. The error is bench.ErrCheckFailed where a check
// failed, and bench.ErrUnmeasured where one could not be made, if nothing else is
// the matter.
func (o Order) Run(ctx context.Context, h *place.Host, out io.Writer, listen func() bench.Listener) error {
	var all []Result
	for _, c := range o.Cells {
		tell := listen()
		h.Note = tell.Note
		if c.Unsupported != "" {
			tell.Note(fmt.Sprintf("%s/%s: %s", c.Server.Name, c.Profile, c.Unsupported))
			continue
		}
		t, err := h.Install(ctx, c, o.Python, tell.Note)
		if err != nil {
			return bench.Ended(verdict(all), err)
		}
		results, err := Run(ctx, h, t, o.Patience, tell)
		err = errors.Join(err, write(out, t, results))
		all = append(all, results...)
		if err != nil {
			return bench.Ended(verdict(all), err)
		}
	}
	return verdict(all)
}

// verdict is nil where every check passed. A claim that differs passes.
func verdict(results []Result) error {
	var worst error
	for _, r := range results {
		switch r.Verdict {
		case Failed:
			return bench.ErrCheckFailed
		case Unmeasured:
			worst = bench.ErrUnmeasured
		}
	}
	return worst
}

// write writes a target's table. What a server has said stands in it cleaned.
func write(out io.Writer, t *place.Target, results []Result) error {
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	_, err := fmt.Fprintf(out, "%s %s/%s (%s)\n", t.Server.Name, t.Installation.Version, t.ProfileName, t.Server.File)
	_, _ = fmt.Fprintf(w, "  verdict\tcheck\texpected\tseen\n") // Flush tells
	for _, r := range results {
		_, _ = fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", r.Verdict, r.Check, r.Expected, report.Clean(r.Seen))
	}
	if err == nil {
		err = w.Flush()
	}
	if err != nil {
		return fmt.Errorf("stdout: %w", err)
	}
	return nil
}

// DryRun says what would be checked of each target, and installs nothing.
func (o Order) DryRun(ctx context.Context) (string, error) {
	var b strings.Builder
	var total time.Duration
	targets := place.Preview{Python: o.Python}
	for i, c := range o.Cells {
		fmt.Fprintf(&b, "%s\n", c.TargetWords())
		if drafts := c.Server.Drafts; len(drafts) > 0 && i == 0 {
			fmt.Fprintf(&b, "  still to be filled in\n")
			for _, d := range drafts {
				fmt.Fprintf(&b, "    %s:%d: %s: %s\n", c.Server.File, d.Line, d.Field, bench.Excerpt(d.Text))
			}
		}
		if c.Unsupported != "" {
			fmt.Fprintf(&b, "  unsupported: %s\n", c.Unsupported)
			continue
		}
		if err := targets.Write(ctx, &b, c); err != nil {
			return "", err
		}
		checks, about := Plan(c, o.Patience)
		fmt.Fprintf(&b, "  checks   %s\n           about %s\n", strings.Join(checks, "; "), about)
		total += about
	}
	fmt.Fprintf(&b, "about %s in all, plus installation where something is missing\n", total)
	return b.String(), nil
}
