package bench

import "testing"

// One attempt that is not held is not confirmed, whatever invalid attempts the cell
// has; a wrong body needs no other attempt.
func TestOnOneAttempt(t *testing.T) {
	attempts := func(verdicts ...Verdict) (out []Attempt) {
		for _, v := range verdicts {
			out = append(out, Attempt{Verdict: v})
		}
		return out
	}
	for _, tt := range []struct {
		name string
		cell Cell
		want bool
	}{
		{"held", Cell{Verdict: Held, Attempts: attempts(Held)}, false},
		{"failed", Cell{Verdict: Failed, Attempts: attempts(Failed)}, true},
		{"broken", Cell{Verdict: Broken, Attempts: attempts(Invalid, Broken, Invalid)}, true},
		{"degraded twice", Cell{Verdict: Degraded, Attempts: attempts(Degraded, Invalid, Degraded)}, false},
		{"held at last", Cell{Verdict: Held, Attempts: attempts(Failed, Held)}, false},
		{"a wrong body", Cell{Verdict: Failed, Flags: []string{FlagWrongBody}, Attempts: attempts(Failed)}, false},
		{"invalid", Cell{Verdict: Invalid, Attempts: attempts(Failed, Invalid)}, false},
		{"unsupported", Cell{Verdict: Unsupported}, false},
	} {
		if got := tt.cell.OnOneAttempt(); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}
