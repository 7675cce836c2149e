package campaign

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"benchrun/internal/attempt"
	"benchrun/internal/bench"
	"benchrun/internal/campaign/pack"
	"benchrun/internal/judge"
	"benchrun/internal/place"
	"benchrun/internal/plan"
	"benchrun/internal/probe"
	"benchrun/results"
)

// newCell is a cell of which nothing has been measured yet.
func (o Order) newCell(c plan.Cell, schedule plan.Schedule) bench.Cell {
	source := c.Source(o.Python)
	return bench.Cell{
		Source: &source, Own: c.Server.Own(),
		Server: c.Server.Name, Version: c.Version, Profile: c.Profile, Front: c.Server.FrontName(), Scenario: c.Scenario.Name(),
		Family: c.Scenario.Family.ID, FamilyVer: c.Scenario.Family.Version, Group: c.Scenario.Family.Group,
		Ratio: c.Scenario.Ratio.Percent(), Seed: o.Seed, Flags: []string{}, Measures: bench.Measures{},
		Attempts: []bench.Attempt{}, Command: []string{},
		ScheduleHash: schedule.Hash(),
		Supervisor:   c.Server.SupervisorName(),
	}
}

// underway is one cell that is being measured. A run may have several at once.
type underway struct {
	*Run
	task   task
	place  int // in the order, from 0
	plan   plan.Cell
	target *place.Target // as it runs under the cell's family
	side   string        // in a duel, distinguishes the files of the two sides, which may be the same target
	cell   bench.Cell    // what has been measured of it so far
	judged []bench.Judgement

	timing   plan.Timing       // of its attempts, once what can be known of its target is known
	outlook  plan.Outlook      // of its next attempt
	course   *plan.Course      // of the attempt under way
	began    time.Time         // when that began
	later    func() bench.Span // in a duel, how long the bout takes after the attempt; otherwise nil
	foreseen bench.Span        // how long the pool expects the task to take
	spoiled  float64           // how likely the pool expects it to come again
}

// number is the cell's number in events, from 1.
func (u *underway) number() int { return u.place + 1 }

// underway is cell i of the order, with what an earlier part of the run has measured
// of it.
func (r *Run) underway(i int) *underway {
	c := r.order.Cells[i]
	u := &underway{Run: r, place: i, plan: c, cell: r.order.newCell(c, r.schedules[i])}
	if i < len(r.begun) {
		u.judged = r.begun[i].judged
		u.cell.Attempts = append(u.cell.Attempts, r.begun[i].attempts...)
	}
	return u
}

// measure makes as many attempts as the judge wants beyond those that exist, and
// folds them all. The outcome says how the cell goes on: pack.Again, alone, if company may
// have spoiled the last step; pack.Later, beside others, if other programs have.
func (u *underway) measure(ctx context.Context) (pack.Outcome, error) {
	c := u.plan
	if c.Unsupported != "" {
		u.cell.Verdict, u.cell.Reasons = bench.Unsupported, []string{c.Unsupported}
		return pack.Over, nil
	}
	if err := u.failed[c.Target()]; err != nil {
		u.notBegun(fmt.Errorf("not installed: %w", err))
		return pack.Over, err
	}
	u.target = u.launched(c)
	u.cell.Version = u.target.Installation.Version
	u.target.From(u.cell.Source)
	if step := u.step(c); !u.limit.allows(u.estimate([]plan.Cell{c}), step) {
		u.notBegun(u.limit.whyNot(step))
		return pack.Over, nil
	}
	guarded, stop := u.limit.guard(ctx, c, u.order.Mode)
	defer stop()
	company := u.task.company()
	if err := u.probe(guarded); err != nil {
		switch {
		case u.limit.broke(ctx, guarded):
			err = u.limit.why()
		case company() && errors.Is(err, probe.ErrHostStalled):
			u.tellAlone(c.Name(), "its probe")
			return pack.Again, nil
		}
		u.notBegun(fmt.Errorf("could not be probed: %w", err))
		if errors.Is(err, probe.ErrHostStalled) || errors.Is(err, errOutOfTime) { // the same as an invalid attempt
			err = nil
		}
		return pack.Over, err
	}
	for {
		if !u.limit.fits(u.ahead()) {
			u.notBegun(u.limit.why())
			return pack.Over, nil
		}
		made, err := u.attempt(guarded)
		if ctx.Err() != nil {
			return pack.Over, context.Cause(ctx)
		}
		if made == nil && u.limit.broke(ctx, guarded) {
			u.notBegun(u.limit.why())
			return pack.Over, nil
		}
		if made == nil {
			u.unmade(err)
			return pack.Over, err
		}
		more := u.wantsMore()
		u.tellMade(made, u.toCome(more), more, u.most(more))
		if err != nil { // measured but not stored: at least print it
			u.conclusion(err)
			return pack.Over, err
		}
		if !more {
			judge.Conclude(&u.cell, u.judged)
			return pack.Over, nil
		}
		switch {
		case made.attempt.Disturbed:
			return pack.Again, nil
		case made.later():
			return pack.Later, nil
		}
	}
}

