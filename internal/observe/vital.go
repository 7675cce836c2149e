package observe

import (
	"golang.org/x/sys/unix"

	"benchrun/internal/bench"
)

// vital takes one look at the whole tree. Procs counts the living, Zombies
// those that ended and were not reaped. slow asks for new readings of what is
// dear; they are reported with the first vital after they are there.
func (w *Watcher) vital(slow bool) {
	v := bench.Vital{T: w.cfg.Clock.Now()}
	t := w.tree
	var alive []int
	for _, p := range t.members {
		s, ok := t.refresh(p)
		switch {
		case !ok && p.diedAt != 0:
			t.release(p)
		case !ok: // reaped a moment ago; its pidfd is about to tell
		case s.gone():
			v.Zombies++
		default:
			v.Procs++
			v.Threads += s.threads
			v.FDs += t.countFDs(p.pid)
			if slow {
				alive = append(alive, p.pid)
			}
		}
	}
	v.CPU = w.cpuSeconds(t.cpuSeconds())
	v.MemAvailable = w.host.memAvailable(t.buf)
	v.ListenOverflow = w.host.listenOverflows()
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
	if w.cfg.OnVital != nil {
		w.cfg.OnVital(v)
	}
}

// cpuSeconds is what the tree's processes used, with what was last known of the
// dead.
func (t *tree) cpuSeconds() float64 {
	ticks := t.deadTicks
	for _, p := range t.members {
		ticks += p.ticks
	}
	return float64(ticks) / ticksPerSecond
}

// cpuSeconds never goes back: a cgroup that cannot be read for once, or is gone
// at the end, leaves the last reading.
func (w *Watcher) cpuSeconds(summed float64) float64 {
	if !w.cgroupCPU {
		return summed
	}
	if s, ok := w.cfg.CPU(); ok {
		w.cpu = max(w.cpu, s)
	}
	return w.cpu
}

// countFDs is the number of open files of a process; 0 where it may not be
// known. Since Linux 6.2 it is the size of the folder, before it is 0 and the
// folder must be read.
func (t *tree) countFDs(pid int) int {
	path := procPath(pid, "fd")
	var s unix.Stat_t
	if unix.Stat(path, &s) == nil && s.Size > 0 {
		return int(s.Size)
	}
	return t.listFDs(path)
}

func (t *tree) listFDs(path string) (n int) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0
	}
	defer closeFD(fd)
	if eachNumber(fd, t.buffer, func(int) { n++ }) != nil {
		return 0
	}
	return n
}
