package judge

import (
	"fmt"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// working is a scene of 12 requests of 0.5 s each; by its receipts the app took so long.
func working(took float64) scene {
	s := quiet().family("slow", loadTraits)
	for i := range int(faultLen) {
		due, nonce := fault(0.2+float64(i)), fmt.Sprintf("f%d", i)
		p := s.provoker(bench.RoleProvoker, nonce, due, bench.Completed)
		p.Status, p.Done = 200, ns(due+0.5)
		s.Receipts = append(s.Receipts,
			bench.Receipt{T: ns(due + 0.002), Nonce: nonce, Fault: "slow", PID: 11, TID: 11, Event: bench.ReceiptStart},
			bench.Receipt{T: ns(due + 0.002 + took), Nonce: nonce, Fault: "slow", PID: 11, TID: 11, Event: bench.ReceiptEnd})
	}
	return s
}

// By Little's law the app cannot have had more requests at once than their clients.
func TestAppAndClientsAgree(t *testing.T) {
	const contradiction = "the receipts contradict the clients: "
	for _, took := range []float64{0.1, 0.497, 0.505} { // clocks may be 10 ms apart
		if j := Judge(working(took).Record); j.Verdict != bench.Held || strings.Contains(strings.Join(j.Reasons, "; "), contradiction) {
			t.Errorf("%g s: %s %q", took, j.Verdict, j.Reasons)
		}
	}
	j := Judge(working(0.6).Record)
	if j.Verdict != bench.Held { // all the proof is there
		t.Errorf("%s %q", j.Verdict, j.Reasons)
	}
	wantReason(t, j, contradiction+"0.6 requests at once by the app's times, 0.5 by their clients'")

	// Proof that is missing is then the server's doing, as if it had spoiled the file.
	lacking := func(took float64) bench.Judgement {
		s := working(took)
		s.Receipts = s.Receipts[4:]
		return Judge(s.Record)
	}
	if j := lacking(0.4); j.Verdict != bench.Invalid {
		t.Errorf("proof is missing: %s %q", j.Verdict, j.Reasons)
	}
	if j := lacking(0.6); j.Verdict != bench.Failed {
		t.Errorf("proof is missing, and the rest cannot be true: %s %q", j.Verdict, j.Reasons)
	}
}
