package place

import (
	"testing"

	"benchrun/internal/bench"
	"benchrun/internal/launch"
)

// The record names the memory cap that is in force, whether a cgroup or guard
// enforces it: the judge compares what a server keeps with that cap.
func TestTheGuardsCapIsInTheRecord(t *testing.T) {
	host := &Host{Limits: bench.Limits{MemoryBytes: 2 << 30}}
	s := &Place{host: host, group: &launch.Group{}}
	if got := s.Limits().MemoryBytes; got != 2<<30 {
		t.Errorf("without a memory cgroup: %d bytes", got)
	}
	host.Caps.Memory = true // then the cgroup's own cap is in force
	if got := s.Limits().MemoryBytes; got != 0 {
		t.Errorf("of a group that has none: %d bytes", got)
	}
}
