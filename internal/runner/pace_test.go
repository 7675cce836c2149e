package runner

import (
	"testing"
	"time"

	"benchrun/internal/bench"
)

// What an invalid attempt took is added to what is still to come, so that the
// remaining time moves on with each of them.
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
	p = pace{}
	for range 10 { // the noise makes each twice as long
		p.count(bench.Held, cell, 2*cell)
	}
	if got := p.of(rest); got < rest*3/2 || got > 2*rest {
		t.Errorf("at half the pace: %s", got)
	}
}
