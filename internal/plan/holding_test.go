package plan

import (
	"slices"
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/scenarios"
)

func family(t *testing.T, id string) bench.Family {
	t.Helper()
	f, ok := scenarios.Family(id)
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
		{"not seen", wedge, bench.Probe{Slots: 4, Watchdog: 5, WatchdogCensored: true}, Forever},
		{"not seen, whatever is claimed", wedge, bench.Probe{Slots: 4, Watchdog: 35, WatchdogCensored: true}, Forever},
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
		aged := agedAlone(f.Scenario(), probe, 12*time.Second)
		if (aged > 0) != slices.ContainsFunc(f.Each(), bench.Traits.HoldsSlot) {
			t.Errorf("%s (holds for %s): %d slots", f.ID, f.Traits.Holds, aged)
		}
	}
}

// agedAlone is how many slots the only part of a scenario takes beforehand on two workers.
func agedAlone(s bench.Scenario, p bench.Probe, fault time.Duration) int {
	return agedBy(s, p, 2, fault)[0]
}

func TestAgedSlots(t *testing.T) {
	at := func(id string, r bench.Ratio) bench.Scenario { return bench.Scenario{Family: family(t, id), Ratio: r} }
	for _, tt := range []struct {
		name     string
		scenario bench.Scenario
		probe    bench.Probe
		want     int
	}{
		{"a small pool needs none", at("wedge", 1000), bench.Probe{Slots: 4}, 0},
		{"the margin is left", at("wedge", 1000), bench.Probe{Slots: 5}, 1},
		{"a large pool", at("wedge", 1000), bench.Probe{Slots: 512}, 508},
		{"a watchdog keeps it emptier", at("wedge", 1000), bench.Probe{Slots: 512, Watchdog: 30}, 26},
		{"the largest pool that has an end", at("wedge", 1000), bench.Probe{Slots: 1099}, 1095},
		{"an hour at most", at("wedge", 100), bench.Probe{Slots: 1000}, 360},
		{"no margin that the faults could not take", at("wedge", 100), bench.Probe{Slots: 4}, 4},
		{"a margin of one", at("wedge", 200), bench.Probe{Slots: 4}, 3},
		{"the whole margin", at("wedge", 500), bench.Probe{Slots: 9}, 5},
		{"what the faults wait for takes no more", at("db-lock", 1000), bench.Probe{Slots: 512}, 93},
		{"likewise without an end", at("db-lock", 1000), bench.Probe{Slots: 1100, Unbounded: true}, 93},
		{"ten that hold nothing come first", at("pool-drain", 5000), bench.Probe{Slots: 64}, 70},
		{"one of six holds a slot", at("pool-drain", 5000), bench.Probe{Slots: 64, Watchdog: 12}, 16},
		{"nothing is aged, so nothing comes first", at("pool-drain", 5000), bench.Probe{Slots: 8, Watchdog: 4}, 0},
		{"unbounded", at("wedge", 1000), bench.Probe{Slots: 1100, Unbounded: true}, 256},
		{"unbounded, low ratio", at("wedge", 100), bench.Probe{Slots: 1100, Unbounded: true, Watchdog: 60}, 4},
		{"crashes hold nothing", at("segfault", 1000), bench.Probe{Slots: 512}, 0},
		{"not probed", at("wedge", 1000), bench.Probe{}, 0},
		{"slow uploads of 30 s", at("slow-upload", 1000), bench.Probe{Slots: 1100, Unbounded: true}, 26},
	} {
		tau := holdTime(tt.scenario.Family, tt.probe)
		if got := agedAlone(tt.scenario, tt.probe, bench.PhasesFor(bench.ModeQuick, finite(tau), 0).Fault); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}

// Whatever the pool, the ratio and the mode: where an hour of wedges would end a
// pool, the fault phase has the faults to end it, and a third of its time left to
// show it.
func TestTheFaultPhaseEndsWhatAnHourEnds(t *testing.T) {
	wedge := family(t, "wedge")
	for _, ratio := range bench.RatioLadder {
		for _, mode := range []bench.Mode{bench.ModeQuick, bench.ModeFull} {
			perSecond := float64(bench.StandardLoad.Rate) * ratio.Fraction()
			phase := bench.PhasesFor(mode, 0, 0).Fault
			for slots := 1; slots < bench.MostSlots; slots++ {
				if float64(slots) > perSecond*bench.Horizon.Seconds() {
					break
				}
				aged := agedAlone(bench.Scenario{Family: wedge, Ratio: ratio}, bench.Probe{Slots: slots}, phase)
				if left := slots - aged; float64(left) > perSecond*phase.Seconds()*2/3 || left < 0 {
					t.Errorf("%s, %s: %d of %d slots left", ratio, mode, left, slots)
				}
			}
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
		{512, 1000, bench.ModeQuick, 60, 92 * time.Second},  // it decides whether the pool ever fills
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
