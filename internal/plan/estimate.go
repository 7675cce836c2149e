package plan

import (
	"time"

	"benchrun/internal/bench"
)

// Knowledge is what an estimate rests on. What a server's documentation claims
// of slots and watchdogs replaces a missing probe.
type Knowledge struct {
	Mode     bench.Mode
	Attempts int                    // k: how many a verdict that is not held takes; below 1 counts as 1
	Probes   map[string]bench.Probe // by Cell.Launch; measured, now or by an earlier run
	// Made is how many of a cell's attempts are made already and count towards
	// its k, as an earlier part of the run left them; nil = none.
	Made func(Cell) int
	// Past is how the last valid attempt of a cell went; nil, or false = nobody knows.
	Past func(Cell) (Past, bool)
}

// left is how many attempts of a cell there are still to make, 1 at least, if
// each says that it is not held.
func (k Knowledge) left(c Cell) int {
	made := 0
	if k.Made != nil {
		made = k.Made(c)
	}
	return max(k.Attempts-made, 1)
}

// What an attempt costs beyond its phases, as measured on many servers
// (estimate_test.go has a table of them).
const (
	booting  = time.Second
	stopping = 400 * time.Millisecond
	settling = time.Second            // the judge knows of a second when the next one is settled
	noticing = 4 * time.Second        // from a collapse until its losses are known to be enough
	crashing = 2 * time.Second        // the same where connections are refused: nothing is waited for
	draining = 2 * time.Second        // victims that wait on a wedged server, when the load ends
	refusing = 100 * time.Millisecond // what an idle server takes to end
)

// Estimate is how long the cells take when no attempt is invalid: those that
// are expected not to hold take k.Attempts attempts, those made included. A target's probe is
// counted once, and not at all where it is known. Installing is not counted.
func Estimate(cells []Cell, k Knowledge) time.Duration {
	var total time.Duration
	for _, c := range cells {
		if c.Unsupported == "" {
			total += CellSpan(c, k).Likely
		}
	}
	for _, probing := range Probings(cells, k) {
		total += probing
	}
	return total
}

// Probings is how long the probe of each launch takes that these cells need. One probe does
// for all of them, so it waits for the watchdog as long as the one that needs most.
func Probings(cells []Cell, k Knowledge) map[string]time.Duration {
	longest := map[string]time.Duration{}
	for _, c := range cells {
		if c.Unsupported == "" {
			longest[c.Launch()] = max(longest[c.Launch()], Probing(c, k))
		}
	}
	return longest
}

// LongestPatience is the patience with which a probe of c's launch does for all these cells.
func LongestPatience(c Cell, cells []Cell) Patience {
	return func(slots int) time.Duration {
		longest := c.Patience(slots)
		for _, other := range cells {
			if other.Launch() == c.Launch() && other.NeedsProbe(bench.Probe{}) {
				longest = max(longest, other.Patience(slots))
			}
		}
		return longest
	}
}

// CellEstimate is how long one attempt of a cell takes, by the mean of what may
// come of it.
func CellEstimate(c Cell, k Knowledge) time.Duration { return Foresee(c, k).Of(1).Likely }

// CellSpan is how long the attempts of a cell take that are still to make.
func CellSpan(c Cell, k Knowledge) bench.Span { return Foresee(c, k).Of(k.left(c)) }

// Foresee says how an attempt of a cell is expected to go: like the last one, or if there
// was none, by the theory line. Its timing is worked out from what is expected of the probe.
func Foresee(c Cell, k Knowledge) Outlook { return ForeseeTimed(c, k, expectedTiming(c, k)) }

// ForeseeTimed is the same for attempts whose timing is known.
func ForeseeTimed(c Cell, k Knowledge, timing Timing) Outlook {
	o := byTheory(c, k, timing)
	if k.Past != nil {
		if p, ok := k.Past(c); ok {
			o.Learn(p)
		}
	}
	return o
}

// foresee says what the theory line expects of an attempt.
func foresee(c Cell, k Knowledge) Outlook { return byTheory(c, k, expectedTiming(c, k)) }

// expectedTiming is the timing of attempts whose target is not probed yet.
func expectedTiming(c Cell, k Knowledge) Timing { return c.Timing(k.Mode, expected(c, k)) }

func byTheory(c Cell, k Knowledge, timing Timing) Outlook {
	if len(c.Scenario.Family.Mix) > 0 {
		return foreseeMix(c, k, timing)
	}
	f, probe, claims := c.Scenario.Family, expected(c, k), c.claims()
	p, always := timing.Phases, besideFaults(timing)
	o := Outlook{Held: always + p.Fault + settling}
	enough := noticing + p.Fault/20 // the judge waits until 5 % of the phase's victims are lost
	switch t := f.Traits; {
	case t.Expects == bench.ExpectsDeath:
		o.Failed = always + crashing + p.Fault/20
		if claims.Watchdog > 0 || claims.Grace > 0 { // somebody is there to replace what died
			o.Chance = 1
		}
		return o
	case t.HoldsSlot():
		free := max(0, probe.Slots-timing.Aged-1)
		collapse := bench.Seconds(float64(free) / perSecond(c))
		if t.Wedges() { // what is stuck stays stuck
			o.Drain = draining + max(refusing, min(p.StopWindow, bench.Seconds(claims.Grace)))
		}
		o.Failed = always + min(p.Fault, collapse) + enough + o.Drain
		o.Chance = chanceToHold(c, probe, timing.Hold, claims)
		return o
	}
	if busy := perSecond(c) * f.Lasts.Seconds(); !f.Traits.Fills && busy > 0 && busy >= float64(probe.Slots)/2 { // the others wait too long
		o.Failed = always + enough
		return o
	}
	o.Failed, o.Chance = o.Held, 1 // what ends by itself seldom ends the attempt
	return o
}

