package campaign

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/campaign/pack"
	"benchrun/internal/judge"
	"benchrun/internal/plan"
)

// The time of an invalid attempt makes the rest longer, so that the remaining time
// changes with each one.
func TestPaceCountsWhatCameToNothing(t *testing.T) {
	const cell, rest = 30 * time.Second, 10 * time.Minute
	var p pace
	of := func(d time.Duration) time.Duration { return bench.Exactly(d).Times(p.factor()).Likely }
	if got := of(rest); got != rest {
		t.Errorf("before anything was measured: %s", got)
	}
	last := of(rest)
	for range 3 {
		p.count(true, cell, cell)
		if got := of(rest); got <= last {
			t.Errorf("after an invalid attempt %s are left of %s", got, last)
		} else {
			last = got
		}
	}
	for range 100 {
		p.count(false, cell, cell)
	}
	if got := of(rest); got < rest || got > rest+time.Minute {
		t.Errorf("after 100 attempts that went as foreseen: %s", got)
	}
	for range 100 {
		p.count(false, cell, 2*cell)
	}
	for range 100 {
		p.count(false, cell, cell)
	}
	if got := of(rest); got > rest*11/10 {
		t.Errorf("when it is quiet again: %s", got)
	}
	p = pace{}
	for range 10 { // noise doubles the time of each
		p.count(false, cell, 2*cell)
	}
	if got := of(rest); got < rest*3/2 || got > 2*rest {
		t.Errorf("at half the pace: %s", got)
	}
}

// An attempt that company spoiled does not slow the pace: its repeat runs alone, and
// the pool knows of it.
func TestPaceForgetsWhatCompanySpoiled(t *testing.T) {
	for company, slower := range map[int]bool{0: true, 5: false} {
		r := &Run{}
		u := &underway{Run: r}
		u.tellMade(&made{
			record: &bench.Record{}, verdict: bench.Judgement{Verdict: bench.Invalid}, took: 20 * time.Second, expected: 20 * time.Second,
			attempt: bench.Attempt{Verdict: bench.Invalid, Company: company},
		}, bench.Span{}, false, 0)
		if got := r.forecast.calm.factor() > 1; got != slower {
			t.Errorf("after an invalid attempt beside %d cells the pace is slower: %v", company, got)
		}
	}
}

// The last invalid attempt of a cell ends it, so a machine on which nothing is valid slows the
// rest by the attempts that a cell may have, and no more.
func TestPaceWhereNothingIsValid(t *testing.T) {
	r := &Run{}
	u := &underway{Run: r}
	for range 20 {
		for attempt := range 3 {
			m := &made{record: &bench.Record{}, verdict: bench.Judgement{Verdict: bench.Invalid}, took: 20 * time.Second, expected: 20 * time.Second}
			u.tellMade(m, bench.Span{}, attempt < 2, 3)
		}
	}
	if got := r.forecast.calm.factor(); got < 2 || got > 3.5 {
		t.Errorf("each cell took three attempts: %.1f times as long", got)
	}
}

// What an attempt came to beside other programs does not slow the time without them.
func TestPaceBesideOtherPrograms(t *testing.T) {
	for _, crowded := range []bool{true, false} {
		pool := pack.NewPool(pack.Room{CPUs: 1, Jobs: 1}, []pack.Task{{Length: time.Minute}})
		var f forecast
		f.start(pool, bench.Span{})
		f.made(true, 20*time.Second, time.Minute, crowded)
		if slower := f.remaining().Likely > time.Minute; slower == crowded {
			t.Errorf("beside other programs %v: when they are gone, the rest takes longer: %v", crowded, slower)
		}
		pool.Now(pack.Machine{Others: func() float64 { return 1 }, Memory: func() int64 { return 0 }})
		if slower := f.remaining().Likely > time.Minute; slower != crowded {
			t.Errorf("beside other programs %v: while they are busy, the rest takes longer: %v", crowded, slower)
		}
	}
}

// The run says when other programs begin and end, and how long it takes then, also if no
// attempt says anything.
func TestToldWhenOtherProgramsComeAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tasks := slices.Repeat([]pack.Task{{Load: pack.Load{CPU: 0.2}, Length: 20 * time.Second}}, 8)
		pool := pack.NewPool(pack.Room{CPUs: 1.9}, tasks)
		r := &Run{}
		var told []bench.Remaining
		r.Tell = func(e bench.Event) { told = append(told, e.(bench.Remaining)) }
		cpus := 0.0
		m := pack.Machine{Others: func() float64 { return cpus }, Memory: func() int64 { return 0 }}
		pool.Now(m)
		r.forecast.start(pool, bench.Span{})
		r.tellRemaining()
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go r.keepTelling(ctx)
		last := func() bench.Remaining {
			time.Sleep(2 * tellEvery)
			synctest.Wait()
			return told[len(told)-1]
		}
		for range 2 {
			cpus = 1.9
			pool.Now(m)
			if got := last(); got.Others != 1.9 || got.Open.Most <= got.Left {
				t.Errorf("when they have begun: %+v", got)
			}
			cpus = 0
			pool.Now(m)
			if got := last(); got.Others != 0 || got.Left != 20*time.Second {
				t.Errorf("when they have ended: %+v", got)
			}
		}
	})
}

