package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"benchrun/internal/bench"
	"benchrun/internal/cost"
	"benchrun/internal/intake"
	"benchrun/internal/launch"
	"benchrun/internal/observe"
)

// costSettings are the flags of the hidden command that scripts/cost runs.
type costSettings struct {
	rivals   cost.Rivals
	versions string
	write    string
}

// newCostCommand is for scripts/cost: it measures what benchrun itself costs.
func newCostCommand() *cobra.Command {
	var s costSettings
	var names strings.Builder
	for _, section := range cost.Sections() {
		fmt.Fprintf(&names, "\n  %-9s %s", section.Name, section.What)
	}
	cmd := &cobra.Command{
		Use:    "cost [NAME...]",
		Short:  "measure what benchrun itself costs",
		Long:   "cost measures what benchrun itself costs, all of it or by name:\n" + names.String(),
		Hidden: true,
		Args:   cobra.ArbitraryArgs,
		RunE:   func(cmd *cobra.Command, args []string) error { return measureCost(cmd, s, args) },
	}
	declare(cmd.Flags(), "vegeta", &s.rivals.Vegeta)
	declare(cmd.Flags(), "wrk", &s.rivals.Wrk)
	declare(cmd.Flags(), "slowhttptest", &s.rivals.SlowHTTPTest)
	declare(cmd.Flags(), "versions", &s.versions)
	declare(cmd.Flags(), "write", &s.write)
	return cmd
}

func measureCost(cmd *cobra.Command, s costSettings, names []string) (err error) {
	if s.write != "" && len(names) > 0 {
		return bench.Usagef("--write wants the whole table: leave the names out")
	}
	sections, err := cost.Select(names)
	if err != nil {
		return err
	}
	page, err := s.page() // before minutes are spent
	if err != nil {
		return err
	}
	host, err := observe.Host()
	if err != nil {
		return err
	}
	lab, done, err := newCostLab(cmd, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	began := time.Now()
	rows, err := lab.Measure(cmd.Context(), sections)
	text := cost.Markdown(rows)
	_, _ = fmt.Fprint(cmd.OutOrStdout(), text)
	missed := 0
	for _, r := range rows {
		if r.Missed {
			missed++
		}
	}
	lab.Note(fmt.Sprintf("%d figures in %.0f s; goals missed: %d", len(rows), time.Since(began).Seconds(), missed))
	if err != nil || s.write == "" {
		return err
	}
	text += "\n" + machine(host, s.versions, began) + "\n"
	if page, err = cost.Table.Replace(page, text); err != nil {
		return err
	}
	return os.WriteFile(s.write, page, 0o644) //nolint:gosec // a page of the documentation
}

// page reads the page that will be written, and checks that it has its markers.
func (s costSettings) page() ([]byte, error) {
	if s.write == "" {
		return nil, nil
	}
	page, err := intake.ReadSmall("--write", s.write)
	if err != nil {
		return nil, err
	}
	_, err = cost.Table.Replace(page, "")
	return page, err
}

// newCostLab makes a lab; the caller calls done at the end.
func newCostLab(cmd *cobra.Command, s costSettings) (lab *cost.Lab, done func() error, err error) {
	patiently(cmd.Context())
	self, err := os.Executable()
	if err != nil {
		return nil, nil, fmt.Errorf("own binary: %w", err)
	}
	caps, err := launch.FindLevel(cmd.Context(), nil)
	if err != nil {
		return nil, nil, err
	}
	dir, err := os.MkdirTemp("", "benchrun-cost-")
	if err != nil {
		return nil, nil, &bench.EnvironmentError{Problem: "no folder to measure in", Err: err, Hint: "set TMPDIR"}
	}
	return &cost.Lab{
		Self: self, Rivals: s.rivals, Dir: dir, Scale: cost.Full, Caps: caps,
		Note: func(text string) { _, _ = fmt.Fprintln(cmd.ErrOrStderr(), text) },
	}, func() error { return os.RemoveAll(dir) }, nil
}

// machine says when and on what the figures were measured.
func machine(host bench.Environment, versions string, at time.Time) string {
	return fmt.Sprintf("Measured on %s by benchrun %s on %d × %s, Linux %s (%s), with a load of %.1f when it began; beside %s.",
		at.UTC().Format(time.DateOnly), benchrunVersion(), host.CPUs, host.CPUModel, host.Kernel, host.OS, host.Load1, versions)
}
