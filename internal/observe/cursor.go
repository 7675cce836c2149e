package observe

import (
	"bytes"
	"fmt"

	"benchrun/internal/procfs"
)

const (
	askedMax   = 300 // asking for so many costs as much as reading the list
	strikesMax = 3
)

// pidCursor follows the number that the kernel handed out last, to processes
// and threads alike. While it stands still nothing was born; when it moves, it
// tells which numbers are new, or have come to mean another process. So the list
// of all processes, which is long on a busy host, is read once a second only.
//
// It stands at the end of /proc/loadavg, see proc(5). Some container systems
// put a file of their own there: the cursor is trusted until new processes were
// found, time and again, while it stood still.
type pidCursor struct {
	fd      int
	before  int // two looks ago
	last    int // one look ago
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
	b = bytes.TrimSpace(b)
	n := int(procfs.Number(b[bytes.LastIndexByte(b, ' ')+1:]))
	return n, n > 0
}

// passed says whether a number may have been handed out since the last look.
// Numbers ascend, and begin anew at the highest.
func (c *pidCursor) passed(pid int) bool {
	if !c.trusted {
		return false
	}
	if c.last <= c.now {
		return pid > c.last && pid <= c.now
	}
	return pid > c.last || pid <= c.now
}

// each calls f for the numbers handed out in the last two looks, until f says
// false. It says false too, and may have called f for none, where they are too
// many or begin anew at the lowest.
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

// keep ends a look. unexpected says that it found new processes though nothing
// had called for it but the time that had passed. That can happen once in a
// while, to a process that was held up as it was born.
func (c *pidCursor) keep(unexpected bool) {
	if unexpected {
		c.strikes++
		c.trusted = c.trusted && c.strikes < strikesMax
	}
	c.before, c.last = c.last, c.now
}
