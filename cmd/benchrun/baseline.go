package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"benchrun/internal/bench"
	"benchrun/internal/gate"
	"benchrun/report"
	"benchrun/results"
	"benchrun/scenarios"
)

// baselineFlags name the run that this one must not be worse than.
type baselineFlags struct {
	path   string
	anyway bool

	run     *bench.Run // read by resolve; nil = there is none
	differs []string   // what the two were not measured alike in; they are compared anyway
}

// measuring says where and how a run is measured, of each run that it is made
// from.
type measuring func() ([]bench.Origin, error)

func (b *baselineFlags) add(f *pflag.FlagSet) {
	declare(f, "baseline", &b.path)
	declare(f, "baseline-anyway", &b.anyway)
}

// resolve reads the baseline and refuses one that nothing can be compared with.
// measured says where and how the run itself is measured; it is asked only
// where there is a baseline.
func (b *baselineFlags) resolve(ctx context.Context, cells []gate.Selected, measured measuring) error {
	if b.path == "" {
		if b.anyway {
			return bench.Usagef("--baseline-anyway needs --baseline")
		}
		return nil
	}
	run, err := results.ReadEnded(ctx, b.path)
	if err != nil {
		return err
	}
	now, err := measured()
	if err != nil {
		return err
	}
	b.run = &run
	b.differs, err = gate.ResolveBaseline(b.path, run, cells, now, b.anyway)
	return err
}

// like is where and how a stored run was measured.
func like(run bench.Run) measuring {
	return func() ([]bench.Origin, error) { return run.Origins(), nil }
}

// waiverFlags name the results that are expected for now.
type waiverFlags struct {
	path string

	list []gate.Waiver    // read by resolve
	now  func() time.Time // nil = the clock's
}

func (w *waiverFlags) add(f *pflag.FlagSet) {
	declare(f, "waivers", &w.path)
}

// resolve reads the file and tells of entries that match nothing.
func (w *waiverFlags) resolve(stderr io.Writer, cells []gate.Selected) (err error) {
	if w.path == "" {
		return nil
	}
	if w.list, err = gate.ReadWaivers(w.path); err != nil {
		return err
	}
	for _, l := range gate.ResolveWaivers(w.list, cells) {
		tell(stderr, []string{"waiver: " + l})
	}
	return nil
}

func (w *waiverFlags) today() time.Time {
	if w.now == nil {
		return time.Now()
	}
	return w.now()
}

// resolve reads everything that must hold of a run and checks it against the
// selection, before anything runs.
func (g *gateFlags) resolve(ctx context.Context, stderr io.Writer, cells []gate.Selected, measured measuring) ([]gate.Rule, error) {
	rules, err := g.rules(cells)
	if err != nil {
		return nil, err
	}
	if err := g.baseline.resolve(ctx, cells, measured); err != nil {
		return nil, err
	}
	return rules, g.waivers.resolve(stderr, cells)
}

// asked says whether anything must hold.
func (g *gateFlags) asked(rules []gate.Rule) bool { return len(rules) > 0 || g.baseline.run != nil }

// evaluate makes all checks of a run: rules first, then the baseline's, those
// that are expected to be broken waived. told is what decides nothing: a line
// each, beginning with what it is about.
func (g *gateFlags) evaluate(rules []gate.Rule, run bench.Run) (checks []gate.Check, told []string) {
	add := func(about string, lines []string) {
		for _, l := range lines {
			told = append(told, about+": "+l)
		}
	}
	checks = gate.Evaluate(rules, run.Cells, scenarios.Family)
	var notes []string
	if g.baseline.run != nil {
		c := gate.Compare(*g.baseline.run, run)
		checks, notes = append(checks, c.Checks...), c.Notes
		if len(g.baseline.differs) > 0 {
			notes = append([]string{"not measured alike: " + strings.Join(g.baseline.differs, "; ")}, notes...)
		}
	}
	checks, surprises := gate.Waive(checks, run.Cells, g.waivers.list, g.waivers.today())
	for _, c := range checks {
		if c.Outcome == gate.Waived {
			add(c.Outcome.String(), []string{c.String()})
		}
	}
	add("waiver", surprises)
	add("baseline", notes)
	return checks, told
}

// tell writes lines under what has been said.
func tell(stderr io.Writer, lines []string) {
	for _, l := range lines {
		_, _ = fmt.Fprintf(stderr, "  %s\n", report.Clean(l))
	}
}
