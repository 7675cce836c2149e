package plan

import (
	"math"
	"testing"

	"benchrun/internal/bench"
	"benchrun/scenarios"
)

func TestSurvives(t *testing.T) {
	wedge := scenarios.Watchdog().Family
	crash := bench.Family{}
	own := bench.Family{Traits: bench.Traits{Holds: 30e9}}
	few := bench.Family{Traits: bench.Traits{Holds: bench.UntilEnded, AtMost: 97}}
	for name, tt := range map[string]struct {
		family bench.Family
		probe  bench.Probe
		hold   float64
		below  float64
		ok     bool
	}{
		"a watchdog":        {wedge, bench.Probe{Slots: 8, Watchdog: 4}, 4, 2, true},
		"none was seen":     {wedge, bench.Probe{Slots: 36, Watchdog: 5, WatchdogCensored: true}, 0, 0.01, true},
		"a hold of its own": {own, bench.Probe{Slots: 60, Watchdog: 4}, 30, 2, true},
		"few can wait":      {few, bench.Probe{Slots: 512, Watchdog: 4}, 0, 0, false},
		"some hold nothing": {bench.Family{Traits: bench.Traits{Holds: bench.UntilEnded, Free: 5}}, bench.Probe{Slots: 8, Watchdog: 4}, 0, 0, false},
		"enough can wait":   {few, bench.Probe{Slots: 8, Watchdog: 4}, 4, 2, true},
		"holds nothing":     {crash, bench.Probe{Slots: 8, Watchdog: 4}, 0, 0, false},
		"no end was found":  {wedge, bench.Probe{Slots: 1100, Unbounded: true, Watchdog: 4}, 0, 0, false},
		"not probed":        {wedge, bench.Probe{}, 0, 0, false},
	} {
		slots, hold, below, ok := Survives(tt.family, tt.probe, 100)
		if ok != tt.ok || ok && slots != tt.probe.Slots || hold != tt.hold || math.Abs(below-tt.below) > 1e-9 {
			t.Errorf("%s: %d slots, %g s, below %g %%, %v; want %+v", name, slots, hold, below, ok, tt)
		}
	}
}
