package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"benchrun/internal/bench"
	"benchrun/internal/calibrate"
	"benchrun/report"
	"benchrun/scenarios"
	"benchrun/targets"
)

// calibrationPage is where --write puts its page unless told otherwise.
const calibrationPage = "docs/calibration.md"

// calibrating are the flags of calibrate.
type calibrating struct {
	settings
	short bool
	page  string // "" = none is written
}

func newCalibrateCommand() *cobra.Command {
	var c calibrating
	cmd := &cobra.Command{
		Use:   "calibrate [FAMILY|SABOTAGE...]",
		Short: "check that benchrun reaches the known verdicts of planted flaws",
		Long: `calibrate tests benchrun itself. It runs each family twice on benchrun's own
reference server: the sound server must be held, and the one with the planted
flaw that the family should find must be failed. Then it sabotages the harness
(the generator is late, the control is dead, the faults are never sent), and the
verdict must be invalid with a reason that names the cause, whether the server
is sound or not.

Name families and sabotages to run only those. benchrun repeats a cell that is
unexpectedly invalid twice, as in any run. Results of a sabotaged harness have
the sabotage in their scenario's name and the flag "sabotaged".

--short runs all sabotages, and one family for each way to lose users:
` + shortReasons() + `
The exit code is 0 if all verdicts are as expected, 10 if one is wrong, and 5
if something could not be measured.`,
		Example: "  benchrun calibrate --short\n  benchrun calibrate wedge dead-control\n  benchrun calibrate --write\n" +
			"  benchrun calibrate --dry-run",
		Args:      cobra.ArbitraryArgs,
		ValidArgs: calibrate.Words(),
		RunE: func(cmd *cobra.Command, args []string) error {
			cases, err := c.cases(args)
			if err != nil {
				return err
			}
			if c.dryRun {
				return listCases(cmd.OutOrStdout(), cases, c.settings)
			}
			return c.run(cmd, cases, args)
		},
	}
	c.settings = settings{format: "table", progress: progressAuto, attempts: defaultAttempts, seed: defaultSeed, out: defaultOut}
	f := cmd.Flags()
	declare(f, "short", &c.short)
	declare(f, "attempts", &c.attempts)
	declare(f, "seed", &c.seed)
	declare(f, "out", &c.out)
	declare(f, "write", &c.page, "another file than "+calibrationPage+" is named with '=': --write=FILE")
	f.Lookup("write").NoOptDefVal = calibrationPage
	declare(f, "progress", &c.progress)
	declare(f, "dry-run", &c.dryRun)
	declare(f, "jobs", &c.jobs)
	declare(f, "port", &c.port)
	return cmd
}

// shortReasons says for --help why the short selection has what it has.
func shortReasons() string {
	var b strings.Builder
	for _, f := range scenarios.All() {
		if f.Short != "" {
			fmt.Fprintf(&b, "  %-12s %s\n", f.ID, f.Short)
		}
	}
	return b.String()
}

// cases are those asked for. The user's own server files have no part in them:
// one might take the place of the reference server.
func (c calibrating) cases(words []string) ([]calibrate.Case, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if c.short {
		if len(words) > 0 {
			return nil, &bench.UsageError{Problem: "calibrate: --short selects the cases itself", Hint: "leave it out, or " + strings.Join(words, ", ")}
		}
		words = calibrate.ShortWords()
	}
	reg, err := targets.Load(targets.LoadOptions{})
	if err != nil {
		return nil, err
	}
	return calibrate.Cases(reg, words)
}

// run carries the cases out; words are those that selected them.
func (c calibrating) run(cmd *cobra.Command, cases []calibrate.Case, words []string) error {
	if err := c.checkPage(); err != nil { // before minutes are spent
		return err
	}
	run, runErr := c.execute(cmd, calibrate.Cells(cases))
	if runErr != nil && len(run.Cells) == 0 {
		return runErr
	}
	result := report.Calibration{
		Run: run, Folder: filepath.Join(c.out, run.ID), Attempts: c.attempts, Repeat: c.repeat(words),
		Rows: calibrate.Compare(cases, run),
	}
	out := cmd.OutOrStdout()
	err := report.CalibrationTable(out, result, tableOptions(out, false))
	if runErr == nil && c.page != "" { // a page of half a calibration is none
		err = errors.Join(err, writePage(c.page, result))
	}
	verdict := calibrated(result)
	if (runErr != nil || err != nil) && !errors.Is(verdict, bench.ErrCheckFailed) { // what broke it says more than that cases are missing
		verdict = nil
	}
	return errors.Join(runErr, err, verdict)
}

// calibrated is nil where all is as expected. One wrong verdict outweighs all
// that could not be measured.
func calibrated(result report.Calibration) error {
	switch {
	case result.Count(report.WrongVerdict) > 0:
		return bench.ErrCheckFailed
	case result.Count(report.AsExpected) < len(result.Rows):
		return bench.ErrUnmeasured
	}
	return nil
}

// repeat is the command line that does the same again, on any machine.
func (c calibrating) repeat(words []string) string {
	if c.short {
		words = []string{"--short"}
	}
	return strings.Join(append(append([]string{"benchrun calibrate"}, words...),
		fmt.Sprintf("--attempts %d --seed %d", c.attempts, c.seed)), " ")
}

// checkPage finds out whether --write has a place to go to.
func (c calibrating) checkPage() error {
	if c.page == "" {
		return nil
	}
	folder := filepath.Dir(c.page)
	info, err := os.Stat(folder)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is not a folder", folder)
	}
	if err == nil {
		if info, serr := os.Stat(c.page); serr == nil && !info.Mode().IsRegular() {
			err = errors.New("is not a regular file")
		}
	}
	if err != nil {
		return &bench.EnvironmentError{Problem: "--write=" + c.page, Err: err, Hint: "name another file: --write=FILE"}
	}
	return nil
}

func writePage(path string, result report.Calibration) error {
	var b bytes.Buffer
	if err := report.CalibrationPage(&b, result); err != nil {
		return err
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil { //nolint:gosec // pages are for everybody
		return &bench.EnvironmentError{Problem: "--write " + path, Err: err}
	}
	return nil
}

// listCases prints what would be run.
func listCases(out io.Writer, cases []calibrate.Case, s settings) error {
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	for _, c := range cases {
		must := c.Expected.String()
		if c.Cause != "" {
			must += ": " + c.Cause
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\n", c.Cell.Scenario.Name(), c.Cell.Profile, must) // Flush tells
	}
	total, err := s.foresee(calibrate.Cells(cases), 1)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(w, "%d cases, seed %d: about %s, %s", len(cases), s.seed, total.Round(time.Second), s.jobsWords())
	if s.attempts > 1 {
		_, _ = fmt.Fprintf(w, ", counting %d attempts for a cell that is expected not to hold", s.attempts)
	}
	_, _ = fmt.Fprintln(w)
	if err := w.Flush(); err != nil {
		return fmt.Errorf("stdout: %w", err)
	}
	return nil
}
