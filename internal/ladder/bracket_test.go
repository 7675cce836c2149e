package ladder

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"benchrun/internal/bench"
)

// climb carries out a search on a server that holds the rungs below fails, and says
// nothing on some.
func climb(n, fails int, says func(i int) bench.Cell) (done []*bench.Cell, measured int) {
	done = make([]*bench.Cell, n)
	for i := next(done); i >= 0; i = next(done) {
		c := bench.Cell{Verdict: bench.Held}
		if i >= fails {
			c.Verdict = bench.Failed
		}
		if says != nil {
			if other := says(i); other.Verdict != bench.Held {
				c = other
			} else if len(other.Flags) > 0 {
				c.Flags = other.Flags
			}
		}
		done[i] = &c
		measured++
	}
	return done, measured
}

func TestEachBracketIsFoundInFewCells(t *testing.T) {
	for n := 1; n <= 12; n++ {
		for fails := 0; fails <= n; fails++ {
			done, measured := climb(n, fails, nil)
			if got := bracketOf(done); got != (bracket{fails - 1, fails}) || measured > Most(n) {
				t.Errorf("%d rungs, fails from %d: %+v after %d cells, at most %d", n, fails, got, measured, Most(n))
			}
		}
	}
	if got := Most(9); got != 4 {
		t.Errorf("nine rungs take %d cells, want 4", got)
	}
}

// A rung that says nothing widens the bracket, and decides nothing.
func TestBracketIsHonestAboutRungsThatSayNothing(t *testing.T) {
	const n = 9
	nothing := map[string]bench.Cell{
		"invalid":     {Verdict: bench.Invalid},
		"unsupported": {Verdict: bench.Unsupported},
		"flaky":       {Verdict: bench.Held, Flags: []string{bench.FlagFlaky}},
	}
	for name, c := range nothing {
		for fails := 0; fails <= n; fails++ {
			for at := range n {
				done, measured := climb(n, fails, func(i int) bench.Cell {
					if i == at {
						return c
					}
					return bench.Cell{Verdict: bench.Held}
				})
				want := bracket{fails - 1, fails}
				if want.holds == at {
					want.holds--
				}
				if want.fails == at {
					want.fails++
				}
				if got := bracketOf(done); got != want || measured > Most(n)+1 {
					t.Errorf("%s at %d, fails from %d: %+v after %d cells, want %+v", name, at, fails, got, measured, want)
				}
			}
		}
	}
}

func TestWhatDoesNotServeIsMeasuredOnce(t *testing.T) {
	if _, measured := climb(9, 0, func(int) bench.Cell { return bench.Cell{Verdict: bench.Broken} }); measured != 1 {
		t.Errorf("%d cells of a broken server", measured)
	}
}

func TestLongestHonestRequest(t *testing.T) {
	const s = time.Second
	for _, watchdog := range []time.Duration{s, 2900 * time.Millisecond, 3 * s, 6 * s} {
		var tried []time.Duration
		served, not, err := longest(6500*time.Millisecond, func(d time.Duration) (bool, error) {
			tried = append(tried, d)
			return d < watchdog, nil
		})
		if err != nil || served >= watchdog || not < watchdog || not-served > resolution(6500*time.Millisecond) || len(tried) > 6 {
			t.Errorf("a watchdog of %s: %s is served, %s is not, %v; tried %v", watchdog, served, not, err, tried)
		}
		if !slices.Contains(tried, not) || served > 0 && !slices.Contains(tried, served) {
			t.Errorf("%s and %s are not among what was tried: %v", served, not, tried)
		}
	}
	if served, not, err := longest(30*s, func(time.Duration) (bool, error) { return true, nil }); served != 30*s || not != 0 || err != nil {
		t.Errorf("everything is served: %s, %s, %v", served, not, err)
	}
	wrong := fmt.Errorf("no")
	calls := 0
	if _, _, err := longest(30*s, func(time.Duration) (bool, error) { calls++; return false, map[bool]error{true: wrong}[calls == 2] }); err != wrong { //nolint:errorlint // this very error
		t.Errorf("an error in the middle: %v", err)
	}
}
