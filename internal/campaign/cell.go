package campaign

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"benchrun/internal/attempt"
	"benchrun/internal/bench"
	"benchrun/internal/judge"
	"benchrun/internal/place"
	"benchrun/internal/plan"
	"benchrun/internal/probe"
	"benchrun/report/html"
	"benchrun/results"
)

// newCell is a cell that nothing has come of yet.
func (o Order) newCell(c plan.Cell) bench.Cell {
	source := c.Source(o.Python)
	return bench.Cell{
		Source: &source,
		Server: c.Server.Name, Version: c.Version, Profile: c.Profile, Scenario: c.Scenario.Name(),
		Family: c.Scenario.Family.ID, FamilyVer: c.Scenario.Family.Version, Group: c.Scenario.Family.Group,
		Ratio: c.Scenario.Ratio.Percent(), Seed: o.Seed, Flags: []string{}, Measures: bench.Measures{},
		Attempts: []bench.Attempt{}, Command: []string{},
		ScheduleHash: plan.NewSchedule(o.Seed, c.Scenario, bench.StandardLoad.Rate, o.Mode).Hash(),
	}
}

// cell makes as many attempts as the judge wants, beyond those that there are,
// and folds them all.
func (r *Run) cell(ctx context.Context, c plan.Cell, was begun) (bench.Cell, error) {
	cell := r.order.newCell(c)
	cell.Attempts = append(cell.Attempts, was.attempts...)
	if c.Unsupported != "" {
		cell.Verdict, cell.Reasons = bench.Unsupported, []string{c.Unsupported}
		return cell, nil
	}
	if err := r.failed[c.Target()]; err != nil {
		notBegun(&cell, was.judged, fmt.Errorf("not installed: %w", err))
		return cell, err
	}
	t := r.launched(c)
	cell.Version = t.Installation.Version
	if step := r.step(c); !r.limit.allows(r.estimate([]plan.Cell{c}), step) {
		notBegun(&cell, was.judged, r.limit.whyNot(step))
		return cell, nil
	}
	guarded, stop := r.limit.guard(ctx, c, r.order.Mode)
	defer stop()
	if err := r.probe(guarded, t, c, &cell); err != nil {
		if r.limit.broke(ctx, guarded) {
			err = r.limit.why()
		}
		notBegun(&cell, was.judged, fmt.Errorf("could not be probed: %w", err))
		if errors.Is(err, probe.ErrHostStalled) || errors.Is(err, errOutOfTime) { // as for an invalid attempt
			err = nil
		}
		return cell, err
	}
	judged := was.judged
	r.ahead = func(j bench.Judgement) time.Duration {
		if again, _ := judge.Next(append(slices.Clone(judged), j), r.order.Attempts, judge.MaxInvalid); !again || sabotageSeen(c.Scenario.Sabotage, j) {
			return 0
		}
		return r.attemptEstimate(c)
	}
	for {
		if !r.limit.fits(r.attemptEstimate(c)) {
			notBegun(&cell, judged, r.limit.why())
			return cell, nil
		}
		_, j, err := r.attempt(guarded, t, c, &cell)
		if ctx.Err() != nil {
			return cell, context.Cause(ctx)
		}
		if j == nil && r.limit.broke(ctx, guarded) {
			notBegun(&cell, judged, r.limit.why())
			return cell, nil
		}
		if j == nil {
			unmade(&cell, judged, err)
			return cell, err
		}
		judged = append(judged, *j)
		if err != nil { // measured, but not stored: it is printed at least
			r.conclusion(&cell, judged, err)
			return cell, err
		}
		if again, _ := judge.Next(judged, r.order.Attempts, judge.MaxInvalid); !again || sabotageSeen(c.Scenario.Sabotage, *j) {
			break
		}
	}
	judge.Conclude(&cell, judged)
	return cell, nil
}

// attemptEstimate is how long an attempt of a cell is foreseen to take.
func (r *Run) attemptEstimate(c plan.Cell) time.Duration {
	return plan.CellEstimate(c, r.knowledge([]plan.Cell{c}))
}

// step is how long the next thing takes that is kept of a cell: its target's
// probe, where there is none, or an attempt.
func (r *Run) step(c plan.Cell) time.Duration {
	k := r.knowledge([]plan.Cell{c})
	one := plan.CellEstimate(c, k)
	k.Attempts, k.Made = 1, nil
	if probing := plan.Estimate([]plan.Cell{c}, k) - one; probing > 0 {
		return probing
	}
	return one
}