// slow is the timing of a fault that holds its slot for long, and open what may come of it:
// it holds after 41 s, or fails after 17 s.
var (
	slow = plan.Timing{Phases: bench.Phases{Baseline: 4 * time.Second, Fault: 30 * time.Second, FaultCap: 45 * time.Second, Recovery: 40 * time.Second}, RecoveryLeast: 5 * time.Second}
	open = plan.Outlook{Held: 41400 * time.Millisecond, Failed: 17 * time.Second, Chance: 0.5}
)

// follow has do play the attempts of a cell that is a run of its own. left says what the
// run has told last of the time that is left now; without anything open, its range is 0.
func follow(t *testing.T, attempts int, o plan.Outlook, do func(u *underway, left func() bench.Span)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &Run{order: Order{Attempts: attempts}}
		s := o.Of(attempts)
		pool := pack.NewPool(pack.Room{CPUs: 1, Memory: 1 << 30}, []pack.Task{{Length: s.Likely, Least: s.Least, Most: s.Most}})
		r.forecast.start(pool, bench.Span{})
		var last bench.Span
		var at time.Time
		r.Tell = func(e bench.Event) {
			if e, ok := e.(bench.Remaining); ok {
				last, at = bench.Span{Likely: e.Left, Least: e.Open.Least, Most: e.Open.Most}, time.Now()
			}
		}
		nothing := pack.Machine{Others: func() float64 { return 0 }, Memory: func() int64 { return 0 }}
		pool.Run(t.Context(), nothing, func(int, int) pack.Outcome {
			u := &underway{Run: r, outlook: o, timing: slow, task: task{began: time.Now()}}
			u.start()
			do(u, func() bench.Span {
				left := bench.Exactly(last.Likely - time.Since(at))
				if last.Most > 0 {
					left.Least, left.Most = last.Least-time.Since(at), last.Most-time.Since(at)
				}
				return left
			})
			return pack.Over
		})
	})
}

// about fails the test unless a time is what is wanted, give or take a second and a half.
func about(t *testing.T, what string, got, want time.Duration) {
	t.Helper()
	if (got - want).Abs() > moved {
		t.Errorf("%s: %.1f s, want %.1f s", what, got.Seconds(), want.Seconds())
	}
}

// What may come of an attempt is open when it begins. Its fault phase decides: it goes on
// without losses beyond when it should have failed, or has many.
func TestRemainingKnowsHowAnAttemptGoes(t *testing.T) {
	for name, tt := range map[string]struct {
		lost func(seconds int) float64
		ends int // the second of the fault phase in which the judge ends it; 0 = it goes on
		want time.Duration
	}{
		"it holds": {func(int) float64 { return 0 }, 0, 41400 * time.Millisecond},
		"it fails": {func(seconds int) float64 { return float64(seconds-4) / 4 }, 8, 2 * 18400 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			follow(t, 2, open, func(u *underway, left func() bench.Span) {
				began := time.Now()
				if s := left(); s.Least != 34*time.Second || s.Most != open.Held {
					t.Logf("at first %+v", s)
				}
				show := u.show(1)
				time.Sleep(5 * time.Second)
				show.Phase(bench.MarkFault, 30*time.Second)
				for seconds := 1; seconds <= 31; seconds++ {
					time.Sleep(time.Second)
					state := judge.State{ValidSeconds: float64(max(0, seconds-1)), Spent: max(0, tt.lost(seconds))}
					if tt.ends > 0 && seconds == tt.ends {
						state.Decision = judge.Curtail
					}
					show.Live(state)
					if s := left(); tt.ends == 0 && seconds >= 12 && seconds < 20 && (s.Least > tt.want-time.Since(began)+moved || s.Most < 2*tt.want-time.Since(began)-moved) {
						t.Errorf("%d s into the phase %+v is left, although it may still fail", seconds, s)
					}
					if seconds >= 25 || tt.ends > 0 && seconds >= 7 {
						s := left()
						about(t, fmt.Sprintf("%d s into the phase", seconds), s.Likely, tt.want-time.Since(began))
						if s.Most != s.Least {
							t.Errorf("%d s into the phase it is still open: %+v", seconds, s)
						}
					}
					if seconds == tt.ends {
						break
					}
				}
				show.Phase(bench.MarkRecovery, 5*time.Second)
				about(t, "in the recovery", left().Likely, tt.want-time.Since(began))
			})
		})
	}
}

