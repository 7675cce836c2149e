package observe

import (
	"time"

	"golang.org/x/sys/unix"

	"benchrun/internal/procfs"
)

// glimpse is what a vital needs of one process.
type glimpse struct {
	threads, fds int
	zombie       bool // ended, and not reaped yet
}

// statEveryMax is the longest pause between two reads of a process's stat.
const statEveryMax = 10 * time.Second

// glance looks at a member, mostly without reading its stat, which costs 10 µs: the link
// count and the size of two folders say the same for 4. It reads the stat if nothing
// else can tell, and now and then because the name may change. That mostly happens
// soon after birth, so the pauses grow. ok is false once the process was reaped.
func (t *tree) glance(p *member, now time.Time) (g glimpse, ok bool) {
	g.threads = p.threads()
	if !now.Before(p.statDue) || p.pidfd < 0 || g.threads == 0 {
		p.statEvery = min(2*p.statEvery+slowEvery/10, statEveryMax)
		p.statDue = now.Add(p.statEvery)
		s, ok := t.refresh(p)
		if !ok {
			return g, false
		}
		g.threads, g.zombie = s.Threads, s.Gone()
	} else {
		g.zombie = p.diedAt != 0 // its pidfd has reported the death
		p.readCPU()
	}
	if !g.zombie {
		g.fds = t.countFDs(p)
	}
	return g, true
}

// threads is how many threads a process has: /proc/PID/task has two links of its own and
// one for each thread. 0 = reaped or unknown.
func (p *member) threads() int {
	var s unix.Statx_t
	if quickStat(p.dir, "task\x00", &s) != nil {
		return 0
	}
	return max(0, int(s.Nlink)-2)
}

// countFDs is the number of open files of a process; 0 if this user may not know. Since
// Linux 6.2 it is the size of the folder; before, that size is 0 and the folder must be
// read.
func (t *tree) countFDs(p *member) int {
	var s unix.Statx_t
	if quickStat(p.dir, "fd\x00", &s) == nil && s.Size > 0 {
		return int(s.Size)
	}
	return t.listFDs(p)
}

func (t *tree) listFDs(p *member) (n int) {
	fd, err := unix.Openat(p.dir, "fd", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0
	}
	defer closeFD(fd)
	if procfs.EachNumber(fd, t.buffer, func(int) { n++ }) != nil {
		return 0
	}
	return n
}

// readCPU reads the process's CPU clock, see clock_getcpuclockid(3), which counts all
// its threads, ended ones included, until it is reaped. The pid cannot pass to another
// process between two looks, because the kernel assigns pids in turn.
func (p *member) readCPU() {
	const wholeProcess, scheduled = 0, 2
	var ts unix.Timespec
	if quickClock(int32(^p.pid<<3|wholeProcess|scheduled), &ts) == nil {
		p.cpu = max(p.cpu, time.Duration(ts.Nano()))
	}
}
