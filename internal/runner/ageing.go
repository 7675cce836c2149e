package runner

import (
	"math"
	"time"

	"benchrun/internal/bench"
)

const (
	// ageingEvery is the pace at which slots are taken: 100 a second.
	ageingEvery = 10 * time.Millisecond
	// ageingSettle is what the last of them gets to reach the app.
	ageingSettle = 500 * time.Millisecond
	// ageingMargin is how many slots are left for the fault phase to take.
	ageingMargin = 4
	// ageingHorizon is the stretch of production that ageing stands for.
	ageingHorizon = time.Hour
	// ageingUnbounded is what a pool without a measured end is aged by.
	ageingUnbounded = 256
)

// servedAgain says whether, of the victims that were due in the second which
// ended ageingGrace ago, all but 2 % have been served. Taking many slots at once
// is work that an hour would have spread out; its aftermath is no part of the
// fault.
func servedAgain(samples []bench.Sample, now int64, rate int) bool {
	to := now - int64(ageingGrace)
	served := 0
	for _, s := range samples {
		if s.Role == bench.RoleVictim && s.Outcome == bench.OK && s.Due >= to-int64(time.Second) && s.Due < to {
			served++
		}
	}
	return served*100 >= rate*98
}

// ageingGrace is what a victim gets to be answered before servedAgain misses it.
const ageingGrace = 300 * time.Millisecond

// forever is the hold time of a fault that nothing is known to end.
const forever = time.Duration(math.MaxInt64)

// holdTime is how long one fault of the family holds its slot on a target: the
// family's own hold where it has one, else the watchdog. A watchdog that was
// not seen within the probe's patience counts as none. 0 means that the family
// holds no slot.
func holdTime(f bench.Family, p bench.Probe) time.Duration {
	switch {
	case f.Effect != bench.EffectHold:
		return 0
	case f.Hold > 0:
		return f.Hold
	case p.Watchdog > 0 && !p.WatchdogCensored:
		return seconds(p.Watchdog)
	}
	return forever
}

// agedSlots is how many slots an hour of the fault would hold at once, less
// the margin: A = min(C, R·p·min(τ, 3600 s)) − 4, none if negative. A pool
// whose end was not found is aged by 256 at most.
func agedSlots(s bench.Scenario, p bench.Probe, tau time.Duration, rate int) int {
	if tau == 0 || p.Slots == 0 {
		return 0
	}
	perSecond := float64(rate) * s.Ratio.Fraction()
	held := perSecond * min(tau, ageingHorizon).Seconds()
	limit := float64(p.Slots)
	if p.Unbounded {
		limit = ageingUnbounded + ageingMargin
	}
	return max(0, int(min(limit, held))-ageingMargin)
}

// finite gives 0 for a hold without an end, as bench.PhasesFor wants it.
func finite(d time.Duration) time.Duration {
	if d == forever {
		return 0
	}
	return d
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
