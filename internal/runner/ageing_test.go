package runner

import (
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/scenarios"
	"benchrun/targets"
)

func family(t *testing.T, id string) bench.Family {
	t.Helper()
	f, ok := scenarios.ByID(id)
	if !ok {
		t.Fatalf("no family %s", id)
	}
	return f
}

func TestHoldTime(t *testing.T) {
	wedge, segfault, upload := family(t, "wedge"), family(t, "segfault"), family(t, "slow-upload")
	for _, tt := range []struct {
		name   string
		family bench.Family
		probe  bench.Probe
		want   time.Duration
	}{
		{"a crash holds nothing", segfault, bench.Probe{Slots: 4}, 0},
		{"measured", wedge, bench.Probe{Slots: 4, Watchdog: 3}, 3 * time.Second},
		{"not seen", wedge, bench.Probe{Slots: 4, Watchdog: 5, WatchdogCensored: true}, forever},
		{"not seen, whatever is claimed", wedge, bench.Probe{Slots: 4, Watchdog: 35, WatchdogCensored: true}, forever},
		{"load holds nothing", family(t, "slow"), bench.Probe{Slots: 4, Watchdog: 3}, 0},
		{"a spinning wedge", family(t, "wedge-spin"), bench.Probe{Slots: 4, Watchdog: 3}, 3 * time.Second},
		{"a crawling download", family(t, "slow-download"), bench.Probe{Slots: 4, Watchdog: 3}, 30 * time.Second},
		{"its own hold", upload, bench.Probe{Slots: 4, Watchdog: 3}, 30 * time.Second},
	} {
		if got := holdTime(tt.family, tt.probe); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// What ends by itself within about a second never takes slots beforehand, in
// whatever pool.
func TestLoadIsNotAged(t *testing.T) {
	for _, f := range scenarios.All() {
		probe := bench.Probe{Slots: 1100, Unbounded: true, Watchdog: 5, WatchdogCensored: true}
		aged := agedSlots(bench.Scenario{Family: f, Ratio: f.Ratio}, probe, holdTime(f, probe), 100)
		if (aged > 0) != (f.Effect == bench.EffectHold) {
			t.Errorf("%s (%s): %d slots", f.ID, f.Effect, aged)
		}
	}
}

func TestUnderAFamily(t *testing.T) {
	server := &targets.Server{Profiles: map[string]targets.Profile{"default": {
		Args: []string{"-w"}, Families: map[string]targets.ForFamily{"leak": {Args: []string{"-m"}}},
	}}}
	prepared := &Prepared{Server: server, Profile: server.Profiles["default"], ProfileName: "default"}
	if got := prepared.under("leak"); len(got.Profile.Args) != 2 || len(got.Server.Profiles["default"].Args) != 2 {
		t.Errorf("under leak: %+v", got)
	}
	if len(prepared.Profile.Args) != 1 || len(server.Profiles["default"].Args) != 1 {
		t.Errorf("the target has changed: %+v", prepared)
	}
}

func TestAgedSlots(t *testing.T) {
	at := func(id string, r bench.Ratio) bench.Scenario { return bench.Scenario{Family: family(t, id), Ratio: r} }
	for _, tt := range []struct {
		name     string
		scenario bench.Scenario
		probe    bench.Probe
		tau      time.Duration
		want     int
	}{
		{"a small pool needs none", at("wedge", 1000), bench.Probe{Slots: 4}, forever, 0},
		{"the margin is left", at("wedge", 1000), bench.Probe{Slots: 5}, forever, 1},
		{"a large pool", at("wedge", 1000), bench.Probe{Slots: 512}, forever, 508},
		{"a watchdog keeps it emptier", at("wedge", 1000), bench.Probe{Slots: 512}, 30 * time.Second, 26},
		{"an hour at most", at("wedge", 100), bench.Probe{Slots: 1000}, forever, 356},
		{"unbounded", at("wedge", 1000), bench.Probe{Slots: 1100, Unbounded: true}, forever, 256},
		{"unbounded, low ratio", at("wedge", 100), bench.Probe{Slots: 1100, Unbounded: true}, time.Minute, 2},
		{"crashes hold nothing", at("segfault", 1000), bench.Probe{Slots: 512}, 0, 0},
		{"not probed", at("wedge", 1000), bench.Probe{}, forever, 0},
		{"slow uploads of 30 s", at("slow-upload", 1000), bench.Probe{Slots: 1100, Unbounded: true}, 30 * time.Second, 26},
	} {
		if got := agedSlots(tt.scenario, tt.probe, tt.tau, 100); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestServedAgain(t *testing.T) {
	const now = int64(10 * time.Second)
	load := func(outcome func(due int64) bench.Outcome) (samples []bench.Sample) {
		for due := int64(0); due < now; due += int64(10 * time.Millisecond) {
			samples = append(samples, bench.Sample{Role: bench.RoleVictim, Due: due, Outcome: outcome(due)})
		}
		return samples
	}
	okFrom := func(from time.Duration) func(int64) bench.Outcome {
		return func(due int64) bench.Outcome {
			if due >= int64(from) {
				return bench.OK
			}
			return bench.Late
		}
	}
	for _, tt := range []struct {
		name    string
		samples []bench.Sample
		want    bool
	}{
		{"all served", load(okFrom(0)), true},
		{"served for the last second", load(okFrom(8700 * time.Millisecond)), true},
		{"not yet for a second", load(okFrom(8800 * time.Millisecond)), false},
		{"none served", load(okFrom(time.Hour)), false},
		{"answers are still awaited", load(okFrom(0))[:930], false},
		{"the last ones are not missed", load(okFrom(0))[:970], true},
		{"the control is no victim", []bench.Sample{{Role: bench.RoleControl, Due: now - int64(time.Second), Outcome: bench.OK}}, false},
	} {
		if got := servedAgain(tt.samples, now, 100); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

func TestMostHeld(t *testing.T) {
	r := func(t int64, nonce string, e bench.ReceiptEvent) bench.Receipt {
		return bench.Receipt{T: t, Nonce: nonce, Event: e}
	}
	s, e, g := bench.ReceiptStart, bench.ReceiptEnd, bench.ReceiptProcessGone
	for _, tt := range []struct {
		name string
		in   []bench.Receipt
		want int
	}{
		{"none", nil, 0},
		{"one after the other", []bench.Receipt{r(1, "hold-0", s), r(2, "hold-0", e), r(2, "hold-1", s), r(3, "hold-1", e)}, 1},
		{"two at once", []bench.Receipt{r(1, "hold-0", s), r(2, "hold-1", s), r(3, "hold-0", e), r(4, "hold-2", s)}, 2},
		{"a dead process frees its slot", []bench.Receipt{r(1, "hold-0", s), r(2, "hold-0", g), r(3, "hold-1", s)}, 1},
		{"others do not count", []bench.Receipt{r(1, "hold-0", s), r(1, "v-1", s)}, 1},
		{"told twice", []bench.Receipt{r(1, "hold-0", s), r(1, "hold-0", s)}, 1},
		{"out of order in the file", []bench.Receipt{r(5, "hold-1", s), r(1, "hold-0", s), r(2, "hold-0", e)}, 1},
	} {
		if got := mostHeld(tt.in); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestWatchdogPatience(t *testing.T) {
	for _, tt := range []struct {
		slots   int
		ratio   bench.Ratio
		mode    bench.Mode
		claimed float64
		want    time.Duration
	}{
		{1, 1000, bench.ModeQuick, 0, 5 * time.Second},
		{8, 1000, bench.ModeQuick, 0, 10 * time.Second},
		{8, 10_000, bench.ModeQuick, 0, 5 * time.Second},
		{512, 1000, bench.ModeQuick, 0, 35 * time.Second},
		{512, 1000, bench.ModeFull, 0, 90 * time.Second},
		{512, 1000, bench.ModeQuick, 60, 74 * time.Second},  // it decides whether the pool ever fills
		{512, 1000, bench.ModeQuick, 3600, 2 * time.Minute}, // there is an end to patience
		{40, 1000, bench.ModeQuick, 3600, 50 * time.Second}, // the pool is full by then
		{512, 1000, bench.ModeQuick, 20, 35 * time.Second},  // seen in any case
		{8, 1000, bench.ModeQuick, 60, 10 * time.Second},    // too late to matter
	} {
		if got := watchdogPatience(tt.slots, tt.ratio, tt.mode, bench.Claims{Watchdog: tt.claimed}); got != tt.want {
			t.Errorf("%d slots at %v, %s: %v, want %v", tt.slots, tt.ratio, tt.mode, got, tt.want)
		}
	}
}