// wantsMore says that the judge wants another attempt of the cell.
func (u *underway) wantsMore() bool {
	return judge.Wanted(u.cell.Attempts, u.judged, u.order.Attempts) && !sabotageSeen(u.plan.Scenario.Sabotage, u.judged[len(u.judged)-1])
}

// most is how many attempts the cell has in the end if no later one holds or is invalid.
// more says that the judge wants another one.
func (u *underway) most(more bool) int {
	last := u.cell.Attempts[len(u.cell.Attempts)-1].Attempt
	if !more {
		return last
	}
	return last + u.missing()
}

// notBegun marks a cell as not measured, or not completely, with the reason. The
// attempts that were judged before count as if an invalid attempt followed them.
func (u *underway) notBegun(why error) {
	if len(u.judged) > 0 {
		u.unmade(why)
		return
	}
	u.cell.Verdict, u.cell.Reasons = bench.Invalid, []string{why.Error()}
}

// unmade folds a cell whose next attempt benchrun could not make. The attempts that
// were judged before count as if an invalid attempt followed them.
func (u *underway) unmade(err error) {
	u.cell.Attempts = append(u.cell.Attempts, bench.Attempt{Attempt: next(u.cell.Attempts), Note: err.Error()})
	judge.Conclude(&u.cell, append(u.judged, judge.Unmade(err.Error())))
}

// conclusion folds the cell. If err has ended it early, whatever another attempt
// should have confirmed stays unconfirmed. err may be nil.
func (u *underway) conclusion(err error) {
	if err != nil && judge.Wanted(u.cell.Attempts, u.judged, u.order.Attempts) {
		u.unmade(err)
		return
	}
	judge.Conclude(&u.cell, u.judged)
}

// next is the number of the attempt after these. In a resumed run a number may be
// missing, because its record was damaged.
func next(attempts []bench.Attempt) int {
	if len(attempts) == 0 {
		return 1
	}
	return attempts[len(attempts)-1].Attempt + 1
}

// made is an attempt with its record and judgement.
type made struct {
	record  *bench.Record
	attempt bench.Attempt
	verdict bench.Judgement
	// How long it took, and how long such an attempt was expected to take that comes to the
	// same.
	took, expected time.Duration
}

func (m *made) judged() judge.Judged { return judge.Judged{Record: m.record, Judgement: m.verdict} }

// later says that the cell continues after the others, beside them: it had company, and other
// programs made the attempt invalid.
func (m *made) later() bool {
	return m.attempt.Company > 0 && m.verdict.Verdict == bench.Invalid && !m.attempt.Disturbed
}

// attempt makes one attempt, stores its record, judges it and adds it to the cell. If it
// could not be made, it returns nil; if it could not be stored, the attempt and an error.
func (u *underway) attempt(ctx context.Context) (*made, error) {
	n := next(u.cell.Attempts)
	u.start()
	id := results.CellID(u.cell) + u.side
	logRel, recRel := u.Folder.LogPath(id, n), u.Folder.RecordPath(id, n)
	if err := u.clearKilled(u.cell, logRel, recRel); err != nil {
		return nil, err
	}
	rec, err := attempt.Run(ctx, u.Host, attempt.Job{
		Run: u.run.ID, Number: n, Target: u.target, Scenario: u.plan.Scenario, Schedule: u.schedules[u.place], Timing: u.timing,
		LogPath: u.Folder.Join(logRel),
		Show:    u.show(n),
	})
	if err != nil {
		return nil, err
	}
	if ctx.Err() != nil { // an interrupted attempt does not count
		return nil, context.Cause(ctx)
	}
	stored := u.Folder.WriteRecord(recRel, rec)
	j := judge.Judge(rec)
	u.judged = append(u.judged, j)
	u.cell.Command = rec.Head.Target.Command
	took := time.Since(u.began)
	m := &made{record: rec, verdict: j, took: took, expected: u.outlook.If(j.Verdict == bench.Held), attempt: bench.Attempt{
		Attempt: n, Verdict: j.Verdict, H: j.Measures["h"].Value, Record: recRel, Log: logRel,
		StartedAt: rec.Head.StartedAt, Seconds: took.Seconds(), Company: rec.Head.Company, Disturbed: u.disturbed(rec, j),
	}}
	u.cell.Attempts = append(u.cell.Attempts, m.attempt)
	u.keepLoad(rec)
	u.learn(m)
	if stored != nil {
		return m, stored
	}
	return m, u.Folder.AppendAttempt(results.NewAttemptLine(u.cell, m.attempt, j))
}

