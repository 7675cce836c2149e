package place

import (
	"fmt"
	"syscall"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/observe"
	"benchrun/internal/procfs"
)

// If others take the CPU that a target's quota promises, they cause the target's
// losses. The control does not always show this, because it needs hardly any CPU.
// So a second is in doubt if no CPU was idle and others used some, unless the
// target used its whole quota. Others are other programs and the company: the
// targets of the same benchrun's other cells.
const (
	busyWindow = time.Second
	busyIdle   = 0.05 // of the machine's CPU time: less counts as none
	busyOthers = 0.25 // CPUs that others used, the company included
	busyQuota  = 0.95 // of the target's quota: a target that got this much lost nothing to others
)

// cpuReading is how much CPU everybody has used so far, in CPU seconds.
type cpuReading struct {
	at                    int64 // ns since origin
	busy, idle, tree, own float64
	company               float64
	quota                 float64 // CPUs; 0 = none
}

// hostWatch compares readings. Only the observer's goroutine uses it.
type hostWatch struct {
	last    *cpuReading
	helpers map[int]float64 // CPU seconds of benchrun's other processes when they were last seen, by pid
	most    int             // the most other places that were open at once
}

// own is what benchrun has used so far, in CPU seconds: this process, and its
// processes with these pids. It still counts what a process used that is gone.
func (h *hostWatch) own(pids ...int) float64 {
	if h.helpers == nil {
		h.helpers = map[int]float64{}
	}
	for _, pid := range pids {
		if used, ok := observe.ProcessCPU(pid); ok {
			h.helpers[pid] = used
		}
	}
	return OwnCPU() + h.helped()
}

// helped is what benchrun's other processes have used, in CPU seconds.
func (h *hostWatch) helped() float64 {
	total := 0.0
	for _, used := range h.helpers {
		total += used
	}
	return total
}

// look compares a reading with the last one, once in each window, and returns the
// doubt that follows, if any.
func (h *hostWatch) look(now cpuReading) *bench.Doubt {
	if h.last == nil {
		h.last = &now
		return nil
	}
	was := *h.last
	span := time.Duration(now.at - was.at)
	if span < busyWindow {
		return nil
	}
	h.last = &now
	busy, idle := now.busy-was.busy, now.idle-was.idle
	tree := (now.tree - was.tree) / span.Seconds()
	company := (now.company - was.company) / span.Seconds()
	others := (busy-(now.own-was.own))/span.Seconds() - tree // company included
	if now.quota > 0 && tree >= busyQuota*now.quota {
		return nil
	}
	if busy+idle <= 0 || idle/(busy+idle) >= busyIdle || others <= busyOthers {
		return nil
	}
	// Without such programs, too little CPU would have been idle anyway.
	few := max(busyOthers, busyIdle*(busy+idle)/span.Seconds())
	if programs := others - company; company > busyOthers && programs <= few {
		return &bench.Doubt{From: was.at, To: now.at, Cause: bench.DoubtCompany,
			Note: fmt.Sprintf("other cells of this run used %.1f CPUs and none was idle", company)}
	}
	return &bench.Doubt{From: was.at, To: now.at, Cause: bench.DoubtHostBusy,
		Note: fmt.Sprintf("other programs used %.1f CPUs and none was idle", max(0, others-company))}
}

// watchHost takes a look if it knows exactly what the target itself used: others
// used the CPU that neither the target nor benchrun did. The control and the
// supervisor count as benchrun, because a target can keep both busy.
func (p *Place) watchHost(v bench.Vital) {
	tree, exact := p.group.CPUSeconds()
	if !exact {
		tree = v.CPU // what the processes say that are there
	}
	own := p.busy.own(p.control, p.group.ShimPID())
	company, others := p.host.company.note(&p.busy, use{cpu: tree + p.busy.helped(), memory: v.Memory})
	p.busy.most = max(p.busy.most, others)
	if !exact {
		return
	}
	busy, idle, err := procfs.HostCPU()
	if err != nil {
		return
	}
	at := p.clock.Now() // v.T is when a look began that may have taken long
	if d := p.busy.look(cpuReading{at: at, busy: busy, idle: idle, tree: tree, own: own, company: company, quota: p.group.Limits().CPUs}); d != nil {
		p.journal.Doubt(*d)
	}
}

// OwnCPU is the CPU time that this process has used, in seconds.
func OwnCPU() float64 { return usedCPU(syscall.RUSAGE_SELF) }

// usedCPU is the CPU time of this process or of its children that have ended, in seconds.
func usedCPU(who int) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(who, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}
