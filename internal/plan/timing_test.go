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

// A surge takes its own time, in each mode, and the recovery waits for the server.
func TestTimingOfASurge(t *testing.T) {
	c := Cell{Server: &targets.Server{}, Scenario: bench.Scenario{Family: family(t, "burst")}}
	for _, mode := range []bench.Mode{bench.ModeQuick, bench.ModeFull} {
		p := c.Timing(mode, bench.Probe{}).Phases
		if p.Fault < c.Scenario.Family.Cadence.Surge.Length() || p.Fault > c.Scenario.Family.Cadence.Surge.Length()+time.Second || p.FaultCap <= p.Fault || p.Recovery < bench.VanishLimit {
			t.Errorf("%s: %+v", mode, p)
		}
	}
	if o := foresee(c, Knowledge{Mode: bench.ModeQuick}); o.Chance != 1 || o.Held != o.Failed {
		t.Errorf("an outlook of %+v", o)
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
		if got := WithPatience([]Cell{c}, bench.ModeQuick)[0].Patience.Enough(tt.probe); got != tt.want {
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

// What an attempt is expected to take is what its timing says, and the same beyond it
// for all that hold.
func TestEstimateHasTheTiming(t *testing.T) {
	server := &targets.Server{Profiles: map[string]targets.Profile{"default": {Claims: bench.Claims{Grace: 30}}}}
	probe := bench.Probe{Slots: 200, Watchdog: 1}
	for _, tt := range []struct {
		family string
		mode   bench.Mode
		aged   bool
	}{
		{"reload", bench.ModeQuick, false},
		{"reload", bench.ModeFull, false},
		{"big-response", bench.ModeFull, false},
		{"slow-upload", bench.ModeQuick, true},
		{"slow-upload", bench.ModeFull, true},
	} {
		c := Cell{Server: server, Profile: "default", Scenario: bench.Scenario{Family: family(t, tt.family), Ratio: 1000}}
		timing := c.Timing(tt.mode, probe)
		held := foresee(c, Knowledge{Mode: tt.mode, Probes: map[string]bench.Probe{c.Launch(): probe}}).Held
		want := booting + stopping + timing.Phases.Baseline + timing.Phases.Fault + timing.RecoveryLeast + settling
		if tt.aged {
			want += time.Duration(timing.Aged)*AgeingEvery + AgeingSettle
		}
		if held != want || (timing.Aged > 0) != tt.aged {
			t.Errorf("%s, %s: %v is expected with %d slots aged, want %v", tt.family, tt.mode, held, timing.Aged, want)
		}
	}
}

// What is foreseen of attempts whose timing is known has that timing.
func TestForeseeTimed(t *testing.T) {
	c := Cell{Server: &targets.Server{}, Scenario: family(t, "segfault").Scenario()}
	k := Knowledge{Mode: bench.ModeQuick}
	timing := c.Timing(bench.ModeQuick, bench.Probe{})
	timing.Phases.Fault += time.Minute
	if got, want := ForeseeTimed(c, k, timing).Held, Foresee(c, k).Held+time.Minute; got != want {
		t.Errorf("%s is foreseen, want %s", got, want)
	}
}

// A server that a fault may fill has time to come back, whatever it is full of.
func TestFullServerHasTimeToComeBack(t *testing.T) {
	server := &targets.Server{Profiles: map[string]targets.Profile{"default": {}}}
	for _, fills := range []bool{false, true} {
		c := Cell{Server: server, Profile: "default", Scenario: bench.Scenario{Family: bench.Family{Traits: bench.Traits{Fills: fills, Expects: bench.ExpectsReplacement}}}}
		if got := c.Timing(bench.ModeQuick, bench.Probe{}).Phases.Recovery; (got >= bench.VanishLimit) != fills {
			t.Errorf("fills: %v; the recovery lasts up to %v", fills, got)
		}
		if why := Unpromised(c); (why == "") != fills {
			t.Errorf("fills: %v; one worker is promised nothing because %q", fills, why)
		}
	}
}
