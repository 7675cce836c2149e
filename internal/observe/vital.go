package observe

import (
	"time"

	"benchrun/internal/bench"
)

// vital takes one look at the whole tree. Procs counts living processes, Zombies those
// that have ended and were not reaped. slow asks for new readings of what is expensive;
// the first vital after they are ready contains them.
func (w *Watcher) vital(slow bool) {
	v := bench.Vital{T: w.cfg.Clock.Now()}
	t := w.tree
	var alive []int
	now := time.Now()
	for _, p := range t.members {
		l, ok := t.glance(p, now)
		switch {
		case !ok && p.diedAt != 0:
			t.release(p)
		case !ok: // just reaped; its pidfd is about to report it
		case l.zombie:
			v.Zombies++
		default:
			v.Procs++
			v.Threads += l.threads
			v.FDs += l.fds
			if slow {
				alive = append(alive, p.pid)
			}
		}
	}
	v.CPU = w.cpuSeconds(t.cpuSeconds())
	v.MemAvailable = w.host.memAvailable(t.buf)
	v.ListenOverflow = w.host.listenOverflows(slow)
	v.Memory = -1
	if w.cgroupMemory {
		if bytes, ok := w.cfg.Memory(); ok {
			v.Memory = bytes
		}
	}
	if slow {
		w.slow.ask(alive, !w.cgroupMemory)
	}
	if pss, fresh := w.slow.memory(); fresh && !w.cgroupMemory {
		v.Memory = pss
	}
	v.CloseWait = w.slow.closeWait()
	w.tell(v)
}

// cpuSeconds is the CPU time of the tree's processes, with the last known values of the
// dead.
func (t *tree) cpuSeconds() float64 {
	sum := t.deadCPU
	for _, p := range t.members {
		sum += p.cpu
	}
	return sum.Seconds()
}

// cpuSeconds never decreases: if a cgroup cannot be read once, or is gone at the end, the
// last reading stays.
func (w *Watcher) cpuSeconds(summed float64) float64 {
	if !w.cgroupCPU {
		return summed
	}
	if s, ok := w.cfg.CPU(); ok {
		w.cpu = max(w.cpu, s)
	}
	return w.cpu
}