// The second attempt of a cell is expected to go like the first, not like the mean of all
// that may come.
func TestASecondAttemptIsExpectedToGoLikeTheFirst(t *testing.T) {
	follow(t, 3, open, func(u *underway, left func() bench.Span) {
		time.Sleep(20 * time.Second)
		u.judged = []bench.Judgement{{Verdict: bench.Failed}}
		m := &made{verdict: u.judged[0], took: 20 * time.Second, expected: 17 * time.Second, record: &bench.Record{}, attempt: bench.Attempt{Disturbed: true}}
		u.outlook.Learn(plan.Past{Took: m.took})
		u.tellMade(m, u.toCome(true), false, 3)
		if s := left(); s.Least != s.Most {
			t.Errorf("after the first it is still open: %+v", s)
		}
		about(t, "two more attempts", left().Likely, 41500*time.Millisecond) // at a slightly slower pace
		u.start()
		time.Sleep(20 * time.Second)
		about(t, "one more", left().Likely, 20700*time.Millisecond)
	})
}

// Seconds that do not count are made up for, and the remaining time grows with them, not
// only when the attempt is over. If too few count, the cell comes again.
func TestRemainingKnowsOfSecondsThatDoNotCount(t *testing.T) {
	held, fails := open, open
	held.Chance, fails.Chance, fails.Failed = 1, 0, open.Held
	early := func(second int) bool { return second < 10 } // so the phase will be at its cap
	for name, tt := range map[string]struct {
		outlook plan.Outlook
		counts  func(second int) bool
		want    time.Duration
	}{
		"one in four":                     {held, func(second int) bool { return second%4 > 0 }, held.Held + 10*time.Second},
		"all for long":                    {held, early, held.Held + 15*time.Second + held.Held},
		"all for long, and it would fail": {fails, early, held.Held + 15*time.Second + 2*held.Held},
	} {
		follow(t, 2, tt.outlook, func(u *underway, left func() bench.Span) {
			began, show := time.Now(), u.show(1)
			time.Sleep(5 * time.Second)
			show.Phase(bench.MarkFault, 30*time.Second)
			valid := 0.0
			for second := range 20 {
				time.Sleep(time.Second)
				if second > 1 && tt.counts(second) {
					valid++
				}
				show.Live(judge.State{ValidSeconds: valid})
			}
			about(t, name, left().Likely, tt.want-time.Since(began))
			if s := left(); s.Least > held.Held+15*time.Second+moved-time.Since(began) {
				t.Errorf("%s: %+v is left, although enough may count after all", name, s)
			}
		})
	}
}

// A recovery that lasts longer than its least is known to when it begins to, and the
// cell's next one is expected to do the same.
func TestRemainingKnowsOfALongRecovery(t *testing.T) {
	fails := open
	fails.Chance = 0
	follow(t, 2, fails, func(u *underway, left func() bench.Span) {
		about(t, "at first", left().Likely, 34*time.Second)
		show := u.show(1)
		time.Sleep(5 * time.Second)
		show.Phase(bench.MarkFault, 30*time.Second)
		time.Sleep(6 * time.Second)
		show.Live(judge.State{ValidSeconds: 5, Spent: 1.1, Decision: judge.Curtail})
		show.Phase(bench.MarkRecovery, 5*time.Second)
		time.Sleep(5 * time.Second)
		for _, wait := range []time.Duration{30 * time.Second, 20 * time.Second} {
			show.Waits(wait)
			about(t, "when it waits "+wait.String(), left().Likely, wait+(16*time.Second+wait))
		}
	})
}

func TestWhyInvalid(t *testing.T) {
	rec := &bench.Record{Doubts: []bench.Doubt{{Cause: "generator", Note: "no socket"}, {Cause: "host-busy", Note: "other programs used 1.9 CPUs and none was idle"}}}
	for _, tt := range []struct {
		j    bench.Judgement
		want string
	}{
		{bench.Judgement{Reasons: []string{"only 0 of 4 valid seconds: doubt: host-busy", "more"}}, "other programs used 1.9 CPUs and none was idle: only 0 of 4 valid seconds: doubt: host-busy"},
		{bench.Judgement{Reasons: []string{"no fault was scheduled"}}, "no fault was scheduled"},
		{bench.Judgement{}, ""},
		{bench.Judgement{Verdict: bench.Failed, Reasons: []string{"host-busy"}}, ""},
	} {
		if got := whyInvalid(rec, tt.j); got != tt.want {
			t.Errorf("%+v: %q", tt.j, got)
		}
	}
}