// show tells of attempt n while it is under way, and corrects what is expected of it.
func (u *underway) show(n int) attempt.Show {
	curtailed := false
	return attempt.Show{
		Phase: func(name bench.MarkName, d time.Duration) {
			u.Tell.Tell(bench.PhaseBegun{Cell: u.number(), Attempt: n, Phase: string(name), Length: d, AtMost: limits(name, u.plan.Scenario.Family.Traits.Expects)})
			switch name {
			case bench.MarkFault:
				u.course.Fault(time.Since(u.began))
			case bench.MarkRecovery:
				u.course.Recovery(time.Since(u.began), curtailed)
			}
			u.correct()
		},
		Waits: func(d time.Duration) {
			u.course.Waits(time.Since(u.began), d)
			u.correct()
		},
		Baseline: u.compareBaseline,
		Live: func(s judge.State) {
			if s.Scheduled > 0 {
				u.Tell.Tell(bench.ServedSoFar{Cell: u.number(), Attempt: n, H: 100 * float64(s.Scheduled-s.Lost) / float64(s.Scheduled)})
			}
			curtailed = s.Decision == judge.Curtail
			u.course.Baseline(!s.Unsound)
			u.course.Seen(time.Since(u.began), s.ValidSeconds, s.Spent)
			u.correct()
		},
	}
}

// limits says that a phase's length is a limit. A fault that is about the server's own end
// or start goes on in the shutdown.
func limits(phase bench.MarkName, expects bench.Expects) bool {
	return phase == bench.MarkBoot || phase == bench.MarkShutdown && !expects.TakesAway() && expects != bench.ExpectsRefusal
}

// tellMade reports an attempt, and how long the run will still take. ahead is how
// long the cell itself is expected to need from now on; more says that it needs another
// attempt. most is how many attempts it will have, 0 = not known.
func (u *underway) tellMade(m *made, ahead bench.Span, more bool, most int) {
	if m.verdict.Verdict != bench.Invalid || m.attempt.Company == 0 { // its repeat is in the pool
		repeated := m.verdict.Verdict == bench.Invalid && (more || most == 0)
		u.forecast.made(repeated, m.expected, m.took, u.forecast.others() > 0 || caused(m.record, bench.DoubtHostBusy))
	}
	u.forecast.attempt(u.task.number) // what comes after it is in ahead
	u.foreseen = ahead.Plus(time.Since(u.task.began))
	u.forecast.takes(u.task.number, u.foreseen)
	u.tellRemaining()
	u.Tell.Tell(bench.AttemptJudged{
		Cell: u.number(), Attempt: m.attempt, Why: whyInvalid(m.record, m.verdict), Most: most,
		Alone: more && m.attempt.Disturbed, Later: more && m.later(),
		Of: u.cell, Record: m.record, Timeline: judge.Timeline(m.record),
	})
}

// clearKilled removes the files of an earlier attempt with this number, if benchrun was
// killed before it wrote the attempt's line. Without the line an attempt does not
// count, even if its record is complete.
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

// whyInvalid says why an attempt is invalid: what benchrun saw of the host, or else
// the judge's reason. For other verdicts it is "".
func whyInvalid(rec *bench.Record, j bench.Judgement) string {
	if j.Verdict != bench.Invalid || len(j.Reasons) == 0 {
		return ""
	}
	for _, d := range rec.Doubts {
		if d.Note != "" && strings.Contains(j.Reasons[0], d.Cause) {
			return d.Note + ": " + j.Reasons[0]
		}
	}
	return j.Reasons[0]
}
