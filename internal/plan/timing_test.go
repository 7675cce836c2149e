package plan

import (
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/targets"
)

// The recovery waits for workers that are to be replaced, and the least of it stays.
func TestTimingOfARenewal(t *testing.T) {
	profile := targets.Profile{Claims: bench.Claims{Grace: 30}}
	c := Cell{Server: &targets.Server{Profiles: map[string]targets.Profile{"default": profile}}, Profile: "default"}
	plain := c.Timing(bench.ModeQuick, bench.Probe{})
	c.Scenario.Family = family(t, "reload")
	renewal := c.Timing(bench.ModeQuick, bench.Probe{})
	if renewal.RecoveryLeast != plain.Phases.Recovery || renewal.Phases.Recovery <= bench.RenewalLimit(profile.Claims) {
		t.Errorf("a recovery from %v to %v, otherwise %v", renewal.RecoveryLeast, renewal.Phases.Recovery, plain.Phases.Recovery)
	}
}

// A bound that a probe saw is enough only for a pool that is full by then.
func TestPatience(t *testing.T) {
	c := Cell{Server: &targets.Server{}, Scenario: bench.Scenario{Ratio: 1000}}
	bound := bench.Probe{Slots: 8, Watchdog: 10, WatchdogCensored: true}
	for _, tt := range []struct {
		ratio bench.Ratio
		probe bench.Probe
		want  bool
	}{
		{1000, bound, true},
		{100, bound, false},
		{1000, bench.Probe{Slots: 8, Watchdog: 9.9, WatchdogCensored: true}, false},
		{100, bench.Probe{Slots: 8, Watchdog: 2}, true},
		{1000, bench.Probe{Watchdog: 2}, false},
	} {
		c.Scenario.Ratio = tt.ratio
		if got := c.Patience(bench.ModeQuick).Enough(tt.probe); got != tt.want {
			t.Errorf("ratio %v, %+v: %v", tt.ratio, tt.probe, got)
		}
	}
}

// The patience lasts until a claim is refuted, no longer than the user's, and
// never less than the probe's least.
func TestRefutingPatience(t *testing.T) {
	for _, tt := range []struct {
		asked time.Duration
		claim float64
		want  time.Duration
	}{
		{time.Minute, 0, 5 * time.Second},
		{time.Minute, 3, 6500 * time.Millisecond},
		{time.Minute, 30, 47 * time.Second},
		{time.Minute, 162, time.Minute},
		{4 * time.Minute, 100, 152 * time.Second},
		{time.Second, 30, 5 * time.Second},
	} {
		if got := RefutingPatience(bench.Claims{Watchdog: tt.claim}, tt.asked)(8); got != tt.want {
			t.Errorf("%v asked, %g s claimed: %v, want %v", tt.asked, tt.claim, got, tt.want)
		}
	}
}

// What is foreseen of an attempt is what its timing says.
func TestEstimateHasTheTiming(t *testing.T) {
	c := Cell{Server: &targets.Server{Profiles: map[string]targets.Profile{"default": {}}}, Profile: "default"}
	c.Scenario = bench.Scenario{Family: family(t, "slow-upload"), Ratio: 1000}
	probe := bench.Probe{Slots: 200}
	timing := c.Timing(bench.ModeQuick, probe)
	held, _, _ := foresee(c, Knowledge{Mode: bench.ModeQuick, Probes: map[string]bench.Probe{c.Launch(): probe}})
	least := timing.Phases.Baseline + timing.Phases.Fault + timing.RecoveryLeast + time.Duration(timing.Aged)*AgeingEvery
	if timing.Aged == 0 || held < least {
		t.Errorf("%v is foreseen, and the phases take %v with %d slots aged", held, least, timing.Aged)
	}
}
