package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"benchrun/internal/bench"
	"benchrun/internal/launch"
	"benchrun/internal/observe"
	"benchrun/internal/plan"
	"benchrun/internal/runner"
	"benchrun/report"
	"benchrun/results"
	"benchrun/targets"
)

// benchmark is the main job: resolve, run, print.
func benchmark(cmd *cobra.Command, s settings) error {
	if err := s.check(); err != nil {
		return err
	}
	reg, err := targets.Load(targets.DefaultLoadOptions(s.serverFiles))
	if err != nil {
		return err
	}
	cells, err := s.cells(reg)
	if err != nil {
		return err
	}
	rules, err := s.gate.rules(selectedCells(cells))
	if err != nil {
		return err
	}
	if s.dryRun {
		return dryRun(cmd.Context(), cmd.OutOrStdout(), cells, s)
	}
	if err := s.checkJSONFile(); err != nil { // before minutes are spent
		return err
	}
	run, runErr := s.execute(cmd, cells)
	if runErr != nil && len(run.Cells) == 0 { // nothing was measured
		return runErr
	}
	if err := s.print(cmd, run, filepath.Join(s.out, run.ID)); err != nil {
		return errors.Join(runErr, err)
	}
	if err := s.gate.decide(cmd.ErrOrStderr(), rules, run); err != nil {
		return errors.Join(runErr, err)
	}
	return runErr
}

// cells resolves the selection. Without any it is the demonstration; without
// servers the scenarios run on the demonstration's servers.
func (s settings) cells(reg *targets.Registry) ([]plan.Cell, error) {
	if len(s.servers)+len(s.profiles)+len(s.scenarios)+len(s.serverFiles) == 0 {
		return plan.DemoCells(reg)
	}
	sel := plan.Selection{Servers: s.servers, Profiles: s.profiles, Scenarios: s.scenarios}
	if len(sel.Servers) == 0 {
		if sel.Servers = s.ownServers(reg); len(sel.Servers) == 0 {
			sel.Servers = []string{"reference", "wsgiref"}
		}
	}
	return plan.Cells(reg, sel)
}

// ownServers are the servers of --server-file: giving the file selects it.
func (s settings) ownServers(reg *targets.Registry) []string {
	var out []string
	for _, name := range reg.Names() {
		if srv, err := reg.Lookup(name); err == nil && slices.Contains(s.serverFiles, srv.File) {
			out = append(out, name)
		}
	}
	return out
}

// openLab clears away what killed runs have left, sees to it that nothing of
// this one stays should it be killed, and finds out what this machine can do.
// The caller calls done at the end.
func openLab(ctx context.Context, port int, note func(string)) (lab *runner.Lab, done func(), err error) {
	swept, err := launch.Sweep()
	for _, line := range swept {
		note(line)
	}
	if err != nil {
		return nil, nil, err
	}
	janitor, err := launch.StartJanitor()
	if err != nil {
		return nil, nil, err
	}
	host, err := observe.Host()
	if err != nil {
		janitor.Close()
		return nil, nil, fmt.Errorf("this machine: %w", err)
	}
	if lab, err = runner.NewLab(ctx, host, benchrunVersion(), port); err != nil {
		janitor.Close()
		return nil, nil, err
	}
	return lab, janitor.Close, nil
}

// execute runs the cells. A run without an id means that nothing was begun.
func (s settings) execute(cmd *cobra.Command, cells []plan.Cell) (bench.Run, error) {
	ctx, stderr := cmd.Context(), cmd.ErrOrStderr()
	progress := report.NewProgress(stderr, isTerminal(stderr) && os.Getenv("TERM") != "dumb", width(stderr))
	lab, done, err := openLab(ctx, s.port, progress.Note)
	if err != nil {
		return bench.Run{}, err
	}
	defer done()
	run := bench.Run{
		Schema: bench.RunSchema, ID: results.NewRunID(), StartedAt: time.Now().UTC().Format(time.RFC3339),
		Benchrun: benchrunVersion(), Args: os.Args[1:], Mode: s.mode(), Seed: s.seed,
		Environment: lab.Environment, Cells: []bench.Cell{},
	}
	folder, err := results.Create(s.out, run)
	if err != nil {
		return bench.Run{}, err
	}
	progress.Note(fmt.Sprintf("supervision: %s; results: %s", lab.Describe(), folder.Path()))
	r := runner.Run{Lab: lab, Folder: folder, Progress: progress}
	return r.Do(ctx, run, runner.Order{
		Cells: cells, Mode: s.mode(), Seed: s.seed, Attempts: s.attempts, Reprobe: s.reprobe, Python: s.python,
	})
}

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
	if s.jsonFile == "-" {
		return report.JSON(out, run)
	}
	v := report.NewView(run)
	v.Folder = folder
	err := formats[s.format](out, run, v, report.TableOptions{
		Color: isTerminal(out) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb",
		Width: width(out), Verbose: s.verbose,
	})
	if s.jsonFile != "" { // after the table: that one is on its way already
		err = errors.Join(err, writeFile(s.jsonFile, func(w io.Writer) error { return report.JSON(w, run) }))
	}
	return err
}

// checkJSONFile finds out whether --json can be written.
func (s settings) checkJSONFile() error {
	if s.jsonFile == "" || s.jsonFile == "-" {
		return nil
	}
	f, err := os.OpenFile(s.jsonFile, os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return &bench.EnvironmentError{Problem: "--json " + s.jsonFile, Err: err}
	}
	return f.Close()
}

// writeFile writes what --json asks for.
func writeFile(path string, fill func(io.Writer) error) (err error) {
	f, err := os.Create(path) //nolint:gosec // the user names the file
	if err != nil {
		return &bench.EnvironmentError{Problem: "--json " + path, Err: err, Hint: "the run's folder has the same"}
	}
	defer func() {
		if cerr := f.Close(); cerr != nil && err == nil {
			err = cerr
		}
	}()
	return fill(f)
}

func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// width is the terminal's; something sensible where there is none.
func width(w any) int {
	const usual = 120
	f, ok := w.(*os.File)
	if !ok {
		return usual
	}
	n, _, err := term.GetSize(int(f.Fd()))
	if err != nil || n <= 0 {
		return usual
	}
	return n
}
