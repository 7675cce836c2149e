package place

import (
	"testing"

	"benchrun/internal/bench"
	"benchrun/internal/launch"
)

// The record names the cap that holds the target, whoever holds it: what leaks is
// compared with what has room under it.
func TestTheGuardsCapIsInTheRecord(t *testing.T) {
	host := &Host{Limits: bench.Limits{MemoryBytes: 2 << 30}}
	s := &Place{host: host, group: &launch.Group{}}
	if got := s.Limits().MemoryBytes; got != 2<<30 {
		t.Errorf("without a memory cgroup: %d bytes", got)
	}
	host.Caps.Memory = true // then the group's own is the one in force
	if got := s.Limits().MemoryBytes; got != 0 {
		t.Errorf("of a group that has none: %d bytes", got)
	}
}
