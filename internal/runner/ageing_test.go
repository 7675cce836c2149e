package runner

import (
	"testing"
	"time"

	"benchrun/internal/bench"
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
		want    bool
	}{
		{"all served", load(okFrom(0)), true},
		{"served for the last second", load(okFrom(8700 * time.Millisecond)), true},
		{"not yet for a second", load(okFrom(8800 * time.Millisecond)), false},
		{"none served", load(okFrom(time.Hour)), false},
		{"answers are still awaited", load(okFrom(0))[:930], false},
		{"the last ones are not missed", load(okFrom(0))[:970], true},
		{"the control is no victim", []bench.Sample{{Role: bench.RoleControl, Due: now - int64(time.Second), Outcome: bench.OK}}, false},
	} {
		if got := servedAgain(tt.samples, now, 100); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}
