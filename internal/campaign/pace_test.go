package campaign

import (
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/campaign/pack"
)

// The time of an invalid attempt makes the rest longer, so that the remaining time
// changes with each one.
func TestPaceCountsWhatCameToNothing(t *testing.T) {
	const cell, rest = 30 * time.Second, 10 * time.Minute
	var p pace
	if got := p.of(rest); got != rest {
		t.Errorf("before anything was measured: %s", got)
	}
	last := p.of(rest)
	for range 3 {
		p.count(bench.Invalid, cell, cell)
		if got := p.of(rest); got <= last {
			t.Errorf("after an invalid attempt %s are left of %s", got, last)
		} else {
			last = got
		}
	}
	for range 100 {
		p.count(bench.Failed, cell, cell)
	}
	if got := p.of(rest); got < rest || got > rest+time.Minute {
		t.Errorf("after 100 attempts that went as foreseen: %s", got)
	}
	for range 100 {
		p.count(bench.Held, cell, 2*cell)
	}
	for range 100 {
		p.count(bench.Held, cell, cell)
	}
	if got := p.of(rest); got > rest*11/10 {
		t.Errorf("when it is quiet again: %s", got)
	}
	p = pace{}
	for range 10 { // noise doubles the time of each
		p.count(bench.Held, cell, 2*cell)
	}
	if got := p.of(rest); got < rest*3/2 || got > 2*rest {
		t.Errorf("at half the pace: %s", got)
	}
}

// An attempt that company spoiled does not slow the pace: its repeat runs alone, and
// the pool knows of it.
func TestPaceForgetsWhatCompanySpoiled(t *testing.T) {
	for company, slower := range map[int]bool{0: true, 5: false} {
		r := &Run{}
		u := &underway{Run: r, each: 20 * time.Second}
		u.tellMade(&made{
			record: &bench.Record{}, verdict: bench.Judgement{Verdict: bench.Invalid}, took: 20 * time.Second,
			attempt: bench.Attempt{Verdict: bench.Invalid, Company: company},
		}, 0, false, 0)
		if got := r.forecast.pace.of(time.Minute) > time.Minute; got != slower {
			t.Errorf("after an invalid attempt beside %d cells the pace is slower: %v", company, got)
		}
	}
}

// A recovery that lasts longer than its least is known to when it begins to, and the
// cell's next one is expected to last as long.
func TestRemainingKnowsOfALongRecovery(t *testing.T) {
	const attempt, wait = 20 * time.Second, 38 * time.Second
	r := &Run{}
	r.forecast.pool = pack.NewPool(pack.Room{CPUs: 1, Memory: 1 << 30}, []pack.Task{{Length: 2 * attempt}})
	u := &underway{Run: r, each: attempt}
	for n, want := range []time.Duration{2*attempt + wait, 2*attempt + wait, 2*attempt + wait - 8*time.Second} {
		u.waits([]time.Duration{wait, wait, wait - 8*time.Second}[n])
		if left := r.forecast.remaining().Round(time.Second); left != want {
			t.Errorf("after wait %d: %s are left, want %s", n+1, left, want)
		}
	}
	if got := u.ahead(); got != attempt+wait-8*time.Second {
		t.Errorf("the next attempt is expected to take %s", got)
	}
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