// foreseeMix expects of a mix that it holds if each of its parts would hold alone, and all
// of them together leave slots.
func foreseeMix(c Cell, k Knowledge, timing Timing) Outlook {
	probe, claims := expected(c, k), c.claims()
	o := Outlook{Held: besideFaults(timing) + timing.Phases.Fault + settling, Failed: Forever, Chance: 1}
	busy := 0.0
	for _, p := range c.Scenario.Parts() {
		one := c
		one.Scenario = p
		part := foresee(one, k)
		if o.Chance = min(o.Chance, part.Chance); part.Chance < 1 && part.Failed < o.Failed {
			o.Failed, o.Drain = part.Failed, part.Drain
		}
		busy += busySlots(one, holdTime(p.Family, probe), claims)
	}
	if !probe.Unbounded && busy > 0 && busy >= float64(probe.Slots) {
		o.Chance = min(o.Chance, 0.5) // what slow clients hold is only half believed
	}
	if o.Failed == Forever { // none of them alone
		o.Failed = o.Held
	}
	return o
}

// busySlots is how many slots the theory has busy at any time, R·p·τ; a documented
// watchdog ends slow requests too.
func busySlots(c Cell, tau time.Duration, claims bench.Claims) float64 {
	if c.Scenario.Family.Traits.OwnHold() > 0 && claims.Watchdog > 0 {
		tau = min(tau, bench.Seconds(claims.Watchdog))
	}
	return c.Scenario.Family.Traits.AtOnce(perSecond(c) * tau.Seconds())
}

// Unpromised says why a target need not hold a cell, by what its server file says;
// "" = it should. A crash is to be survived where other workers go on and somebody
// replaces one, a fault that holds a slot where the file claims enough slots and a
// watchdog. Nothing is promised of slow clients on a pool, where it is a coin's
// toss.
func Unpromised(c Cell) string {
	if parts := c.Scenario.Parts(); len(parts) > 1 {
		for _, p := range parts {
			c.Scenario = p
			if why := Unpromised(c); why != "" {
				return why
			}
		}
		return ""
	}
	profile, f := c.Server.Profiles[c.Profile], c.Scenario.Family
	switch {
	case (f.Traits.Expects == bench.ExpectsDeath || f.Traits.Expects == bench.ExpectsReplacement && !f.Traits.Fills) && profile.Workers < 2:
		return "its one worker serves everybody"
	case f.Traits.HoldsSlot() && profile.Claims.Slots == 0:
		return "it claims no slots"
	case f.Traits.HoldsSlot() && profile.Claims.Watchdog == 0:
		return "it claims no watchdog_s"
	}
	if foresee(c, Knowledge{Mode: bench.ModeQuick}).Chance < 1 {
		return "each fault holds a slot until none is left"
	}
	return ""
}

// expected is the target's probe, or what its documentation lets one expect.
func expected(c Cell, k Knowledge) bench.Probe {
	if p, ok := k.Probes[c.Launch()]; ok && p.Slots > 0 {
		return p
	}
	claims := c.claims()
	p := bench.Probe{Slots: claims.Slots, Watchdog: claims.Watchdog, WatchdogCensored: claims.Watchdog == 0}
	if claims.Slots == 0 { // nobody says that there is an end
		p.Slots, p.Unbounded = ageingUnbounded+ageingMargin, true
	}
	return p
}

// chanceToHold is the theory line, R·p·τ < C. Where it speaks of slow clients it
// is only half believed: many servers read for them before a slot is taken.
func chanceToHold(c Cell, p bench.Probe, tau time.Duration, claims bench.Claims) float64 {
	own, busy := c.Scenario.Family.Traits.OwnHold(), busySlots(c, tau, claims)
	switch {
	case p.Unbounded || busy < float64(p.Slots):
		return 1
	case own > 0 && p.Slots > 1:
		return 0.5
	}
	return 0
}

// perSecond is how many faults come in a second, R·p.
func perSecond(c Cell) float64 {
	return c.Scenario.PerSecond(bench.StandardLoad.Rate)
}

// Probing is how long slots and watchdog of a cell's target are looked for; 0 = they need
// not be. That takes a launch and a try for each size of pool, and one for the watchdog.
// Measured: 6 to 10 s for small pools with a watchdog or without, 42 s for 64 slots, 53 s
// for 512 and more.
func Probing(c Cell, k Knowledge) time.Duration {
	if !c.NeedsProbe(k.Probes[c.Launch()]) {
		return 0
	}
	const launch = 500 * time.Millisecond
	claims := c.claims()
	p := expected(c, Knowledge{})
	took := launch + 2*time.Second
	if p.Slots >= 32 {
		took += launch + 3*time.Second
	}
	if p.Slots >= 160 {
		took += launch + 11*time.Second
	}
	patience := c.Patience(p.Slots)
	if claims.Watchdog > 0 {
		patience = min(patience, bench.Seconds(claims.Watchdog+1))
	}
	return took + launch + patience
}
