package stored

import (
	"testing"

	"benchrun/internal/bench"
)

// A killed run that says how many attempts it was asked for waits for no more.
func TestJudgeKnowsHowManyAttemptsWereAskedFor(t *testing.T) {
	broken := []bench.Judgement{{Verdict: bench.Broken}}
	for k, want := range map[int]bool{1: false, 2: true} {
		if got := wantedMore(bench.Run{Asked: &bench.Asked{Attempts: k}}, nil, broken); got != want {
			t.Errorf("k = %d: another attempt was wanted: %v", k, got)
		}
	}
	if !wantedMore(bench.Run{}, nil, broken) {
		t.Error("a run that does not say how many may have wanted another")
	}
}
