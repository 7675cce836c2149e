package cost

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/intake"
	"benchrun/internal/launch"
	"benchrun/internal/observe"
)

// Order is what is to be measured, and where the table goes.
type Order struct {
	Names    []string // of sections; none = all
	Rivals   Rivals
	Versions string // of the rivals, in words
	Benchrun string // its version
	Write    string // the page that gets the table too; "" = none
}

// Run measures and prints the table to out. It calls note at every step.
func (o Order) Run(ctx context.Context, out io.Writer, note func(string)) (err error) {
	sections, err := Select(o.Names)
	if err != nil {
		return err
	}
	page, err := o.page() // before minutes are spent
	if err != nil {
		return err
	}
	host, err := observe.Host()
	if err != nil {
		return err
	}
	lab, done, err := o.lab(ctx, note)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	began := time.Now()
	rows, err := lab.Measure(ctx, sections)
	text := Markdown(rows)
	_, _ = io.WriteString(out, text) // a table that nobody reads is no reason to stop
	missed := 0
	for _, r := range rows {
		if r.Missed {
			missed++
		}
	}
	note(fmt.Sprintf("%d figures in %.0f s; goals missed: %d", len(rows), time.Since(began).Seconds(), missed))
	if err != nil || o.Write == "" {
		return err
	}
	when := o.machine(host, began)
	text += "\nM" + strings.TrimPrefix(when, "m") + "\n"
	if len(o.Names) > 0 {
		text = renewed(Table.Text(page), sections, rows, when)
	}
	if page, err = Table.Replace(page, text); err != nil {
		return err
	}
	return os.WriteFile(o.Write, page, 0o644) //nolint:gosec // a page of the documentation
}

// page reads the page that will be written, and checks that it has its markers.
func (o Order) page() ([]byte, error) {
	if o.Write == "" {
		return nil, nil
	}
	page, err := intake.ReadSmall("--write", o.Write)
	if err != nil {
		return nil, err
	}
	_, err = Table.Replace(page, "")
	return page, err
}

// lab makes a lab; the caller calls done at the end.
func (o Order) lab(ctx context.Context, note func(string)) (lab *Lab, done func() error, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, fmt.Errorf("own binary: %w", err)
	}
	caps, err := launch.FindLevel(ctx, nil)
	if err != nil {
		return nil, nil, err
	}
	dir, err := os.MkdirTemp("", "benchrun-cost-")
	if err != nil {
		return nil, nil, &bench.EnvironmentError{Problem: "no folder to measure in", Err: err, Hint: "set TMPDIR"}
	}
	return &Lab{Self: self, Rivals: o.Rivals, Dir: dir, Scale: Full, Caps: caps, Note: note},
		func() error { return os.RemoveAll(dir) }, nil
}

// machine says when and on what the figures were measured.
func (o Order) machine(host bench.Environment, at time.Time) string {
	return fmt.Sprintf("measured on %s by benchrun %s on %d × %s, Linux %s (%s), with a load of %.1f when it began; beside %s.",
		at.UTC().Format(time.DateOnly), o.Benchrun, host.CPUs, host.CPUModel, host.Kernel, host.OS, host.Load1, o.Versions)
}
