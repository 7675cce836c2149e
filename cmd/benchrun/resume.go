package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/pflag"

	"benchrun/internal/bench"
	"benchrun/internal/judge"
	"benchrun/internal/plan"
	"benchrun/results"
)

// earlier is a run that is gone on with.
type earlier struct {
	folder   *results.Folder
	release  func() // gives the claim on the folder back; it ends with the process too
	run      bench.Run
	attempts []results.AttemptLine // those whose records can be read
	damaged  []string              // what cannot be read of the run, and why: it is measured again
	aside    []string              // records that cannot be read
}

// settledFlags say what a run is, which --resume takes from the run itself.
var settledFlags = []string{
	"server", "profile", "scenario", "server-file", "quick", "full", "attempts", "ci", "release", "seed", "out", "python", "reprobe", "dry-run",
}

// takeUp claims and reads the run that --resume names and sets what it was asked
// for. Without --resume it does nothing.
func (s *settings) takeUp(ctx context.Context, flags *pflag.FlagSet) error {
	if !flags.Changed("resume") {
		return nil
	}
	for _, name := range settledFlags {
		if flags.Changed(name) {
			return &bench.UsageError{
				Problem: fmt.Sprintf("--resume and --%s exclude each other", name),
				Hint:    "a run that is resumed stays what it was; leave the flag out, or begin a new run",
			}
		}
	}
	folder, err := results.OpenFolder(s.resume)
	if err != nil {
		return err
	}
	e := &earlier{folder: folder}
	if e.release, err = folder.Claim(); err != nil { // first: another benchrun may be about to write what is read here
		return err
	}
	s.earlier = e
	if e.run, err = folder.Run(ctx); err != nil {
		return err
	}
	if e.run.Asked == nil {
		return &bench.UsageError{
			Problem: folder.Join(results.RunFile) + " does not say what was asked for: it cannot be resumed",
			Hint:    "that can be gone on with which benchrun itself began with --server and --scenario, or without any",
		}
	}
	if is := benchrunVersion(); e.run.Benchrun != is {
		return otherThan("benchrun", e.run.Benchrun, is)
	}
	if err := e.read(ctx); err != nil {
		return err
	}
	s.quick, s.full = false, e.run.Mode == bench.ModeFull
	s.seed, s.attempts = e.run.Seed, e.run.Asked.Attempts
	s.python, s.serverFiles = e.run.Asked.Python, e.run.Asked.ServerFiles
	return nil
}

// read finds the attempts that were made and can be believed. What is damaged is
// as if it had never been measured.
func (e *earlier) read(ctx context.Context) error {
	lines, _, damaged, err := e.folder.ReadAttempts(ctx)
	if err != nil {
		return err
	}
	for _, d := range damaged {
		e.damaged = append(e.damaged, d.Text)
	}
	listed := len(lines)
	if len(damaged) > 0 {
		lines = append(lines, e.unlisted(lines)...)
	}
	for i, l := range lines {
		rec, err := e.folder.ReadRecord(ctx, l.Attempt().Record)
		var usage *bench.UsageError
		switch {
		case err == nil:
			if i >= listed {
				l = results.NewAttemptLine(l.Cell, l.Attempt(), judge.Judge(rec))
			}
			e.attempts = append(e.attempts, l)
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.As(err, &usage):
			e.damaged, e.aside = append(e.damaged, err.Error()), append(e.aside, l.Attempt().Record)
		default: // the machine's trouble is no damage
			return err
		}
	}
	slices.SortStableFunc(e.attempts, func(a, b results.AttemptLine) int { return cmp.Compare(a.Attempt().Attempt, b.Attempt().Attempt) })
	return nil
}

