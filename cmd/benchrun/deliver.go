package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"github.com/spf13/cobra"

	"benchrun/internal/bench"
	"benchrun/internal/console"
	"benchrun/internal/gate"
	"benchrun/report"
)

var formatNames = []string{"table", "markdown", "matrix", "json", "csv"}

// formats are the ways to print a run on stdout.
var formats = map[string]func(w io.Writer, run bench.Run, v report.View, opts report.TableOptions) error{
	"table": func(w io.Writer, _ bench.Run, v report.View, opts report.TableOptions) error {
		return report.Table(w, v, opts)
	},
	"markdown": func(w io.Writer, _ bench.Run, v report.View, _ report.TableOptions) error {
		return report.Markdown(w, v)
	},
	"matrix": func(w io.Writer, _ bench.Run, v report.View, _ report.TableOptions) error {
		return report.Matrix(w, v)
	},
	"json": func(w io.Writer, run bench.Run, _ report.View, _ report.TableOptions) error {
		return report.JSON(w, run)
	},
	"csv": func(w io.Writer, _ bench.Run, v report.View, _ report.TableOptions) error {
		return report.CSV(w, v)
	},
}

// print writes the run in the format asked for to stdout, and as JSON to
// --json. With --json - stdout carries the JSON alone.
func (s settings) print(cmd *cobra.Command, run bench.Run, folder string) error {
	out := cmd.OutOrStdout()
	if s.jsonFile == "-" || s.format == "json" || s.format == "csv" { // data, which nobody may change
		out = console.Data(out)
	}
	if s.jsonFile == "-" {
		return report.JSON(out, run)
	}
	v := report.NewView(run)
	v.Folder = folder
	err := formats[s.format](out, run, v, tableOptions(out, s.verbose))
	if s.jsonFile != "" { // after the table: that one is on its way already
		err = errors.Join(err, writeFile("--json", s.jsonFile, func(w io.Writer) error { return report.JSON(w, run) }))
	}
	return err
}

// deliver tells everybody what a run came to: the reader of stdout, the files
// asked for, and CI. The verdict is the error that stands for the exit code; err
// says that something could not be written. broke is what kept the run from
// coming to its end; nil = it did.
func (s settings) deliver(cmd *cobra.Command, run bench.Run, folder string, g gate.Gate, broke error) (verdict, err error) {
	err = s.print(cmd, run, folder)
	decided := g.Decide(run)
	if decided.Tally != "" {
		_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "gate: %s\n", decided.Tally)
	}
	tell(cmd.ErrOrStderr(), decided.Lines(run))
	findings := decided.Findings
	if broke != nil {
		findings = append(findings, bench.Finding{Cell: bench.WholeRun, By: "run", Text: "the run did not finish: " + broke.Error()})
	}
	if s.junitFile != "" {
		err = errors.Join(err, writeFile("--junit", s.junitFile, func(w io.Writer) error { return report.JUnit(w, run, findings) }))
	}
	if onGitHub() {
		v := report.NewView(run)
		v.Folder = folder
		if gerr := tellGitHub(cmd.ErrOrStderr(), run, v, findings, decided.Notes); gerr != nil { // no reason to fail a run
			_, _ = fmt.Fprintln(cmd.ErrOrStderr(), "benchrun: no annotations or summary for GitHub:", gerr)
		}
	}
	return decided.Err(), err
}

// tellGitHub writes annotations to stderr, which GitHub's runner reads like
// stdout, so that stdout carries results alone; and the summary to the file
// that GITHUB_STEP_SUMMARY names.
func tellGitHub(stderr io.Writer, run bench.Run, v report.View, findings []bench.Finding, notes []string) (err error) {
	if err := report.Annotations(console.Data(stderr), run, findings, notes); err != nil {
		return err
	}
	return addSummary(func(w io.Writer, room int) error { return report.StepSummary(w, v, findings, notes, room) })
}

// addSummary adds to the step's summary, where there is one. What the step has
// written there before counts against the room.
func addSummary(write func(w io.Writer, room int) error) (err error) {
	path := os.Getenv("GITHUB_STEP_SUMMARY")
	if path == "" {
		return nil
	}
	// Without waiting for a reader, should it be a pipe.
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE|syscall.O_NONBLOCK, 0o644) //nolint:gosec // GitHub names the file
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return write(f, report.MostSummaryBytes-int(info.Size()))
}

// deliverStored delivers a run that was measured before: that an invalid cell
// is in it is no news, and without a rule no reason to fail. Rules that half of
// a run keeps have not been kept.
func (s settings) deliverStored(cmd *cobra.Command, run bench.Run, folder string, g gate.Gate, broke error) error {
	verdict, err := s.deliver(cmd, run, folder, g, broke)
	if !g.Asks() && !g.Strict() { // to judge again is no measuring
		return err
	}
	if broke != nil && verdict == nil {
		verdict = bench.ErrUnmeasured
	}
	return errors.Join(err, verdict)
}

// prepareFiles finds out whether the files asked for can be written. Until the
// run has come to its end the JUnit file says that it has not, and the JSON file
// is empty: files of an earlier run must not pass for this one's.
func (s settings) prepareFiles() error {
	if s.junitFile == "-" {
		return bench.Usagef("--junit - is not a file: stdout carries the results; write /dev/stdout if you mean it")
	}
	if s.junitFile != "" {
		unfinished := []bench.Finding{{Cell: bench.WholeRun, By: "run", Text: "the run has not finished yet"}}
		if err := writeFile("--junit", s.junitFile, func(w io.Writer) error { return report.JUnit(w, bench.Run{}, unfinished) }); err != nil {
			return err
		}
	}
	if s.jsonFile == "" || s.jsonFile == "-" {
		return nil
	}
	f, err := os.OpenFile(s.jsonFile, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return &bench.EnvironmentError{Problem: "--json " + s.jsonFile, Err: err}
	}
	return f.Close()
}

// writeFile writes the file that a flag names.
func writeFile(flag, path string, write func(io.Writer) error) error {
	problem := func(err error) error {
		return &bench.EnvironmentError{Problem: fmt.Sprintf("%s %s", flag, path), Err: err, Hint: "what was measured is in the run's folder"}
	}
	f, err := os.Create(path) //nolint:gosec // the user names the file
	if err != nil {
		return problem(err)
	}
	if err := errors.Join(write(f), f.Close()); err != nil {
		return problem(err)
	}
	return nil
}
