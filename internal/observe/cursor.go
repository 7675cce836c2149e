package observe

import (
	"bytes"
	"fmt"
)

// pidCursor follows the number that the kernel handed out last, to processes
// and threads alike. While it stands still nothing was born, and reading the
// list of all processes can be left out; when it moves, it tells which numbers
// may have come to mean another process.
//
// It stands at the end of /proc/loadavg, see proc(5). Some container systems
// put a file of their own there: the cursor is trusted until a new process is
// found while it stood still.
type pidCursor struct {
	fd      int
	last    int // at the scan before
	now     int
	trusted bool
}

func (c *pidCursor) open() (err error) {
	if c.fd, err = openRead("/proc/loadavg"); err != nil {
		return fmt.Errorf("/proc/loadavg: %w", err)
	}
	c.trusted = true
	return nil
}

func (c *pidCursor) close() { closeFD(c.fd) }

// read says whether there may be new processes since the last check.
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
	n := int(number(b[bytes.LastIndexByte(b, ' ')+1:]))
	return n, n > 0
}

// passed says whether a number may have been handed out since the last check.
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

// check ends a scan. unexpected says that it found new processes though nothing
// had called for it but the time that had passed.
func (c *pidCursor) check(unexpected bool, buf []byte) {
	if c.trusted && unexpected {
		// Unless they were born during the scan, the cursor is not worth its name.
		after, ok := c.value(buf)
		c.trusted = ok && after != c.now
	}
	c.last = c.now
}
