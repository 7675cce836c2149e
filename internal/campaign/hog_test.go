package campaign

import (
	"context"
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/campaign/pack"
	"benchrun/internal/judge"
	"benchrun/internal/plan"
)

// world is a simulated machine with two CPUs on which another program keeps both busy for a
// while. Meanwhile no second of any attempt counts.
type world struct {
	start    time.Time
	from, to time.Duration // the program is busy
	alone    bool          // each attempt that it makes invalid is repeated alone
}

func (w world) busy() bool {
	since := time.Since(w.start)
	return w.from <= since && since < w.to
}

// used is how many CPUs the program used on average, as the host remembers it.
func (w world) used(memory time.Duration) func() float64 {
	forgotten := func(at time.Duration) float64 {
		since := time.Since(w.start) - at
		return 1 - math.Exp(-max(0, since.Seconds())/memory.Seconds())
	}
	return func() float64 { return 2 * (forgotten(w.from) - forgotten(w.to)) }
}

func (w world) machine() pack.Machine {
	return pack.Machine{
		Spacing: spacing, Others: w.used(10 * time.Second), Lately: w.used(3 * time.Second),
		Memory: func() int64 { return 0 },
	}
}

// brief is the timing of a fault that holds no slot for long, and sure how its attempts go.
var (
	brief = plan.Timing{Phases: bench.Phases{Baseline: 4 * time.Second, Fault: 12 * time.Second, FaultCap: 27 * time.Second, Recovery: 5 * time.Second}, RecoveryLeast: 5 * time.Second}
	sure  = plan.Outlook{Held: 23 * time.Second, Failed: 23 * time.Second, Chance: 1}
)

// attempt plays one attempt and says whether it is invalid.
func (w world) attempt(u *underway) bool {
	u.start()
	show := u.show(1)
	time.Sleep(time.Second)
	baseline := 0
	for range 4 {
		time.Sleep(time.Second)
		if !w.busy() {
			baseline++
		}
	}
	show.Phase(bench.MarkFault, 12*time.Second)
	valid, known := 0, 0
	for range 27 {
		time.Sleep(time.Second)
		show.Live(judge.State{ValidSeconds: float64(known), Unsound: baseline < 2})
		if known >= 12 {
			break
		}
		if known = valid; !w.busy() {
			valid++
		}
	}
	show.Phase(bench.MarkRecovery, 5*time.Second)
	time.Sleep(5400 * time.Millisecond)
	return known < 12 || baseline < 2
}

// cell plays the attempts of a cell up to the next outcome.
func (w world) cell(u *underway) pack.Outcome {
	for {
		company := u.task.company()
		invalid := w.attempt(u)
		m := &made{
			record: &bench.Record{}, verdict: bench.Judgement{Verdict: bench.Held}, took: time.Since(u.began), expected: sure.Held,
			attempt: bench.Attempt{Attempt: next(u.cell.Attempts), Verdict: bench.Held},
		}
		if began := u.began.Sub(w.start); began < w.to && w.from < began+m.took {
			m.record.Doubts = []bench.Doubt{{Cause: bench.DoubtHostBusy}}
		}
		if invalid {
			m.verdict.Verdict, m.attempt.Verdict = bench.Invalid, bench.Invalid
		}
		if company() {
			m.attempt.Company = 1
			m.record.Head.Company = 1
		}
		m.attempt.Disturbed = u.disturbed(m.record, m.verdict)
		u.judged, u.cell.Attempts = append(u.judged, m.verdict), append(u.cell.Attempts, m.attempt)
		more := u.wantsMore()
		u.tellMade(m, u.toCome(more), more, u.most(more))
		switch {
		case !more:
			return pack.Over
		case m.attempt.Disturbed, w.alone && m.later():
			u.forecast.takes(u.task.number, u.toRepeat())
			return pack.Again
		case m.later():
			u.forecast.takes(u.task.number, u.toRepeat())
			return pack.Later
		}
	}
}

// forecasts is what a run has told of the time that is left.
type forecasts struct {
	at   []time.Duration
	told []bench.Remaining
	took time.Duration
}

