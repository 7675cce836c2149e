package runner

import (
	"testing"

	"benchrun/internal/bench"
	"benchrun/internal/launch"
)

// The record names the cap that holds the target, whoever holds it: what leaks is
// compared with what has room under it.
func TestTheGuardsCapIsInTheRecord(t *testing.T) {
	lab := &Lab{Limits: bench.Limits{MemoryBytes: 2 << 30}}
	s := &stage{lab: lab, group: &launch.Group{}}
	if got := s.limits().MemoryBytes; got != 2<<30 {
		t.Errorf("without a memory cgroup: %d bytes", got)
	}
	lab.Caps.Memory = true // then the group's own is the one in force
	if got := s.limits().MemoryBytes; got != 0 {
		t.Errorf("of a group that has none: %d bytes", got)
	}
}