// notBegun says why a cell is not measured, or not to its end. What was judged
// of it counts as before an invalid attempt.
func notBegun(cell *bench.Cell, judged []bench.Judgement, why error) {
	if len(judged) > 0 {
		unmade(cell, judged, why)
		return
	}
	cell.Verdict, cell.Reasons = bench.Invalid, []string{why.Error()}
}

// unmade folds a cell whose next attempt benchrun could not make: what was judged
// before it counts, as before an invalid attempt.
func unmade(cell *bench.Cell, judged []bench.Judgement, err error) {
	cell.Attempts = append(cell.Attempts, bench.Attempt{Attempt: next(cell.Attempts), Note: err.Error()})
	judge.Conclude(cell, append(judged, judge.Unmade(err.Error())))
}

// conclusion folds a cell that err has ended early, nil = nothing has: what would
// have been confirmed by another attempt is not.
func (r *Run) conclusion(cell *bench.Cell, judged []bench.Judgement, err error) {
	if again, _ := judge.Next(judged, r.order.Attempts, judge.MaxInvalid); again && err != nil {
		unmade(cell, judged, err)
		return
	}
	judge.Conclude(cell, judged)
}

// next is the number of the attempt after these. Of a run that is resumed one in
// between may be missing: its record was damaged.
func next(attempts []bench.Attempt) int {
	if len(attempts) == 0 {
		return 1
	}
	return attempts[len(attempts)-1].Attempt + 1
}

// attempt runs one attempt, judges it, adds it to the cell and stores it. An
// attempt that could not be made has neither record nor judgement; one that
// could not be stored has both and an error.
func (r *Run) attempt(ctx context.Context, t *place.Target, c plan.Cell, cell *bench.Cell) (*bench.Record, *bench.Judgement, error) {
	n := next(cell.Attempts)
	began := time.Now()
	id := results.CellID(*cell) + r.side
	logRel, recRel := r.Folder.LogPath(id, n), r.Folder.RecordPath(id, n)
	if err := r.clearKilled(*cell, logRel, recRel); err != nil {
		return nil, nil, err
	}
	rec, err := attempt.Run(ctx, r.Host, attempt.Job{
		Run: r.run.ID, Number: n, Target: t, Scenario: c.Scenario, Mode: r.order.Mode, Seed: r.order.Seed,
		LogPath: r.Folder.Join(logRel),
		Show: attempt.Show{
			Phase: func(name bench.MarkName, d time.Duration) { r.Progress.Phase(string(name), d) },
			Live:  r.Progress.Live,
		},
	})
	if err != nil {
		return nil, nil, err
	}
	if ctx.Err() != nil { // half an attempt is none
		return nil, nil, context.Cause(ctx)
	}
	j := judge.Judge(rec)
	cell.Command = rec.Head.Target.Command
	a := bench.Attempt{
		Attempt: n, Verdict: j.Verdict, H: j.Measures["h"].Value, Record: recRel, Log: logRel,
		StartedAt: rec.Head.StartedAt, Seconds: time.Since(began).Seconds(),
	}
	cell.Attempts = append(cell.Attempts, a)
	r.stories[recRel] = html.NewStory(*cell, rec, judge.Timeline(rec), r.Folder.LogTail(ctx, logRel))
	r.pace.count(j.Verdict, r.attemptEstimate(c), time.Since(began))
	r.Progress.Remaining(r.pace.of(r.ahead(j) + r.rest))
	r.Progress.Attempt(n, j.Verdict, a.H, whyInvalid(rec, j))
	if err := r.Folder.WriteRecord(recRel, rec); err != nil {
		return rec, &j, err
	}
	return rec, &j, r.Folder.AppendAttempt(results.NewAttemptLine(*cell, a, j))
}

// clearKilled removes what an attempt of that number has left that was killed
// before its line was written: half an attempt is none, even if its record is
// whole.
func (r *Run) clearKilled(cell bench.Cell, logRel, recRel string) error {
	for _, a := range cell.Attempts {
		if a.Record == recRel {
			return fmt.Errorf("%s belongs to an attempt that was made", recRel)
		}
	}
	for _, rel := range []string{logRel, recRel} {
		if err := os.Remove(r.Folder.Join(rel)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("of an attempt that was killed: %w", err)
		}
	}
	return nil
}
