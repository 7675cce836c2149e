package report

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"syscall"

	"benchrun/internal/bench"
	"benchrun/internal/console"
)

// Outlets are where a run or a duel is reported: stdout, files that flags name, and CI.
type Outlets struct {
	Stdout, Stderr io.Writer
	Format         string // of a run on stdout; one of Formats
	Verbose        bool
	JSON           string // file of --json; "-" = stdout carries it alone; "" = none
	JUnit          string // file of --junit; "" = none
}

// Formats lists the ways to print a run.
var Formats = []string{"table", "markdown", "matrix", "json", "csv"}

// printRun prints a run in the format asked for.
func (o Outlets) printRun(run bench.Run, v View) error {
	switch o.Format {
	case "json": // data, which nobody may change, like CSV
		return JSON(console.Data(o.Stdout), run)
	case "csv":
		return CSV(console.Data(o.Stdout), v)
	case "markdown":
		return Markdown(o.Stdout, v)
	case "matrix":
		return Matrix(o.Stdout, v)
	default:
		return Table(o.Stdout, v, OptionsFor(o.Stdout, o.Verbose))
	}
}

// OptionsFor suit the place that a table goes to.
func OptionsFor(out io.Writer, verbose bool) TableOptions {
	columns, _ := console.Size(out)
	return TableOptions{Color: console.Colours(out), Width: columns, Verbose: verbose}
}

// Prepare finds out whether the files can be written. Until the run has come to
// its end the JUnit file says that it has not, and the JSON file is empty: files
// of an earlier run must not pass for this one's.
func (o Outlets) Prepare() error {
	if o.JUnit == "-" {
		return bench.Usagef("--junit - is not a file: stdout carries the results; write /dev/stdout if you mean it")
	}
	if o.JUnit != "" {
		unfinished := []bench.Finding{{Cell: bench.WholeRun, By: "run", Text: "the run has not finished yet"}}
		if err := WriteFile("--junit", o.JUnit, func(w io.Writer) error { return JUnit(w, bench.Run{}, unfinished) }); err != nil {
			return err
		}
	}
	if o.JSON == "" || o.JSON == "-" {
		return nil
	}
	f, err := os.OpenFile(o.JSON, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return &bench.EnvironmentError{Problem: "--json " + o.JSON, Err: err}
	}
	return f.Close()
}

// Print prints a run, and writes it as JSON. folder is where it lies.
func (o Outlets) Print(run bench.Run, folder string) error {
	return o.print(func() error { return o.printRun(run, viewIn(run, folder)) }, func(w io.Writer) error { return JSON(w, run) })
}

// TellCI tells CI what a run came to. broke is what kept it from coming to its end;
// nil = it did.
func (o Outlets) TellCI(run bench.Run, folder string, findings []bench.Finding, notes []string, broke error) error {
	if broke != nil {
		findings = append(findings, bench.Finding{Cell: bench.WholeRun, By: "run", Text: "the run did not finish: " + broke.Error()})
	}
	return o.ci(ciForms{
		junit:    func(w io.Writer) error { return JUnit(w, run, findings) },
		annotate: func(w io.Writer) error { return Annotations(w, run, findings, notes) },
		summary: func(w io.Writer, room int) error {
			return StepSummary(w, viewIn(run, folder), findings, notes, room)
		},
	})
}

func viewIn(run bench.Run, folder string) View {
	v := NewView(run)
	v.Folder = folder
	return v
}

// Duel tells what a duel came to: prints it, and tells CI.
func (o Outlets) Duel(run bench.Run, d bench.Duel, folder string, broke error) error {
	v := NewDuelView(run, d)
	if broke != nil {
		v.Broke = broke.Error()
	}
	table := func() error {
		columns, _ := console.Size(o.Stdout)
		if err := Duel(o.Stdout, v, columns); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(o.Stdout, "\nresults  %s\n", folder); err != nil {
			return fmt.Errorf("stdout: %w", err)
		}
		return nil
	}
	return errors.Join(
		o.print(table, d.Encode),
		o.ci(ciForms{
			junit:    func(w io.Writer) error { return DuelJUnit(w, v) },
			annotate: func(w io.Writer) error { return DuelAnnotations(w, v) },
			summary:  func(w io.Writer, room int) error { return DuelSummary(w, v, room) },
		}),
	)
}

// print carries out --json beside what is printed for people.
func (o Outlets) print(people func() error, json func(io.Writer) error) error {
	switch o.JSON {
	case "-":
		return json(console.Data(o.Stdout))
	case "":
		return people()
	}
	err := people() // goes first: it is on its way already
	return errors.Join(err, WriteFile("--json", o.JSON, json))
}

// ciForms write what CI reads.
type ciForms struct {
	junit, annotate func(io.Writer) error
	summary         func(w io.Writer, room int) error
}

// ci writes the JUnit file and, where GitHub's runner reads, annotations to stderr,
// which it reads like stdout, so that stdout carries results alone; and the step's
// summary.
func (o Outlets) ci(forms ciForms) (err error) {
	if o.JUnit != "" {
		err = WriteFile("--junit", o.JUnit, forms.junit)
	}
	if OnGitHub() {
		gerr := forms.annotate(console.Data(o.Stderr))
		if gerr == nil {
			gerr = addSummary(forms.summary)
		}
		if gerr != nil { // no reason to fail a run
			_, _ = fmt.Fprintln(o.Stderr, "benchrun: no annotations or summary for GitHub:", gerr)
		}
	}
	return err
}

// OnGitHub says that GitHub Actions reads what this process writes.
func OnGitHub() bool { return os.Getenv("GITHUB_ACTIONS") == "true" }

// addSummary appends to the step's summary, if there is one. What the step has
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
	return write(f, MostSummaryBytes-int(info.Size()))
}

// WriteFile writes the file that a flag names.
func WriteFile(flag, path string, write func(io.Writer) error) error {
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

// Check finds out whether the formats exist. progress is a way to show progress; "" = none.
func (o Outlets) Check(progress string) error {
	if progress != "" && !slices.Contains(ProgressNames, progress) {
		return &bench.UsageError{Problem: fmt.Sprintf("unknown --progress %q", progress), Hint: bench.DidYouMean(progress, ProgressNames)}
	}
	if !slices.Contains(Formats, o.Format) {
		return &bench.UsageError{Problem: fmt.Sprintf("unknown --format %q", o.Format), Hint: bench.DidYouMean(o.Format, Formats)}
	}
	return nil
}
