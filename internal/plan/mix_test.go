package plan

import (
	"slices"
	"strings"
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/targets"
)

func mix(t *testing.T, id string) bench.Scenario {
	t.Helper()
	return family(t, id).Scenario()
}

// Each part has one fault in each stratum of its own, and all faults come in the order of time.
func TestScheduleOfAMix(t *testing.T) {
	const until = 60 * time.Second
	scenario := mix(t, "mix_wedge-1pct_segfault-0.5pct_cpu-10pct")
	s := NewSchedule(7, scenario, 100, bench.ModeQuick)
	faults := s.Faults(until)
	counts, nonces := make([]int, 3), map[string]bool{}
	for i, f := range faults {
		part := scenario.Parts()[f.Part]
		from, to := stratum(part.Ratio, counts[f.Part])
		if f.Offset < s.between(from) || f.Offset > s.between(to-1) {
			t.Errorf("fault %d of %s at %s: not in its stratum", counts[f.Part], part.Name(), f.Offset)
		}
		counts[f.Part]++
		if f.Index != i || nonces[f.Nonce] || i > 0 && f.Offset < faults[i-1].Offset {
			t.Errorf("fault %d: %+v after %+v", i, f, faults[max(0, i-1)])
		}
		nonces[f.Nonce] = true
	}
	if !slices.Equal(counts, []int{60, 30, 600}) {
		t.Errorf("%v faults of each part in a minute", counts)
	}
	for _, d := range []time.Duration{0, time.Second, 17 * time.Second} {
		short := s.Faults(d)
		if !slices.Equal(short, faults[:len(short)]) || len(short) < len(faults) && faults[len(short)].Offset < d {
			t.Errorf("the faults until %s are not the first ones", d)
		}
	}
	if other := NewSchedule(7, mix(t, "mix_wedge-1pct_segfault-0.5pct_io-10pct"), 100, bench.ModeQuick); other.Hash() == s.Hash() {
		t.Error("another family gives the same hash")
	}
	if again := NewSchedule(7, mix(t, "mix_cpu-10pct_wedge-1pct_segfault-0.5pct"), 100, bench.ModeQuick); again.Hash() != s.Hash() {
		t.Error("another order gives another hash")
	}
}

// Two parts of the same share do not come together.
func TestPartsAreDrawnByThemselves(t *testing.T) {
	at := map[time.Duration]int{}
	for _, f := range NewSchedule(1, mix(t, "mix_wedge-1pct_segfault-1pct"), 100, bench.ModeQuick).Faults(time.Minute) {
		at[f.Offset]++
	}
	if len(at) < 110 {
		t.Errorf("60 faults of each of two parts come at %d times", len(at))
	}
}

