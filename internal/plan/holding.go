package plan

import (
	"math"
	"time"

	"benchrun/internal/bench"
)

const (
	// AgeingEvery is the pace at which slots are taken: 100 a second.
	AgeingEvery = 10 * time.Millisecond
	// AgeingSettle is how long the victims are looked at, at least, once the last slot is
	// taken: those of a whole second, and AgeingGrace.
	AgeingSettle = time.Second + AgeingGrace
	// AgeingGrace is what a victim gets to be answered before it is missed.
	AgeingGrace = 300 * time.Millisecond
	// ageingMargin is how many slots are left for the fault phase to take, where
	// it has the faults for them.
	ageingMargin = 4
	// ageingUnbounded is what a pool without a measured end is aged by.
	ageingUnbounded = 256
)

// Forever is the hold time of a fault that nothing is known to end.
const Forever = time.Duration(math.MaxInt64)

// holdTime is how long one fault of the family holds its slot on a target: the
// family's own hold where it has one, else the watchdog. A watchdog that was
// not seen within the probe's patience counts as none. 0 means that the family
// holds no slot.
func holdTime(f bench.Family, p bench.Probe) time.Duration {
	switch t := f.Traits; {
	case !t.HoldsSlot():
		return 0
	case t.OwnHold() > 0:
		return t.OwnHold()
	case p.Watchdog > 0 && !p.WatchdogCensored:
		return bench.Seconds(p.Watchdog)
	}
	return Forever
}

// agedBy is how many slots are taken before the fault phase for each part of a scenario:
// as many as an hour of the faults would hold at once, less the margin, none if negative:
// A = min(C, R·p·min(τ, 3600 s)) − margin. Where only so many faults of a family can hold a
// slot, no more are taken. A pool whose end was not found is aged by 256 at most. What
// holds slots together takes them in proportion to what each would hold. Faults that hold
// no slot because a process still has what they take come in addition, for each of the
// workers. fault is the length of the fault phase.
//
// The margin is 4, or as many as the faults of two thirds of the fault phase can
// take, if these are fewer: else a pool that an hour would end were not seen to
// end at a low ratio.
func agedBy(s bench.Scenario, p bench.Probe, workers int, fault time.Duration) []int {
	parts := s.Parts()
	out := make([]int, len(parts))
	held := make([]float64, len(parts))
	total, perSecond := 0.0, 0.0
	for i, part := range parts {
		if tau := holdTime(part.Family, p); tau > 0 {
			rp := part.PerSecond(bench.StandardLoad.Rate)
			held[i] = part.Family.Traits.AtOnce(rp * min(tau, bench.Horizon).Seconds())
			total, perSecond = total+held[i], perSecond+rp
		}
	}
	if total == 0 || p.Slots == 0 {
		return out
	}
	all, upTo, taken := agedOf(total, perSecond, p, fault), 0.0, 0
	for i := range parts {
		upTo += held[i]
		out[i] = int(math.Round(float64(all)*upTo/total)) - taken
		taken += out[i]
	}
	for i, part := range parts {
		if out[i] > 0 {
			out[i] += part.Family.Traits.Free * max(1, workers)
		}
	}
	return out
}

// agedOf is how many slots are taken where an hour would hold so many.
func agedOf(held, perSecond float64, p bench.Probe, fault time.Duration) int {
	limit := float64(p.Slots)
	if p.Unbounded {
		limit = ageingUnbounded + ageingMargin
	}
	margin := min(ageingMargin, int(perSecond*fault.Seconds()*2/3))
	return max(0, int(min(limit, held))-margin)
}

// finite gives 0 for a hold without an end, as bench.PhasesFor wants it.
func finite(d time.Duration) time.Duration {
	if d == Forever {
		return 0
	}
	return d
}

// WatchdogLeast is how long the watchdog of the smallest pool is waited for.
const WatchdogLeast = 5 * time.Second

// Patience of the watchdog probe, in seconds. A pool that is full before its
// watchdog acts makes the rest of the watchdog's time irrelevant.
const (
	watchdogMostQuick = 35.0
	watchdogMostFull  = 90.0
	// watchdogMostClaimed bounds the wait for a watchdog that is documented.
	watchdogMostClaimed = 120.0
)

// watchdogPatience is how long a watchdog is waited for: until the pool would
// be full at this ratio, within bounds. Where a pool outlasts them, it is waited for
// until what its documentation claims of the watchdog is refuted: then its truth
// decides whether the pool ever fills.
func watchdogPatience(slots int, ratio bench.Ratio, mode bench.Mode, claims bench.Claims) time.Duration {
	most := watchdogMostQuick
	if mode == bench.ModeFull {
		most = watchdogMostFull
	}
	perSecond := float64(bench.StandardLoad.Rate) * ratio.Fraction()
	full := 1.25 * float64(slots) / perSecond
	if claimed := min(bench.RefutedAfter(claims.Watchdog), watchdogMostClaimed); full > most && claimed > most {
		return bench.Seconds(min(full, claimed))
	}
	return bench.Seconds(min(most, max(WatchdogLeast.Seconds(), full)))
}
