package plan

import (
	"slices"
	"time"

	"benchrun/internal/bench"
)

// Timing is what a target's slots and watchdog mean for a cell's attempts. The
// campaign works it out once, when the target was probed, and hands it to every
// attempt. An estimate is wanted before that: it works out its own from what it
// expects of the probe.
type Timing struct {
	Hold          time.Duration // of one fault, the longest of a mix; Forever where nothing is known to end it; 0 = it holds no slot
	Phases        bench.Phases
	RecoveryLeast time.Duration // Phases.Recovery may end early, but not before this
	Aged          int           // slots that the ageing takes
	AgedBy        []int         // the same, for each part of the scenario
}

// Timing is the cell's in a mode, by what a probe has found. Where workers are to be
// replaced, or clients vanish, the recovery can be long enough to see what stays.
func (c Cell) Timing(mode bench.Mode, probe bench.Probe) Timing {
	f, claims := c.Scenario.Family, c.claims()
	t := Timing{}
	longest := time.Duration(0) // that ends
	for _, p := range c.Scenario.Parts() {
		hold := holdTime(p.Family, probe)
		t.Hold, longest = max(t.Hold, hold), max(longest, finite(hold))
	}
	t.Phases = bench.PhasesFor(mode, longest, bench.Seconds(claims.Grace))
	if f.Traits.Expects == bench.ExpectsEnd { // nobody is there to be watched for longer
		t.Phases.Fault, t.Phases.FaultCap = endFault, endFault+15*time.Second
		t.Phases.Recovery = endRecovery
	}
	if surge := f.Cadence.Surge; surge != nil { // it takes its own time, in each mode
		t.Phases.Fault = (surge.Length() + time.Second - 1).Truncate(time.Second)
		t.Phases.FaultCap = t.Phases.Fault + 15*time.Second
	}
	t.RecoveryLeast = t.Phases.Recovery
	if limit := f.Traits.Expects.SettleLimit(claims); limit > 0 {
		t.Phases.Recovery = max(t.Phases.Recovery, limit+3*time.Second)
	}
	if slices.ContainsFunc(f.Each(), func(t bench.Traits) bool { return t.Expects == bench.ExpectsDeath }) {
		t.Phases.Recovery = max(t.Phases.Recovery, bench.RespawnLimit+3*time.Second)
	}
	if slices.ContainsFunc(f.Each(), func(t bench.Traits) bool { return t.Vanishes || t.Fills || t.Returns }) {
		t.Phases.Recovery = max(t.Phases.Recovery, bench.VanishLimit)
	}
	t.AgedBy = agedBy(c.Scenario, probe, c.Server.Profiles[c.Profile].Workers, t.Phases.Fault)
	for _, n := range t.AgedBy {
		t.Aged += n
	}
	return t
}

// The phases of a fault that ends the server: from a second before its signal on.
const (
	endFault    = 3 * time.Second
	endRecovery = 2 * time.Second
)

// claims are what the target's documentation says of it.
func (c Cell) claims() bench.Claims { return c.Server.Profiles[c.Profile].Claims }

// Patience says how long a probe waits for the watchdog of a pool of so many slots.
type Patience func(slots int) time.Duration

// WithPatience gives the cells of a run in a mode their patience. It comes last: the patience
// depends on the claims of the cells' profiles.
func WithPatience(cells []Cell, mode bench.Mode) []Cell {
	out := slices.Clone(cells)
	for i, c := range out {
		out[i].Patience = c.patience(mode)
	}
	return out
}

func (c Cell) patience(mode bench.Mode) Patience {
	ratio, claims := c.Scenario.Ratio, c.claims()
	if len(c.Scenario.Family.Mix) > 0 { // the other parts fill no pool
		ratio = 0
		for _, p := range c.Scenario.Parts() {
			if p.Family.Traits.HoldsSlot() {
				ratio += p.Ratio
			}
		}
	}
	return func(slots int) time.Duration { return watchdogPatience(slots, ratio, mode, claims) }
}

// RefutingPatience is that of a check of the claims: it lasts until what is claimed
// is refuted, for most at most, but never less than a probe's least.
func RefutingPatience(claims bench.Claims, most time.Duration) Patience {
	patience := min(max(WatchdogLeast, bench.Seconds(bench.RefutedAfter(claims.Watchdog))), max(most, WatchdogLeast))
	return func(int) time.Duration { return patience }
}

// NeedsProbe says that the cell's target is to be probed, by what is known of it and
// the cell's patience.
func (c Cell) NeedsProbe(known bench.Probe) bool {
	return slices.ContainsFunc(c.Scenario.Family.Each(), bench.Traits.HoldsSlot) && !c.Patience.Enough(known)
}

// Enough says that a probe has found slots, and has waited long enough for their
// watchdog.
func (p Patience) Enough(probe bench.Probe) bool {
	return probe.Slots > 0 && (!probe.WatchdogCensored || probe.Watchdog >= p(probe.Slots).Seconds())
}
