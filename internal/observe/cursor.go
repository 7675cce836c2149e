package observe

import (
	"fmt"

	"benchrun/internal/procfs"
)

const (
	askedMax   = 300 // asking for this many pids costs as much as reading the list
	strikesMax = 3
)

// pidCursor follows the last number that the kernel has assigned to a process or
// thread. As long as that does not change, nothing was born. When it changes, it tells
// which numbers are new, or now belong to another process. So the list of all
// processes, which is long on a busy host, need be read only once a second.
//
// The number is the last one in /proc/loadavg, see proc(5). Some container systems
// replace that file: the cursor is trusted until new processes have repeatedly been
// found while it stood still.
type pidCursor struct {
	fd      int
	before  int // the number two looks ago
	last    int // the number one look ago
	now     int
	trusted bool
	strikes int
}

func (c *pidCursor) open() (err error) {
	if c.fd, err = openRead("/proc/loadavg"); err != nil {
		return fmt.Errorf("/proc/loadavg: %w", err)
	}
	c.trusted = true
	return nil
}

func (c *pidCursor) close() { closeFD(c.fd) }

// read says whether there may be new processes since the last look.
func (c *pidCursor) read(buf []byte) bool {
	if !c.trusted {
		return true
	}
	now, ok := c.value(buf)
	if !ok {
		c.trusted = false
		return true
	}
	c.now = now
	return c.now != c.last
}

func (c *pidCursor) value(buf []byte) (int, bool) {
	b, err := readAt0(c.fd, buf)
	if err != nil {
		return 0, false
	}
	n := procfs.LastPID(b)
	return n, n > 0
}

// passed says whether a number may have been assigned since the last look. Numbers
// ascend, and after the highest they start again.
func (c *pidCursor) passed(pid int) bool {
	if !c.trusted {
		return false
	}
	if c.last <= c.now {
		return pid > c.last && pid <= c.now
	}
	return pid > c.last || pid <= c.now
}

// each calls f for the numbers assigned in the last two looks, until f returns false.
// Then each returns false too. It also returns false, perhaps without a call of f, if
// there are too many numbers or they have started again.
func (c *pidCursor) each(f func(int) bool) bool {
	if c.before == 0 || c.before > c.now || c.now-c.before > askedMax {
		return false
	}
	for n := c.before + 1; n <= c.now; n++ {
		if !f(n) {
			return false
		}
	}
	return true
}

// keep ends a look. unexpected says that the look found new processes although only
// the time had called for it. That can happen now and then, if a process is delayed
// while it is being born.
func (c *pidCursor) keep(unexpected bool) {
	if unexpected {
		c.strikes++
		c.trusted = c.trusted && c.strikes < strikesMax
	}
	c.before, c.last = c.last, c.now
}
