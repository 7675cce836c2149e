package judge

import (
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// A pair's answer, from records.
func TestPairAnswers(t *testing.T) {
	lossy := func(n int) scene { return wedged().lose(fault(0), fault(12), n, bench.TimedOut) }
	burst := wedged().lose(fault(3), fault(4), 20, bench.TimedOut) // one bad second: held
	for _, tt := range []struct {
		name string
		a, b scene
		want bench.Answer
	}{
		{"the same", wedged(), wedged(), bench.DuelSame},
		{"B fails", wedged(), lossy(50), bench.DuelWorse},
		{"B is degraded", wedged(), lossy(4), bench.DuelWorse},
		{"A fails", lossy(50), wedged(), bench.DuelBetter},
		{"both fail: the baseline misbehaves too", lossy(50), lossy(90), bench.DuelInvalid},
		{"both are degraded", lossy(4), lossy(4), bench.DuelInvalid},
		{"B loses what is not claimed", wedged(), lossy(2), bench.DuelSame},
		{"a burst is no difference", wedged(), burst, bench.DuelSame},
		{"A is invalid", wedged().doubt(0, 0, "control-dead"), lossy(50), bench.DuelInvalid},
		{"B is invalid", wedged(), wedged().doubt(0, 0, "control-dead"), bench.DuelInvalid},
	} {
		if got := NewPair(judged(tt.a.Record), judged(tt.b.Record)).Answer(); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func judged(rec *bench.Record) Judged { return Judged{rec, Judge(rec)} }

// Seconds that are invalid on one side do not count on either.
func TestPairLosses(t *testing.T) {
	p := NewPair(judged(wedged().stall(fault(5)).Record), judged(wedged().lose(fault(0), fault(12), 2, bench.TimedOut).Record))
	if len(p.Losses) != 9 || p.Loss() != 2 {
		t.Errorf("%d seconds, median %v: %v", len(p.Losses), p.Loss(), p.Losses)
	}
	if (Pair{}).Loss() != 0 || (Pair{Losses: []float64{1, 4}}).Loss() != 2.5 {
		t.Error("the median of none, or of an even number")
	}
}

func TestDuelDecides(t *testing.T) {
	pair := func(a, b bench.Verdict) Pair {
		return Pair{A: bench.Judgement{Verdict: a, Reasons: []string{"a's reason"}}, B: bench.Judgement{Verdict: b, Reasons: []string{"b's reason"}}}
	}
	same, worse, better := pair(bench.Held, bench.Held), pair(bench.Held, bench.Failed), pair(bench.Degraded, bench.Held)
	broken, both := pair(bench.Held, bench.Invalid), pair(bench.Failed, bench.Failed)
	loses := same
	loses.Losses = []float64{3, 3, 9}
	for _, tt := range []struct {
		name   string
		pairs  []Pair
		again  bool
		want   bench.Answer
		flaky  bool
		reason string
	}{
		{"nothing yet", nil, true, bench.DuelInvalid, false, "no pair was made"},
		{"same at once", []Pair{same}, false, bench.DuelSame, false, ""},
		{"worse once", []Pair{worse}, true, bench.DuelInvalid, false, "worse was seen 1 time"},
		{"worse twice", []Pair{worse, worse}, false, bench.DuelWorse, false, "old held, new failed, in 2 pairs"},
		{"worse did not repeat", []Pair{worse, same}, false, bench.DuelSame, true, "pairs disagree: worse, same"},
		{"worse, then better", []Pair{worse, better}, false, bench.DuelSame, true, "pairs disagree: worse, better"},
		{"better twice", []Pair{better, better}, false, bench.DuelBetter, false, "old: a's reason"},
		{"a paired loss", []Pair{loses, loses}, false, bench.DuelWorse, false, "new loses 3 points of a second's victims more than old"},
		{"an invalid pair is made again", []Pair{broken}, true, bench.DuelInvalid, false, "new is invalid: b's reason"},
		{"but once", []Pair{broken, broken}, false, bench.DuelInvalid, false, "new is invalid"},
		{"worse, invalid, worse", []Pair{worse, broken, worse}, false, bench.DuelWorse, false, "old held, new failed"},
		{"the baseline misbehaves too", []Pair{both, both}, false, bench.DuelInvalid, false, "the baseline misbehaves too: old failed (a's reason), new failed (b's reason)"},
	} {
		if got := NextPair(tt.pairs, 2); got != tt.again {
			t.Errorf("%s: again %v, want %v", tt.name, got, tt.again)
		}
		d := Decide(tt.pairs, 2, "old", "new")
		if d.Answer != tt.want || d.Flaky != tt.flaky || !strings.Contains(strings.Join(d.Reasons, "; "), tt.reason) {
			t.Errorf("%s: %+v, want %s", tt.name, d, tt.want)
		}
	}
	if !NextPair([]Pair{worse, worse}, 3) || NextPair([]Pair{worse, worse}, 1) {
		t.Error("need is not heeded, or falls below two")
	}
}
