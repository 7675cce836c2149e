package bench

import (
	"fmt"
	"time"
)

// Surge is load beyond the ordinary one, sent open loop: so many requests in each step of
// the fault phase, spread evenly over the step.
type Surge struct {
	Step   time.Duration `json:"step_ns"`
	Counts []int         `json:"counts"`
	Work   string        `json:"work"` // what receipts call its requests; they say when the app began each
}

// Length is how long the surge lasts, its pauses included.
func (s Surge) Length() time.Duration { return s.Step * time.Duration(len(s.Counts)) }

// Requests is how many it has in all.
func (s Surge) Requests() int {
	n := 0
	for _, c := range s.Counts {
		n += c
	}
	return n
}

// Offsets is when each request is due, from the beginning of the fault phase.
func (s Surge) Offsets() []time.Duration {
	var out []time.Duration
	for i, n := range s.Counts {
		for j := range n {
			out = append(out, s.Step*time.Duration(i)+s.Step*time.Duration(2*j+1)/time.Duration(2*n))
		}
	}
	return out
}

// The most that a surge may be, so that no sum overflows.
const (
	mostSurge     = 1_000_000 // requests in a step
	mostSurgeStep = time.Minute
)

// Contradiction says what of the surge cannot be true; "" = nothing.
func (s Surge) Contradiction() string {
	if s.Step < time.Millisecond || s.Step > mostSurgeStep || len(s.Counts) > 3600 || s.Work == "" {
		return fmt.Sprintf("a surge of %d steps of %s with receipts of %q", len(s.Counts), s.Step, s.Work)
	}
	for _, n := range s.Counts {
		if n < 0 || n > mostSurge {
			return fmt.Sprintf("a surge of %d requests in one step", n)
		}
	}
	if s.Requests() == 0 {
		return "a surge without a request"
	}
	return ""
}
