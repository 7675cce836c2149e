package place

import (
	"sync"
	"syscall"
	"time"

	"benchrun/internal/procfs"
)

// A look at other programs that is shorter than othersLook says little. Bursts come
// and go, so what they used counts less the longer it is ago.
const (
	othersLook   = 400 * time.Millisecond
	othersMemory = 10 * time.Second
	// latelyMemory is shorter, for what they do now.
	latelyMemory = 3 * time.Second
)

// otherPrograms knows how much CPU programs use that are not benchrun's. The zero
// value is ready. Safe for concurrent use.
type otherPrograms struct {
	mu   sync.Mutex
	last *cpuReading
	mean float64 // CPUs
	late float64 // CPUs, lately
	seen bool    // both are known
	// preparing is what benchrun's processes used that had ended before its first target
	// began, in CPU seconds.
	preparing float64
}

// OthersCPU is how many CPUs programs other than this benchrun and its targets use, on
// average over the last ten seconds. The first call only begins to look. If no cgroup
// tells what a target uses, the last fraction of a second of each process that has ended
// counts as other programs'.
func (h *Host) OthersCPU() float64 {
	busy, _, err := procfs.HostCPU()
	if h.others == nil || err != nil {
		return 0
	}
	return h.others.note(cpuReading{at: time.Now().UnixNano(), busy: busy, own: h.ownCPU()})
}

// ownCPU is what benchrun and its targets have used so far, in CPU seconds. Before the first
// target, that includes the processes that install servers and ask for their versions; later
// ones, which also wait for targets, do not count.
func (h *Host) ownCPU() float64 {
	targets := h.company.total()
	h.others.mu.Lock()
	defer h.others.mu.Unlock()
	if targets == 0 {
		h.others.preparing = usedCPU(syscall.RUSAGE_CHILDREN)
	}
	return OwnCPU() + targets + h.others.preparing
}

// LatelyCPU is what OthersCPU has found for the last three seconds.
func (h *Host) LatelyCPU() float64 {
	if h.others == nil {
		return 0
	}
	h.others.mu.Lock()
	defer h.others.mu.Unlock()
	return h.others.late
}

// note takes a reading whose own has everything of benchrun in it, and returns the mean.
func (o *otherPrograms) note(now cpuReading) float64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.last == nil {
		o.last = &now
		return 0
	}
	span := time.Duration(now.at - o.last.at)
	if span < othersLook {
		return o.mean
	}
	used := max(0, (now.busy-o.last.busy-(now.own-o.last.own))/span.Seconds())
	weight := func(memory time.Duration) float64 {
		if !o.seen {
			return 1
		}
		return min(1, span.Seconds()/memory.Seconds())
	}
	o.mean += weight(othersMemory) * (used - o.mean)
	o.late += weight(latelyMemory) * (used - o.late)
	o.last, o.seen = &now, true
	return o.mean
}
