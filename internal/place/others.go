package place

import (
	"sync"
	"time"

	"benchrun/internal/observe"
)

// A look at other programs that is shorter than othersLook says little. Bursts come
// and go, so what they used counts less the longer it is ago.
const (
	othersLook   = 400 * time.Millisecond
	othersMemory = 10 * time.Second
)

// otherPrograms knows how much CPU programs use that are not benchrun's. The zero
// value is ready. Safe for concurrent use.
type otherPrograms struct {
	mu   sync.Mutex
	last *cpuReading
	mean float64 // CPUs
	seen bool    // mean is known
}

// OthersCPU is how many CPUs programs other than this benchrun and its targets use, on
// average over the last ten seconds. The first call only begins to look. If no cgroup
// tells what a target uses, the last fraction of a second of each process that has ended
// counts as other programs'.
func (h *Host) OthersCPU() float64 {
	busy, _, err := observe.HostCPU()
	if h.others == nil || err != nil {
		return 0
	}
	return h.others.note(cpuReading{at: time.Now().UnixNano(), busy: busy, own: OwnCPU() + h.company.total()})
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
	weight := min(1, span.Seconds()/othersMemory.Seconds())
	if !o.seen {
		weight = 1
	}
	o.mean += weight * (used - o.mean)
	o.last, o.seen = &now, true
	return o.mean
}
