package attempt

import (
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/plan"
	"benchrun/scenarios"
	"benchrun/targets"
)

func TestServedAgain(t *testing.T) {
	const now = int64(10 * time.Second)
	load := func(outcome func(due int64) bench.Outcome) (samples []bench.Sample) {
		for due := int64(0); due < now; due += int64(10 * time.Millisecond) {
			samples = append(samples, bench.Sample{Role: bench.RoleVictim, Due: due, Outcome: outcome(due)})
		}
		return samples
	}
	okFrom := func(from time.Duration) func(int64) bench.Outcome {
		return func(due int64) bench.Outcome {
			if due >= int64(from) {
				return bench.OK
			}
			return bench.Late
		}
	}
	for _, tt := range []struct {
		name    string
		samples []bench.Sample
		taken   time.Duration
		want    bool
	}{
		{"all served", load(okFrom(0)), 5 * time.Second, true},
		{"served for the last second", load(okFrom(8700 * time.Millisecond)), 5 * time.Second, true},
		{"not yet for a second", load(okFrom(8800 * time.Millisecond)), 5 * time.Second, false},
		{"none served", load(okFrom(time.Hour)), 5 * time.Second, false},
		{"answers are still awaited", load(okFrom(0))[:930], 5 * time.Second, false},
		{"the last ones are not missed", load(okFrom(0))[:970], 5 * time.Second, true},
		{"the control is no victim", []bench.Sample{{Role: bench.RoleControl, Due: now - int64(time.Second), Outcome: bench.OK}}, 5 * time.Second, false},
		{"all served, but before the last slot was taken", load(okFrom(0)), 8800 * time.Millisecond, false},
		{"all served since the last slot was taken", load(okFrom(0)), 8700 * time.Millisecond, true},
	} {
		if got := servedAgain(tt.samples, int64(tt.taken), now, 100); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

// However large a pool whose end was found is, ageing leaves no more of it than
// the fault phase takes.
func TestAgeingTakesAllThatAnHourWouldHold(t *testing.T) {
	wedge, ok := scenarios.ByID("wedge")
	if !ok {
		t.Fatal("no wedge")
	}
	for slots, want := range map[int]int{900: 896, 1050: 1046, bench.MostSlots - 1: bench.MostSlots - 5} {
		scenario := wedge.Scenario()
		cell := plan.Cell{Server: &targets.Server{}, Scenario: scenario}
		a := &attempt{
			job: Job{
				Timing:   cell.Timing(bench.ModeQuick, bench.Probe{Slots: slots, Watchdog: 35, WatchdogCensored: true}),
				Schedule: plan.NewSchedule(1, scenario, bench.StandardLoad.Rate, bench.ModeQuick),
			},
		}
		dues := a.ageingDues(int64(time.Second))
		if len(dues) != want {
			t.Errorf("%d of %d slots are taken, want %d", len(dues), slots, want)
			continue
		}
		if last := dues[want-1].At; last != int64(time.Second)+int64(want-1)*int64(plan.AgeingEvery) {
			t.Errorf("%d slots: the last one is taken at %d ns", slots, last)
		}
	}
}
