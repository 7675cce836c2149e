package judge

import (
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// Where benchrun itself ended the target above the cap, the end is not the
// server's, and what would have become of it is not known.
func TestEndByTheGuardIsInvalid(t *testing.T) {
	s := wedged().lose(fault(4), fault(12), 100, bench.Refused).doubt(0, 0, "memory-cap")
	j := Judge(s.Record)
	if j.Verdict != bench.Invalid {
		t.Errorf("%v %q", j.Verdict, j.Reasons)
	}
	wantReason(t, j, "memory-cap (a note)")
}

// Deaths at the memory cap must not read as the server's riddle.
func TestMemoryCapIsNamed(t *testing.T) {
	says := func(s scene) bool {
		s.Head.Limits.MemoryBytes = 2 << 30
		return strings.Contains(strings.Join(Judge(s.Record).Reasons, "; "), "used all of its 2048 MiB of memory")
	}
	if says(wedged()) {
		t.Error("named where it was not met")
	}
	capped := wedged()
	capped.Marks = append(capped.Marks, bench.Mark{T: ns(shutdownAt), Name: bench.MarkMemoryCap})
	if !says(capped) {
		t.Error("not named where it was met")
	}
}

// An invalid attempt first says why it is invalid, then what the server did.
func TestWhyInvalidComesFirst(t *testing.T) {
	s := wedged().drop(bench.RoleControl, 0, 30).mark(bench.MarkMemoryCap, shutdownAt)
	j := Judge(s.Record)
	if j.Verdict != bench.Invalid || len(j.Reasons) != 2 || !strings.Contains(j.Reasons[0], "no control request") || !strings.Contains(j.Reasons[1], "of memory") {
		t.Errorf("%s: %q", j.Verdict, j.Reasons)
	}
}
