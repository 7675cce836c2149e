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

// What does not count of a fault phase makes the attempt invalid if there is too much of it.
// What is to come follows the last seconds, so it is as usual soon after the noise has ended.
func TestCourseBesideNoise(t *testing.T) {
	timing := Timing{Phases: bench.Phases{Baseline: 4 * time.Second, Fault: 12 * time.Second, FaultCap: 27 * time.Second}, RecoveryLeast: 5 * time.Second}
	usual := beforeFaults(timing)
	for name, tt := range map[string]struct {
		noise   [2]int // seconds of the phase that do not count
		sound   bool
		at      int
		spoiled float64
		late    time.Duration
	}{
		"at the beginning":            {[2]int{0, 0}, true, 1, Unknown, 0},
		"quiet":                       {[2]int{0, 0}, true, 8, 0, 0},
		"the baseline does not count": {[2]int{0, 0}, false, 1, 1, 0},
		"noise":                       {[2]int{2, 30}, true, 12, mayBeInvalid, 15 * time.Second},
		"too much noise":              {[2]int{2, 30}, true, 21, 1, 15 * time.Second},
		"it has just ended":           {[2]int{2, 9}, true, 14, 1 - mayBeInvalid, 0},
		"it ended long ago":           {[2]int{2, 6}, true, 16, 0, 4 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			c := NewCourse(Outlook{Held: 24 * time.Second, Failed: 24 * time.Second, Chance: 1}, timing)
			c.Fault(usual)
			counted := 0.0
			for second := 1; second <= tt.at; second++ {
				if done := second - 3; done >= 0 && (done < tt.noise[0] || done >= tt.noise[1]) {
					counted++
				}
				c.Baseline(tt.sound)
				c.Seen(usual+time.Duration(second)*time.Second, counted, 0)
			}
			if c.Spoiled != tt.spoiled {
				t.Errorf("invalid with a chance of %v, want %v", c.Spoiled, tt.spoiled)
			}
			if tt.late > 0 && (c.Late-tt.late).Abs() > time.Second {
				t.Errorf("late by %s, want %s", c.Late, tt.late)
			}
		})
	}
}

// When the fault phase is over, it is known whether enough of it counts.
func TestCourseAtItsCap(t *testing.T) {
	timing := Timing{Phases: bench.Phases{Baseline: 4 * time.Second, Fault: 12 * time.Second, FaultCap: 27 * time.Second}, RecoveryLeast: 5 * time.Second}
	for _, tt := range []struct {
		valid     float64
		curtailed bool
		want      float64
	}{{12, false, 0}, {11, false, 1}, {5, true, 0}} {
		c := NewCourse(Outlook{Held: 24 * time.Second, Chance: 1}, timing)
		c.Fault(5 * time.Second)
		c.Seen(32*time.Second, tt.valid, 0)
		c.Recovery(32*time.Second, tt.curtailed)
		if c.Spoiled != tt.want {
			t.Errorf("%v valid seconds, curtailed %v: invalid with a chance of %v, want %v", tt.valid, tt.curtailed, c.Spoiled, tt.want)
		}
	}
}