// unlisted are attempts whose line is damaged, as far as run.json has them.
func (e *earlier) unlisted(lines []results.AttemptLine) []results.AttemptLine {
	listed := map[string]bool{}
	for _, l := range lines {
		listed[l.Attempt().Record] = true
	}
	var out []results.AttemptLine
	for _, c := range e.run.Cells {
		for _, a := range c.Attempts {
			if a.Record != "" && !listed[a.Record] {
				out = append(out, results.NewAttemptLine(c, a, bench.Judgement{}))
			}
		}
	}
	return out
}

// repair takes what is damaged out of the run's way. It is called once it is
// certain that the run goes on.
func (e *earlier) repair(ctx context.Context) error {
	if e == nil || len(e.damaged) == 0 {
		return nil
	}
	return e.folder.SetAside(ctx, e.aside, e.attempts)
}

// otherThan refuses to go on with something else than the run began with.
func otherThan(what, was, is string) error {
	return &bench.UsageError{
		Problem: fmt.Sprintf("the run was begun with %s %s, and this is %s", what, was, is),
		Hint:    "figures of both never stand in one run: begin a new one",
	}
}

// attemptsMade are the attempts of the earlier run, in the order in which they
// were made.
func (s settings) attemptsMade() []results.AttemptLine {
	if s.earlier == nil {
		return nil
	}
	return s.earlier.attempts
}

// finished says that nothing is left to do: the run came to its end by itself,
// and each cell that it was asked for is either unsupported or concluded by the
// attempts that were made.
func (e *earlier) finished() bool {
	if e.run.Interrupted || e.run.FinishedAt == "" || len(e.run.Cells) != len(e.run.Asked.Cells) {
		return false
	}
	judged := map[string][]bench.Judgement{}
	for _, l := range e.attempts {
		judged[l.ID] = append(judged[l.ID], l.Judgement())
	}
	return !slices.ContainsFunc(e.run.Cells, func(c bench.Cell) bool {
		again, _ := judge.Next(judged[results.CellID(c)], e.run.Asked.Attempts, judge.MaxInvalid)
		return again && c.Verdict != bench.Unsupported
	})
}

// mendable says that --resume may do what a run has not done: it was interrupted,
// or something of it was measured. What was asked for wrongly stays wrong, and
// where nothing was measured there is nothing to go on from.
func mendable(ctx context.Context, run bench.Run, broke error) bool {
	var usage *bench.UsageError
	return !errors.As(broke, &usage) && (len(run.Cells) > 0 || ctx.Err() != nil)
}

// unfinished says that a run ended before all of it was measured, and can be
// gone on with.
func unfinished(ctx context.Context, folder *results.Folder, run bench.Run) bool {
	attempts, _, _, err := folder.ReadAttempts(ctx)
	return err == nil && run.Asked != nil && !(&earlier{folder: folder, run: run, attempts: attempts}).finished()
}

// goOn is the run as it goes on from now in env. Where it would not be measured
// as before that is a bench.UsageError; which Python it is shows later.
func (e *earlier) goOn(env bench.Environment) (bench.Run, error) {
	run := e.run
	was, is := bench.Origin{Environment: run.Environment}, bench.Origin{Environment: env}
	for _, d := range bench.Differences(was, is) {
		return run, otherThan(d.What, d.Values[0].Value, d.Values[1].Value)
	}
	run.Resumed = append(slices.Clone(run.Resumed), time.Now().UTC().Format(time.RFC3339))
	run.Interrupted, run.FinishedAt = false, ""
	return run, nil
}

// asking writes down what --resume needs to know.
func (s settings) asking(cells []plan.Cell) (*bench.Asked, error) {
	out := &bench.Asked{Attempts: s.attempts, Python: s.python}
	for _, f := range s.serverFiles {
		abs, err := filepath.Abs(f)
		if err != nil {
			return nil, fmt.Errorf("--server-file %s: %w", f, err)
		}
		out.ServerFiles = append(out.ServerFiles, abs)
	}
	var err error
	out.Servers, out.Cells, err = plan.Asked(cells)
	return out, err
}
