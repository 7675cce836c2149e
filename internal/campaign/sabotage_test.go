package campaign

import (
	"testing"

	"benchrun/internal/bench"
)

// Retries end only if the sabotage is the cause.
func TestSabotageSeen(t *testing.T) {
	for _, spec := range bench.SabotageTable {
		for reason, want := range map[string]bool{"only 0 of 4 seconds: " + spec.Cause: true, "host-busy": false} {
			j := bench.Judgement{Verdict: bench.Invalid, Reasons: []string{reason}}
			if got := sabotageSeen(spec.Sabotage, j); got != want {
				t.Errorf("%s, %q: %v", spec.Sabotage, reason, got)
			}
			if j.Verdict = bench.Failed; sabotageSeen(spec.Sabotage, j) {
				t.Errorf("%s: failed counts as noticed", spec.Sabotage)
			}
		}
	}
	if sabotageSeen("", bench.Judgement{Reasons: []string{""}}) {
		t.Error("an invalid attempt without a sabotage would not be made again")
	}
}
