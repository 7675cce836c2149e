package judge

import (
	"testing"

	"benchrun/internal/bench"
)

// Reports find in what the judge wrote why a cell failed though its victims were
// served, and find nothing where the victims were the reason.
func TestOtherReasonIsFoundAgain(t *testing.T) {
	refused := func(s *bench.Sample) { s.Status = 504 }
	for _, tt := range []struct {
		name  string
		scene scene
		want  string
	}{
		{"memory", leaking(88), "memory kept"},
		{"memory, and one dead second", leaking(88).lose(fault(2), fault(3), 100, bench.Refused), "memory kept"},
		{"memory, but the victims decide", leaking(88).lose(fault(2), fault(6), 100, bench.Refused), ""},
		{"honest requests", honestScene().edit(bench.RoleProvoker, fault(0), recoveryAt, refused), "honest lost"},
		{"a wrong body", wedged().lose(fault(2), fault(3), 1, bench.Wrong), "wrong body"},
		{"a full disk", full(wedged(), fault(2)), "disk filled"},
		{"a killed worker", starving().died(12, fault(7), "SIGKILL"), "workers killed"},
		{"a broken start", strict().again(func(a *bench.Again) { a.Exited.Code = 0 }), "not refused"},
		{"no repair", repairedBy(strict(), bench.Repaired{Seconds: 14}), "not repaired"},
		{"a loop while full", filled(0.95, 0).head(func(h *bench.Head) { h.Traits.Rests = true }), "busy while full"},
		{"victims", wedged().lose(fault(2), fault(6), 100, bench.Refused), ""},
		{"none", wedged(), ""},
	} {
		cell := bench.Cell{Attempts: make([]bench.Attempt, 1)}
		Conclude(&cell, []bench.Judgement{Judge(tt.scene.Record)})
		if got := cell.OtherReason(); got != tt.want {
			t.Errorf("%s: %s %q is %q, want %q", tt.name, cell.Verdict, cell.Reasons, got, tt.want)
		}
	}
}