func TestMixesAreSelected(t *testing.T) {
	cells, err := Cells(registry(t), Selection{
		Servers: []string{"wsgiref"}, Profiles: []string{"default"},
		Scenarios: []string{"mix_cpu-1pct_wedge-1pct,bad-day,mix_wedge-1pct_cpu-1pct", "bad-day-5pct"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"wsgiref/default/mix_wedge-1pct_cpu-1pct", "wsgiref/default/bad-day-1pct", "wsgiref/default/bad-day-5pct"}
	if got := names(cells); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	asked, err := Asked(cells, 1, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	again, err := FromAsked(registry(t), *asked)
	if err != nil || !slices.Equal(names(again), want) {
		t.Errorf("resumed: %q, %v", names(again), err)
	}
}

// What one part needs, the mix needs.
func TestNeedsOfAMix(t *testing.T) {
	reg := registry(t)
	s, err := reg.Lookup("wsgiref")
	if err != nil {
		t.Fatal(err)
	}
	lame := mix(t, "mix_wedge-1pct_cpu-1pct")
	lame.Family.Mix = slices.Clone(lame.Family.Mix)
	lame.Family.Mix[1].Family.Needs = bench.Needs{AppFault: "teleport", Host: []bench.HostFeature{bench.HostMemoryLimit}}
	if got := newCell(s, "", "default", lame, "").Unsupported; !strings.Contains(got, "has no fault teleport") {
		t.Errorf("unsupported: %q", got)
	}
	cells := OnHost([]Cell{{Server: s, Profile: "default", Scenario: lame}}, func(bench.HostFeature) bool { return false })
	if !strings.HasPrefix(cells[0].Unsupported, "this machine cannot limit") {
		t.Errorf("unsupported: %q", cells[0].Unsupported)
	}
	if got := newCell(s, "", "default", mix(t, "mix_wedge-1pct_cpu-1pct"), "").Unsupported; got != "" {
		t.Errorf("unsupported: %q", got)
	}
}

// A mix is launched with the arguments for each of its families.
func TestArgumentsOfAMix(t *testing.T) {
	s := &targets.Server{Name: "x", Profiles: map[string]targets.Profile{"default": {Families: map[string]targets.ForFamily{
		"leak": {Args: []string{"--recycle"}}, "cpu": {Args: []string{"--nice"}},
	}}}}
	cell := Cell{Server: s, Profile: "default", Scenario: mix(t, "mix_wedge-1pct_cpu-1pct_leak-10pct")}
	if got := cell.FamilyArgs(); !slices.Equal(got, []string{"--nice", "--recycle"}) {
		t.Errorf("%q", got)
	}
	if got, want := s.Under(cell.Scenario.FamilyIDs()...).Profiles["default"].Args, []string{"--nice", "--recycle"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := cell.Launch(); got != "x@/default --nice --recycle" {
		t.Errorf("%q", got)
	}
}

func TestTimingOfAMix(t *testing.T) {
	cell := func(id string) Cell {
		return WithPatience([]Cell{{Server: &targets.Server{}, Scenario: mix(t, id)}}, bench.ModeQuick)[0]
	}
	probe := bench.Probe{Slots: 100, Watchdog: 3}
	got := cell("mix_wedge-10pct_segfault-1pct_slow-upload-1pct").Timing(bench.ModeQuick, probe)
	// 10 a second for 3 s and 1 a second for 30 s: half of the 60 slots each, less 4.
	if !slices.Equal(got.AgedBy, []int{28, 0, 28}) || got.Aged != 56 {
		t.Errorf("aged %v, %d in all", got.AgedBy, got.Aged)
	}
	want := bench.PhasesFor(bench.ModeQuick, 30*time.Second, 0)
	want.Recovery = bench.VanishLimit // of the uploads' clients
	if got.Phases != want {
		t.Errorf("phases %+v are not those of the longest hold", got.Phases)
	}
	stuck := bench.Probe{Slots: 10, Watchdog: 5, WatchdogCensored: true}
	got = cell("mix_wedge-1pct_slow-upload-1pct").Timing(bench.ModeQuick, stuck)
	if got.Hold != Forever || got.Aged != 6 || got.AgedBy[0] < 5 {
		t.Errorf("without a watchdog: hold %s, aged %v of 10", got.Hold, got.AgedBy)
	}
	if got = cell("mix_segfault-1pct_cpu-1pct").Timing(bench.ModeQuick, bench.Probe{}); got.Aged != 0 || got.Hold != 0 {
		t.Errorf("nothing holds a slot: %+v", got)
	}
	if got = cell("mix_cpu-1pct_abort-download-1pct").Timing(bench.ModeQuick, probe); got.Phases.Recovery != bench.VanishLimit {
		t.Errorf("clients vanish: %+v", got.Phases)
	}
	if !cell("bad-day").NeedsProbe(bench.Probe{}) || cell("mix_segfault-1pct_cpu-1pct").NeedsProbe(bench.Probe{}) {
		t.Error("a mix is probed where a part holds slots, and only there")
	}
	// The pool is filled by the part that holds slots, and by no other.
	wedge := Cell{Server: &targets.Server{}, Scenario: family(t, "wedge").Scenario()}
	if got, want := cell("mix_wedge-1pct_cpu-50pct").Patience(20), wedge.patience(bench.ModeQuick)(20); got != want {
		t.Errorf("patience %s, want %s", got, want)
	}
}

// A mix is expected to hold where each part would, and where all of them leave slots.
func TestForeseeMix(t *testing.T) {
	reg := registry(t)
	at := func(profile, id string) Cell {
		cells, err := Cells(reg, Selection{Servers: []string{bench.ReferenceServer}, Profiles: []string{profile}, Scenarios: []string{id}})
		if err != nil {
			t.Fatal(err)
		}
		return cells[0]
	}
	k := Knowledge{Mode: bench.ModeQuick}
	if chance := foresee(at("default", "mix_wedge-0.5pct_segfault-0.5pct"), k).Chance; chance != 1 {
		t.Errorf("chance %g of a mix whose parts hold", chance)
	}
	mixed, alone := foresee(at("no-watchdog", "mix_wedge-0.5pct_segfault-0.5pct"), k), foresee(at("no-watchdog", "wedge-0.5pct"), k)
	if mixed.Chance != 0 || mixed.Failed != alone.Failed || mixed.Held < alone.Held {
		t.Errorf("without a watchdog: %+v, and the wedge alone %+v", mixed, alone)
	}
	// Four slots: 1 a second for 2 s leaves two of them, and twice that leaves none.
	if chance := foresee(at("default", "mix_wedge-1pct_wedge-io-1pct"), k).Chance; chance >= 1 {
		t.Errorf("chance %g, although all slots are held", chance)
	}
	if why := Unpromised(at("default", "mix_wedge-0.5pct_segfault-0.5pct")); why != "" {
		t.Error(why)
	}
	if why := Unpromised(at("no-watchdog", "mix_segfault-0.5pct_wedge-0.5pct")); !strings.Contains(why, "watchdog_s") {
		t.Errorf("%q", why)
	}
}
