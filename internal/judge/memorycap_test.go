package judge

import (
	"strings"
	"testing"

	"benchrun/internal/bench"
)

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
