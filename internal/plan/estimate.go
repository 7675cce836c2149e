package plan

import (
	"time"

	"benchrun/internal/bench"
)

// What an attempt costs beyond its phases, as measured on servers that boot
// and stop normally.
const (
	bootAndStop = 1500 * time.Millisecond
	settling    = 2 * time.Second // the judge knows of a second two seconds later
	probing     = 9 * time.Second
)

// Estimate is how long the cells take when each needs one attempt and nothing
// is retried. A target's probe is counted once, and not at all where known
// says, by Cell.Target, that it was measured before; known may be nil.
func Estimate(cells []Cell, mode bench.Mode, known map[string]bool) time.Duration {
	var total time.Duration
	probed := map[string]bool{}
	for _, c := range cells {
		if c.Unsupported != "" {
			continue
		}
		total += CellEstimate(c, mode)
		if key := c.Target(); c.Scenario.Family.Effect == bench.EffectHold && !probed[key] && !known[key] {
			probed[key] = true
			total += probing
		}
	}
	return total
}

// CellEstimate is how long one attempt of a cell takes.
func CellEstimate(c Cell, mode bench.Mode) time.Duration {
	p := bench.PhasesFor(mode, c.Scenario.Family.Hold, 0)
	return bootAndStop + settling + p.Baseline + p.Fault + p.Recovery
}
