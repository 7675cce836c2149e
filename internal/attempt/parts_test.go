package attempt

import (
	"slices"
	"testing"

	"benchrun/internal/bench"
	"benchrun/internal/plan"
	"benchrun/scenarios"
	"benchrun/targets"
)

// A mix has a client for each of its families, and only the crawling ones are cut off. The
// record and the ageing have the same parts in the same order.
func TestPartsOfAMix(t *testing.T) {
	mix, ok := scenarios.ByID("mix_wedge-10pct_segfault-1pct_slow-upload-1pct")
	if !ok {
		t.Fatal("no such mix")
	}
	scenario := mix.Scenario()
	parts, err := partsOf(scenario, scenarios.Place{})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []part{{name: "wedge"}, {name: "segfault"}, {name: "slow-upload", cutOff: true}} {
		if got := parts[i]; got.name != want.name || got.cutOff != want.cutOff || got.provoker == nil {
			t.Errorf("part %d: %+v, want %+v", i, got, want)
		}
	}
	cell := plan.Cell{Server: &targets.Server{}, Scenario: scenario}
	a := &attempt{job: Job{
		Scenario: scenario,
		Timing:   cell.Timing(bench.ModeQuick, bench.Probe{Slots: 100, Watchdog: 3}),
		Schedule: plan.NewSchedule(1, scenario, bench.StandardLoad.Rate, bench.ModeQuick),
	}}
	dues := a.ageingDues(0)
	for i, n := range []int{28, 0, 28} {
		own, seqs := ofPart(dues, i)
		if len(own) != n || len(seqs) != n {
			t.Errorf("part %d takes %d slots, want %d", i, len(own), n)
		}
		if head := a.partsInHead(true)[i]; head.Aged != n || head.Family != parts[i].name || head.Ratio != scenario.Parts()[i].Ratio {
			t.Errorf("part %d of the head: %+v", i, head)
		}
		if before := a.partsInHead(false)[i]; before.Aged != 0 {
			t.Errorf("part %d has taken %d slots before the ageing", i, before.Aged)
		}
	}
	var all []uint64
	for i := range parts {
		_, seqs := ofPart(dues, i)
		all = append(all, seqs...)
	}
	if slices.Sort(all); len(slices.Compact(all)) != 56 || all[55] != 55 {
		t.Errorf("the places of all faults are %v", all)
	}
}

// Any other scenario has one part without a name, and its record has none.
func TestOnePart(t *testing.T) {
	for id, cutOff := range map[string]bool{"wedge": false, "slow-upload": true} {
		f, _ := scenarios.ByID(id)
		parts, err := partsOf(f.Scenario(), scenarios.Place{})
		if err != nil || len(parts) != 1 || parts[0].name != "" || parts[0].cutOff != cutOff {
			t.Errorf("%s: %+v, %v", id, parts, err)
		}
		if a := (&attempt{job: Job{Scenario: f.Scenario()}}); a.partsInHead(true) != nil {
			t.Errorf("%s: a record with parts", id)
		}
	}
}
