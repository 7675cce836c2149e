package runner

import (
	"context"
	"fmt"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/judge"
)

// onVital stores a look and guards the host: the target must never take the
// last of the memory, nor of the disk. What ends the target here is benchrun, so
// that the attempt is invalid; what the kernel ends at a cgroup's cap is part of
// the result (docs/method.md, "At the memory cap").
func (s *stage) onVital(v bench.Vital) {
	s.col.vital(v)
	s.watchHost(v.T)
	if err := s.log.bound(); err != nil {
		s.endEarly("log-flood", err.Error())
	}
	if v.MemAvailable > 0 && v.MemAvailable < s.lab.MemoryFloor {
		s.endEarly("host-memory", fmt.Sprintf("available memory fell to %d MiB, the floor is %d MiB", v.MemAvailable>>20, s.lab.MemoryFloor>>20))
		return
	}
	if limit := s.lab.Limits.MemoryBytes; !s.lab.Caps.Memory && limit > 0 && v.Memory > limit {
		s.endEarly(judge.DoubtMemoryCap, fmt.Sprintf("the target used %d MiB where no memory cgroup could stop it at %d MiB", v.Memory>>20, limit>>20))
	}
}

func (s *stage) endEarly(cause, note string) {
	s.col.doubt(bench.Doubt{Cause: cause, Note: note})
	s.ended.Store(true)
	go s.destroySoon() // not on the observer's goroutine: Destroy waits for the tree
}

// destroyPatience is how long ending a target early may take.
const destroyPatience = 10 * time.Second

// destroySoon ends the target early. close destroys again and reports what
// may remain.
func (s *stage) destroySoon() {
	ctx, cancel := context.WithTimeout(context.Background(), destroyPatience)
	defer cancel()
	_ = s.group.Destroy(ctx)
}
