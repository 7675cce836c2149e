package observe

import (
	"errors"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"benchrun/internal/procfs"
)

// pssShare limits what reading PSS costs: after a reading that took d, the next comes at
// least 400·d later, which is a quarter of a percent of a core. The kernel walks every
// page table of the process, 0.3 ms for a Python worker, so 50 workers are read every six
// seconds.
const pssShare = 400

// slowLooks takes the readings that cost milliseconds. It has a goroutine of its own, so
// that they do not delay the rest.
type slowLooks struct {
	sockets *closeWaits
	asked   chan slowAsk
	done    chan struct{}

	mu    sync.Mutex
	pss   int64
	fresh bool
	waits int
}

type slowAsk struct {
	pids   []int
	memory bool
}

func newSlowLooks(shim int, ports []int) *slowLooks {
	s := &slowLooks{sockets: newCloseWaits(shim, ports), asked: make(chan slowAsk, 1), done: make(chan struct{})}
	go s.run()
	return s
}

// close waits for a reading that is under way.
func (s *slowLooks) close() {
	close(s.asked)
	<-s.done
	s.sockets.close()
}

// ask starts new readings. It does nothing while older ones are under way.
func (s *slowLooks) ask(pids []int, memory bool) {
	select {
	case s.asked <- slowAsk{pids, memory}:
	default:
	}
}

// memory is the PSS of the tree in bytes, or -1 if it cannot be read. fresh is true once
// for each reading.
func (s *slowLooks) memory() (pss int64, fresh bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fresh, s.fresh = s.fresh, false
	return s.pss, fresh
}

// closeWait is the last count of sockets in CLOSE_WAIT.
func (s *slowLooks) closeWait() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.waits
}

func (s *slowLooks) run() {
	defer close(s.done)
	buf := make([]byte, 4096)
	var pssDue time.Time
	for a := range s.asked {
		waits := s.sockets.count()
		s.mu.Lock()
		s.waits = waits
		s.mu.Unlock()
		began := time.Now()
		if !a.memory || began.Before(pssDue) {
			continue
		}
		pss := sumPSS(a.pids, buf)
		pssDue = time.Now().Add(pssShare * time.Since(began))
		s.mu.Lock()
		s.pss, s.fresh = pss, true
		s.mu.Unlock()
	}
}

// sumPSS adds up the proportional set sizes in bytes. A page that n processes share
// counts 1/n for each of them, so the sum counts it once. It is -1 if a living process
// does not show its own, because a sum without it would mislead.
func sumPSS(pids []int, buf []byte) int64 {
	var sum int64
	read := 0
	for _, pid := range pids {
		b, err := readPath(procfs.Path(pid, "smaps_rollup"), buf)
		switch {
		case err == nil:
			size, _ := procfs.Size(b, "Pss")
			sum += size
			read++
		case !gone(err):
			return -1
		}
	}
	if read == 0 && len(pids) > 0 {
		return -1 // the kernel was built without PSS
	}
	return sum
}

// gone says that a file of /proc could not be read because its process has ended.
func gone(err error) bool {
	return errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ESRCH)
}
