package campaign

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/judge"
	"benchrun/results"
)

// Earlier is a run that this one continues. Its folder is this process's.
type Earlier struct {
	Folder   *results.Folder
	Run      bench.Run
	Attempts []results.AttemptLine // those whose records can be read, in the order in which they were made
	Damaged  []string              // what cannot be read of the run, and why: it is measured again

	aside   []string // records that cannot be read
	release func()   // gives the claim on the folder back; it ends with the process too
}

// Resume claims and reads the run in a folder, which benchrun in this version is to
// go on with.
func Resume(ctx context.Context, path, version string) (*Earlier, error) {
	folder, err := results.OpenFolder(path)
	if err != nil {
		return nil, err
	}
	e := &Earlier{Folder: folder}
	if e.release, err = folder.Claim(); err != nil { // first: another benchrun may be about to write what is read here
		return nil, err
	}
	if err := e.takeIn(ctx, version); err != nil {
		e.release()
		return nil, err
	}
	return e, nil
}

// Release gives the folder back. If a run was opened on it, call the run's
// release instead.
func (e *Earlier) Release() { e.release() }

// NothingToDo says that every cell is measured, and nothing damaged.
func (e *Earlier) NothingToDo() bool { return e.finished() && len(e.Damaged) == 0 }

// takeIn reads the run, if it is one that this benchrun can go on with.
func (e *Earlier) takeIn(ctx context.Context, version string) (err error) {
	if e.Run, err = e.Folder.Run(ctx); err != nil {
		return err
	}
	if e.Run.Asked == nil {
		return &bench.UsageError{
			Problem: e.Folder.Join(results.RunFile) + " does not say what the run selected, so it cannot be resumed",
			Hint:    "only runs of benchrun itself can be resumed, not duels, calibrations or merged runs",
		}
	}
	if e.Run.Benchrun != version {
		return otherThan("benchrun", e.Run.Benchrun, version)
	}
	return e.read(ctx)
}

// read finds the attempts that were made and can be believed. What is damaged is
// as if it had never been measured.
func (e *Earlier) read(ctx context.Context) error {
	lines, _, damaged, err := e.Folder.ReadAttempts(ctx)
	if err != nil {
		return err
	}
	for _, d := range damaged {
		e.Damaged = append(e.Damaged, d.Text)
	}
	listed := len(lines)
	if len(damaged) > 0 {
		lines = append(lines, e.unlisted(lines)...)
	}
	for i, l := range lines {
		rec, err := e.Folder.ReadRecord(ctx, l.Attempt().Record)
		var usage *bench.UsageError
		switch {
		case err == nil:
			if i >= listed {
				l = results.NewAttemptLine(l.Cell, l.Attempt(), judge.Judge(rec))
			}
			e.Attempts = append(e.Attempts, l)
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.As(err, &usage):
			e.Damaged, e.aside = append(e.Damaged, err.Error()), append(e.aside, l.Attempt().Record)
		default: // a machine that cannot read it is not damage
			return err
		}
	}
	slices.SortStableFunc(e.Attempts, func(a, b results.AttemptLine) int { return cmp.Compare(a.Attempt().Attempt, b.Attempt().Attempt) })
	return nil
}

// unlisted are attempts whose line is damaged, as far as run.json has them.
func (e *Earlier) unlisted(lines []results.AttemptLine) []results.AttemptLine {
	listed := map[string]bool{}
	for _, l := range lines {
		listed[l.Attempt().Record] = true
	}
	var out []results.AttemptLine
	for _, c := range e.Run.Cells {
		for _, a := range c.Attempts {
			if a.Record != "" && !listed[a.Record] {
				out = append(out, results.NewAttemptLine(c, a, bench.Judgement{}))
			}
		}
	}
	return out
}

// Repair takes what is damaged out of the run's way. It is called once it is
// certain that the run goes on.
func (e *Earlier) Repair(ctx context.Context) error {
	if len(e.Damaged) == 0 {
		return nil
	}
	return e.Folder.SetAside(ctx, e.aside, e.Attempts)
}

// otherThan refuses to go on with something else than the run began with.
func otherThan(what, was, is string) error {
	return &bench.UsageError{
		Problem: fmt.Sprintf("the run started with %s %s, but this is %s", what, was, is),
		Hint:    "one run never mixes both: start a new one",
	}
}

// finished says that nothing is left to do: the run came to its end by itself,
// and each cell that it was asked for is either unsupported or concluded by the
// attempts that were made.
func (e *Earlier) finished() bool {
	if e.Run.Interrupted || e.Run.FinishedAt == "" || len(e.Run.Cells) != len(e.Run.Asked.Cells) {
		return false
	}
	judged, attempts := map[string][]bench.Judgement{}, map[string][]bench.Attempt{}
	for _, l := range e.Attempts {
		judged[l.ID], attempts[l.ID] = append(judged[l.ID], l.Judgement()), append(attempts[l.ID], l.Attempt())
	}
	return !slices.ContainsFunc(e.Run.Cells, func(c bench.Cell) bool {
		id := results.CellID(c)
		again, _ := judge.Next(judged[id], e.Run.Asked.Attempts, judge.MostInvalid(attempts[id]))
		return again && c.Verdict != bench.Unsupported
	})
}

// Resumable says that --resume may do what a run, as Do has returned it, has not
// done: it was interrupted, or something of it was measured, and something is
// left. A usage error stays one, and if nothing was measured there is nothing to
// continue. broke is what kept the run from its end; nil = nothing did.
func Resumable(ctx context.Context, folder *results.Folder, run bench.Run, broke error) bool {
	return mendable(ctx, run, broke) && unfinished(context.WithoutCancel(ctx), folder, run)
}

func mendable(ctx context.Context, run bench.Run, broke error) bool {
	var usage *bench.UsageError
	return !errors.As(broke, &usage) && (len(run.Cells) > 0 || ctx.Err() != nil)
}

// unfinished says that a run ended before all of it was measured, and can be
// continued.
func unfinished(ctx context.Context, folder *results.Folder, run bench.Run) bool {
	attempts, _, _, err := folder.ReadAttempts(ctx)
	return err == nil && run.Asked != nil && !(&Earlier{Folder: folder, Run: run, Attempts: attempts}).finished()
}

// goOn is the run as it goes on from now in env. Where it would not be measured
// as before that is a bench.UsageError; which Python it is shows later.
func (e *Earlier) goOn(env bench.Environment) (bench.Run, error) {
	run := e.Run
	was, is := bench.Origin{Environment: run.Environment}, bench.Origin{Environment: env}
	for _, d := range bench.Differences(was, is) {
		return run, otherThan(d.What, d.Values[0].Value, d.Values[1].Value)
	}
	run.Resumed = append(slices.Clone(run.Resumed), time.Now().UTC().Format(time.RFC3339))
	run.Interrupted, run.FinishedAt = false, ""
	return run, nil
}
