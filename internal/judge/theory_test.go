package judge

import (
	"slices"
	"testing"

	"benchrun/internal/bench"
)

// The flag stands where slots and watchdog foretell another verdict, and
// nowhere else.
func TestAgainstTheory(t *testing.T) {
	lossy := func(s scene) scene { return s.lose(fault(0), fault(12), 50, bench.TimedOut) }
	for _, tt := range []struct {
		name    string
		scene   scene
		verdict bench.Verdict
		want    bool
	}{
		{"3 held of 4, survives", wedged(), bench.Held, false},
		{"3 held of 4, fails", lossy(wedged()), bench.Failed, true},
		{"3 held of 3, fails", lossy(wedged().slots(3)), bench.Failed, false},
		{"3 held of 3, survives", wedged().slots(3), bench.Held, true},
		{"no watchdog, fails", lossy(stuck()), bench.Failed, false},
		{"no watchdog, survives", stuck(), bench.Held, true},
		{"no watchdog, and more slots than an hour takes", wedged().watchdog(5, true).slots(4000), bench.Held, false},
		{"no watchdog, and the faults take fewer slots at once", stuck().head(func(h *bench.Head) { h.Traits.AtMost = h.Target.Probe.Slots - 1 }), bench.Held, false},
		{"no watchdog, and the faults take all slots at once", stuck().head(func(h *bench.Head) { h.Traits.AtMost = h.Target.Probe.Slots }), bench.Held, true},
		{"no watchdog, survives, and some faults hold nothing", stuck().head(func(h *bench.Head) { h.Traits.Free = 5 }), bench.Held, false},
		{"the faults take fewer slots at once, and it fails", lossy(stuck().head(func(h *bench.Head) { h.Traits.AtMost = h.Target.Probe.Slots - 1 })), bench.Failed, true},
		{"uploads hold no slot of a server that buffers", crawling(), bench.Held, false},
		{"uploads hold 30 of 64, and it fails", lossy(crawling().slots(64)), bench.Failed, true},
		{"an end that was not found", lossy(wedged().head(func(h *bench.Head) { h.Target.Probe.Unbounded = true })), bench.Failed, false},
		{"not probed", lossy(wedged().slots(0)), bench.Failed, false},
		{"a wrong body", wedged().lose(fault(1), fault(2), 1, bench.Wrong), bench.Failed, false},
		{"crashes hold nothing", crashing(true), bench.Held, false},
	} {
		j := Judge(tt.scene.Record)
		if j.Verdict != tt.verdict || slices.Contains(j.Flags, bench.FlagAgainstTheory) != tt.want {
			t.Errorf("%s: %s, flags %q; want %s, flag %v", tt.name, j.Verdict, j.Flags, tt.verdict, tt.want)
		}
	}
}
