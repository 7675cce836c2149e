package runner

import (
	"context"
	"fmt"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/judge"
)

// mostLog is how much of a server's output is kept, bytes.
const mostLog = 64 << 20

// logEnd is how much is kept of a log that is larger when the server is gone.
const logEnd = 1 << 20

// boundLog begins the log anew when a server floods it: it must not fill the
// disk. The server goes on appending, now at the beginning. It may own the file,
// so what is emptied is the one that was opened before the launch.
func (s *stage) boundLog() {
	st, err := s.log.Stat()
	if err != nil || !st.Mode().IsRegular() || st.Size() <= mostLog {
		return
	}
	if err := s.log.Truncate(0); err != nil {
		s.endEarly("log-flood", err.Error())
	}
}

// endLog cuts a log that grew after the last look: its end is kept.
func (s *stage) endLog() {
	if s.log == nil {
		return
	}
	st, err := s.log.Stat()
	if err != nil || !st.Mode().IsRegular() || st.Size() <= mostLog {
		return
	}
	end := make([]byte, logEnd)
	n, _ := s.log.ReadAt(end, st.Size()-logEnd)
	if err := s.log.Truncate(0); err == nil {
		_, _ = s.log.Write(end[:n]) // evidence as far as there is room for it
	}
}

// onVital stores a look and guards the host: the target must never take the
// last of the memory, nor of the disk. What ends the target here is benchrun, so
// that the attempt is invalid; what the kernel ends at a cgroup's cap is part of
// the result (docs/method.md, "At the memory cap").
func (s *stage) onVital(v bench.Vital) {
	s.col.vital(v)
	s.watchHost(v.T)
	s.boundLog()
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