// said is what was shown at a time: the best guess and its range, and what was left.
func (f forecasts) said(at time.Duration) (said bench.Span, left time.Duration) {
	i := 0
	for i+1 < len(f.at) && f.at[i+1] <= at {
		i++
	}
	said = bench.Exactly(f.told[i].Left)
	if open := f.told[i].Open; open != (bench.Range{}) {
		said.Least, said.Most = open.Least, open.Most
	}
	return said.Plus(f.at[i] - at), f.took - at
}

// run plays a run of so many cells.
func (w world) run(t *testing.T, cells int) forecasts {
	var out forecasts
	r := &Run{order: Order{Attempts: 2}}
	all := make([]*underway, cells)
	for i := range all {
		all[i] = &underway{Run: r, place: i, outlook: sure, timing: brief}
	}
	tasks := slices.Repeat([]pack.Task{{Load: pack.Load{CPU: 0.15, Burst: 0.03}, Length: sure.Held}}, cells)
	pool := pack.NewPool(pack.Room{CPUs: 1.7}, tasks)
	pool.Now(w.machine())
	r.forecast.start(pool, bench.Span{})
	r.Tell = func(e bench.Event) {
		if e, ok := e.(bench.Remaining); ok {
			out.at, out.told = append(out.at, time.Since(w.start)), append(out.told, e)
		}
	}
	r.tellRemaining()
	ctx, stop := context.WithCancel(t.Context())
	go r.keepTelling(ctx)
	pool.Run(ctx, w.machine(), func(number, slot int) pack.Outcome {
		u := all[number]
		u.task = task{number: number, slot: slot, began: time.Now(), pool: pool}
		defer r.tellRemaining()
		return w.cell(u)
	})
	stop()
	synctest.Wait()
	out.took = time.Since(w.start)
	return out
}

// Another program keeps every CPU busy for a while in the course of a run. A quarter of a
// minute after it has begun, the range holds what is left, and goes on to. Soon after the
// program has ended, the best guess is right within a fifth.
func TestRemainingBesideAProgramThatComesAndGoes(t *testing.T) {
	for _, tt := range []struct {
		from, to time.Duration
		cells    int
	}{
		{20 * time.Second, 80 * time.Second, 24},
		{5 * time.Second, 65 * time.Second, 24},
		{30 * time.Second, 45 * time.Second, 30},
		{33 * time.Second, 153 * time.Second, 40},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := world{start: time.Now(), from: tt.from, to: tt.to}
			f := w.run(t, tt.cells)
			if f.took < tt.to {
				t.Fatalf("it took %s: the program changed nothing", f.took)
			}
			for at := tt.from; at < f.took; at += 5 * time.Second {
				said, left := f.said(at)
				off := (said.Likely - left).Abs()
				if at >= tt.from+15*time.Second && (left < said.Least-5*time.Second-left/5 || left > said.Most+5*time.Second+left/5) {
					t.Errorf("%s to %s: after %s %s are left, said were %s to %s", tt.from, tt.to, at, left, said.Least, said.Most)
				}
				if at >= tt.to+10*time.Second && off > max(5*time.Second, left/5) {
					t.Errorf("%s to %s: after %s %s are left, said were %s", tt.from, tt.to, at, left, said.Likely)
				}
			}
		})
	}
}

// When an invalid attempt is over, its repeat is expected once, as before.
func TestARepeatIsExpectedOnce(t *testing.T) {
	follow(t, 1, sure, func(u *underway, left func() bench.Span) {
		u.timing = brief
		u.start()
		w := world{start: time.Now(), to: 25 * time.Second}
		w.attempt(u)
		before := left().Likely
		m := &made{record: &bench.Record{}, verdict: bench.Judgement{Verdict: bench.Invalid}, took: time.Since(u.began), expected: sure.Held}
		u.tellMade(m, bench.Exactly(sure.Held), true, 2)
		about(t, "when it is over", left().Likely, before)
	})
}

// Cells that another program has spoiled are repeated beside others, so the run takes less time
// than if each were repeated alone.
func TestRepeatsBesideOthersSaveTime(t *testing.T) {
	took := map[bool]time.Duration{}
	for _, alone := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			w := world{start: time.Now(), from: 20 * time.Second, to: 80 * time.Second, alone: alone}
			took[alone] = w.run(t, 24).took
		})
	}
	if took[false] > took[true]*4/5 {
		t.Errorf("beside others it took %s, alone %s", took[false], took[true])
	}
}
