package campaign

import (
	"math"
	"testing"

	"benchrun/internal/bench"
)

func TestSpeed(t *testing.T) {
	near := func(got, want float64) bool { return math.Abs(got-want) < 0.05 }
	l := &loads{}
	if got := l.scale(); got != 1 {
		t.Errorf("before any comparison: %.2f", got)
	}
	l.compare(0.1, 0.2)
	first := l.scale()
	if first <= 0.5 || first >= 1 {
		t.Errorf("one cell at half the load says %.2f; it counts, but is not believed alone", first)
	}
	for range 50 {
		l.compare(0.1, 0.2)
	}
	if got := l.scale(); !near(got, 0.5) {
		t.Errorf("half the load on all cells says %.2f", got)
	}
	l.compare(0, 100)
	l.compare(100, 0)
	if got := l.scale(); !near(got, 0.5) {
		t.Errorf("what is not known counts: %.2f", got)
	}
	if got := (speed{here: 1000, elsewhere: 1}).scale(); got != mostScale {
		t.Errorf("an absurd comparison says %.2f", got)
	}
	if got := (speed{elsewhere: 1000}).scale(); got != 1.0/mostScale {
		t.Errorf("an absurd comparison says %.2f", got)
	}
}

func TestBaselineCPU(t *testing.T) {
	marks := []bench.Mark{at(0, bench.MarkBoot), at(1, bench.MarkBaseline)}
	if got := baselineCPU(&bench.Record{Marks: marks, Vitals: looks(1.5, .1, .2, .1, .2)}); math.Abs(got-0.15) > 1e-9 {
		t.Errorf("%.3f CPUs in the baseline, want 0.150: the boot does not count", got)
	}
	for name, rec := range map[string]*bench.Record{
		"no baseline":      {Marks: marks[:1], Vitals: looks(1, 1, 1, 1, 1)},
		"hardly any of it": {Marks: marks, Vitals: looks(1, 1, 1)},
		"nothing was seen": {Marks: marks},
	} {
		if got := baselineCPU(rec); got != 0 {
			t.Errorf("%s: %.3f CPUs, want 0: not known", name, got)
		}
	}
}

func TestPublishedBaseline(t *testing.T) {
	got := publishedBaseline(cellOf(t, "waitress", "cpu"))
	if light := published()["waitress/default/wedge-1pct"].CPU; got <= 0 || got > light {
		t.Errorf("waitress takes %.2f CPUs in its baseline, and %.2f in a light cell", got, light)
	}
	if got := publishedBaseline(cellOf(t, "mine", "cpu")); got != 0 {
		t.Errorf("a server that nobody knows takes %.2f", got)
	}
}
