package plan

import (
	"testing"
	"time"

	"benchrun/internal/bench"
)

// What is open about a cell is how often it is attempted: once if it holds, k times if not.
func TestOutlookOfACell(t *testing.T) {
	o := Outlook{Held: 40 * time.Second, Failed: 15 * time.Second, Chance: 0.5}
	for _, tt := range []struct {
		chance float64
		many   int
		want   bench.Span
	}{
		{0.5, 1, bench.Span{Likely: 27500 * time.Millisecond, Least: 15 * time.Second, Most: 40 * time.Second}},
		{0.5, 3, bench.Span{Likely: 42500 * time.Millisecond, Least: 40 * time.Second, Most: 45 * time.Second}},
		{0, 3, bench.Exactly(45 * time.Second)},
		{1, 3, bench.Exactly(40 * time.Second)},
	} {
		o.Chance = tt.chance
		if got := o.Of(tt.many); got != tt.want {
			t.Errorf("chance %v, %d attempts: %+v, want %+v", tt.chance, tt.many, got, tt.want)
		}
	}
}

// A boot that takes long makes an attempt of which only the theory is known longer. One that
// went before has taken as long.
func TestCourseOfASlowBoot(t *testing.T) {
	timing := Timing{Phases: bench.Phases{Baseline: 4 * time.Second, Fault: 12 * time.Second, FaultCap: 27 * time.Second}, RecoveryLeast: 5 * time.Second}
	usual := beforeFaults(timing)
	theory := Outlook{Held: 24 * time.Second, Failed: 16 * time.Second, Chance: 1}
	like := theory
	like.Learn(Past{Held: true, Took: 30 * time.Second})
	for o, want := range map[Outlook]time.Duration{theory: 30 * time.Second, like: 30 * time.Second} {
		c := NewCourse(o, timing)
		c.Fault(usual + 6*time.Second)
		if c.Held != want {
			t.Errorf("%+v: it ends after %s, want %s", o, c.Held, want)
		}
	}
}
