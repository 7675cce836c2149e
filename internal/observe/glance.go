package observe

import (
	"time"

	"golang.org/x/sys/unix"
)

// glimpse is what a vital needs of one process.
type glimpse struct {
	threads, fds int
	zombie       bool // ended, and not reaped
}

// glance looks at a member without reading its stat, which the kernel takes
// 10 µs to write down: the size and the links of two folders tell as much for
// two. Its stat is read where it is asked for, for the sake of what may change
// (the name), and where only it can tell. ok is false once it was reaped.
func (t *tree) glance(p *process, stat bool) (g glimpse, ok bool) {
	g.threads = p.threads()
	if stat || p.pidfd < 0 || g.threads == 0 {
		s, ok := t.refresh(p)
		if !ok {
			return g, false
		}
		g.threads, g.zombie = s.threads, s.gone()
	} else {
		g.zombie = p.diedAt != 0 // a pidfd told
		p.readCPU()
	}
	if !g.zombie {
		g.fds = t.countFDs(p)
	}
	return g, true
}

// threads counts a process's threads: a folder has two links of its own, and
// /proc/PID/task one for each thread. 0 = reaped, or not to be learned.
func (p *process) threads() int {
	var s unix.Stat_t
	if unix.Fstatat(p.dir, "task", &s, 0) != nil {
		return 0
	}
	return max(0, int(s.Nlink)-2)
}

// countFDs is the number of open files of a process; 0 where it may not be
// known. Since Linux 6.2 it is the size of the folder, before it is 0 and the
// folder must be read.
func (t *tree) countFDs(p *process) int {
	var s unix.Stat_t
	if unix.Fstatat(p.dir, "fd", &s, 0) == nil && s.Size > 0 {
		return int(s.Size)
	}
	return t.listFDs(p)
}

func (t *tree) listFDs(p *process) (n int) {
	fd, err := unix.Openat(p.dir, "fd", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0
	}
	defer closeFD(fd)
	if eachNumber(fd, t.buffer, func(int) { n++ }) != nil {
		return 0
	}
	return n
}

// readCPU asks the process's CPU clock, see clock_getcpuclockid(3): all its
// threads, the ended ones too, until it is reaped. A number cannot come to mean
// another process between two looks: they are handed out in turn.
func (p *process) readCPU() {
	const wholeProcess, scheduled = 0, 2
	var ts unix.Timespec
	if unix.ClockGettime(int32(^p.pid<<3|wholeProcess|scheduled), &ts) == nil {
		p.cpu = max(p.cpu, time.Duration(ts.Nano()))
	}
}
