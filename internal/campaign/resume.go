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

// Earlier is a run that this one continues. Its folder belongs to this process.
type Earlier struct {
	Folder   *results.Folder
	Run      bench.Run
	Attempts []results.AttemptLine // those with readable records, in the order in which they were made
	Damaged  []string              // what cannot be read, and why; it will be measured again

	aside   []string         // records that cannot be read, which Repair moves aside
	records map[string]taken // by path: what read found in them, until the run takes it up
	release func()           // gives up the claim on the folder, as the end of the process does
}

// Resume claims and reads the run in a folder, so that benchrun in this version can
// continue it.
func Resume(ctx context.Context, path, version string) (*Earlier, error) {
	folder, err := results.OpenFolder(path)
	if err != nil {
		return nil, err
	}
	e := &Earlier{Folder: folder}
	if e.release, err = folder.Claim(); err != nil { // first, because another benchrun may still be writing the run
		return nil, err
	}
	if err := e.takeIn(ctx, version); err != nil {
		e.release()
		return nil, err
	}
	return e, nil
}

// Release gives up the folder. If a run was opened on it, call the run's release
// instead.
func (e *Earlier) Release() { e.release() }

// NothingToDo says that every cell is measured and nothing is damaged.
func (e *Earlier) NothingToDo() bool { return e.finished() && len(e.Damaged) == 0 }

// takeIn reads the run, if this benchrun can continue it.
func (e *Earlier) takeIn(ctx context.Context, version string) (err error) {
	if e.Run, err = e.Folder.Run(ctx); err != nil {
		return err
	}
	if e.Run.Asked == nil {
		return &bench.UsageError{
			Problem: e.Folder.Join(results.RunFile) + " does not say what the run selected, so it cannot be resumed",
			Hint:    "only runs of benchrun itself and ladders can be resumed, not duels, calibrations or merged runs",
		}
	}
	if e.Run.Benchrun != version {
		return otherThan("benchrun", e.Run.Benchrun, version)
	}
	return e.read(ctx)
}

// read finds the attempts with intact records. A damaged attempt counts as if it
// had never been made.
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
			t := taking(rec)
			if i >= listed {
				l = results.NewAttemptLine(l.Cell, l.Attempt(), t.judged)
			}
			if e.records == nil {
				e.records = map[string]taken{}
			}
			e.records[l.Attempt().Record] = t
			e.Attempts = append(e.Attempts, l)
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.As(err, &usage):
			e.Damaged, e.aside = append(e.Damaged, err.Error()), append(e.aside, l.Attempt().Record)
		default: // the machine could not read it, so it is not damaged
			return err
		}
	}
	slices.SortStableFunc(e.Attempts, func(a, b results.AttemptLine) int { return cmp.Compare(a.Attempt().Attempt, b.Attempt().Attempt) })
	return nil
}

// taken is what a resumed run needs of a record. Records are large, and unpacking them
// takes time: each is read once, and not held.
type taken struct {
	judged   bench.Judgement
	timeline bench.Timeline
	rest     *bench.Record // without samples and receipts, which are nearly all of it
}

func taking(rec *bench.Record) taken {
	t := taken{judged: judge.Judge(rec), timeline: judge.Timeline(rec)}
	rest := *rec
	rest.Samples, rest.Receipts = nil, nil
	t.rest = &rest
	return t
}

// take hands out what read found in a record, once. It reads the record if that was not
// done.
func (e *Earlier) take(ctx context.Context, folder *results.Folder, record string) (taken, error) {
	if t, ok := e.records[record]; ok {
		delete(e.records, record)
		return t, nil
	}
	rec, err := folder.ReadRecord(ctx, record)
	if err != nil {
		return taken{}, err
	}
	return taking(rec), nil
}

// unlisted returns the attempts whose line is damaged but that run.json has.
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

// Repair moves damaged files aside. It is to be called once it is certain that the
// run continues.
func (e *Earlier) Repair(ctx context.Context) error {
	if len(e.Damaged) == 0 {
		return nil
	}
	return e.Folder.SetAside(ctx, e.aside, e.Attempts)
}

// otherThan returns an error if the run would continue with something else than it
// began with.
func otherThan(what, was, is string) error {
	return &bench.UsageError{
		Problem: fmt.Sprintf("the run started with %s %s, but this is %s", what, was, is),
		Hint:    "one run never mixes both: start a new one",
	}
}

// finished says that nothing is left to do: the run ended by itself, and each of its
// cells is unsupported or concluded by its attempts.
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
		return c.Verdict != bench.Unsupported && judge.Wanted(attempts[id], judged[id], e.Run.Asked.Attempts)
	})
}

// Resumable says whether --resume can do what a run, as Do returned it, has not
// done: the run was interrupted or has measured something, and something is left.
// After a usage error it is false, and also if nothing was measured. broke is what
// ended the run early; nil = nothing did.
func Resumable(ctx context.Context, folder *results.Folder, run bench.Run, broke error) bool {
	return mendable(ctx, run, broke) && unfinished(context.WithoutCancel(ctx), folder, run)
}

func mendable(ctx context.Context, run bench.Run, broke error) bool {
	var usage *bench.UsageError
	return !errors.As(broke, &usage) && (len(run.Cells) > 0 || ctx.Err() != nil)
}

// unfinished says that a run ended before everything was measured, and can be
// continued.
func unfinished(ctx context.Context, folder *results.Folder, run bench.Run) bool {
	attempts, _, _, err := folder.ReadAttempts(ctx)
	return err == nil && run.Asked != nil && !(&Earlier{Folder: folder, Run: run, Attempts: attempts}).finished()
}

// KeptAttempts counts the stored attempts of cells that have no verdict in the run: resuming
// it continues with these.
func KeptAttempts(ctx context.Context, folder *results.Folder, run bench.Run) int {
	lines, _, _, err := folder.ReadAttempts(ctx)
	if err != nil {
		return 0
	}
	concluded := map[string]bool{}
	for _, c := range run.Cells {
		concluded[results.CellID(c)] = c.Verdict.Claims()
	}
	n := 0
	for _, l := range lines {
		if !concluded[l.ID] {
			n++
		}
	}
	return n
}

// NothingLeft says that the run has no cell left to measure.
func (e *Earlier) NothingLeft() string {
	return e.Folder.Path() + ": nothing to do: every cell was measured as often as its retries allow; a cell that is invalid needs a new run"
}

// Continuable returns an error if the run cannot be continued in env. What is
// installed is not looked at.
func (e *Earlier) Continuable(env bench.Environment) error {
	_, err := e.goOn(env)
	return err
}

// goOn is the run as it continues in env. It is a bench.UsageError if it would be
// measured in another way than before. Which Python it uses is checked later.
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
