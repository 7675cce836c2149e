package ladder

import (
	"slices"

	"benchrun/internal/bench"
)

// bracket is what the measured rungs say: the place of the highest ratio that held and of
// the lowest above it that did not. -1 and len(done) = none.
type bracket struct{ holds, fails int }

// bracketOf reads the rungs that were measured. Those that say nothing are left out.
func bracketOf(done []*bench.Cell) bracket {
	b := bracket{-1, len(done)}
	for i, c := range done {
		if c != nil && !silent(*c) && c.Verdict != bench.Held {
			b.fails = i
			break
		}
	}
	for i, c := range done[:b.fails] {
		if c != nil && !silent(*c) {
			b.holds = i
		}
	}
	return b
}

// silent says that a rung says nothing about where the target stops holding: nothing was
// measured, or attempts disagree.
func silent(c bench.Cell) bool {
	return !c.Verdict.Claims() || slices.Contains(c.Flags, bench.FlagFlaky)
}

// next is the rung to measure now: the middle one between what holds and what fails, or
// the one nearest to it that was not tried; -1 = there is none. A target that does not
// serve without faults does not at any other ratio.
func next(done []*bench.Cell) int {
	if slices.ContainsFunc(done, func(c *bench.Cell) bool { return c != nil && c.Verdict == bench.Broken }) {
		return -1
	}
	b := bracketOf(done)
	middle := (b.holds + b.fails) / 2
	for d := range len(done) {
		for _, i := range []int{middle - d, middle + d} {
			if i > b.holds && i < b.fails && done[i] == nil {
				return i
			}
		}
	}
	return -1
}

// Most is how many of n rungs a search measures if each of them says something.
func Most(n int) int {
	most := 0
	for ; n > 0; n /= 2 {
		most++
	}
	return most
}
