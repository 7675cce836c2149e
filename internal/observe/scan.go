package observe

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"

	"benchrun/internal/procfs"
)

// look finds new processes, and asks again for missing exit statuses.
func (t *tree) look() {
	t.refillForks()
	moved := t.cursor.read(t.buf)
	full := !time.Now().Before(t.fullDue)
	called := moved || t.again
	if called || full {
		// The kernel assigns a pid a moment before the process becomes visible, so two
		// looks follow each change.
		t.again = moved
		t.forgetReused(full)
		if full {
			t.fullDue = time.Now().Add(slowEvery)
		}
		var done, found bool
		if !full && t.cursor.trusted {
			done = t.askNew()
		}
		if !done {
			found = t.list()
		}
		t.cursor.keep(found && !called)
	}
	if t.unreported > 0 {
		for _, p := range t.members {
			if p.diedAt != 0 && !p.reported {
				t.report(p, time.Now())
			}
		}
	}
	t.tendForks()
}

// askNew looks at the pids that were assigned recently. It returns false if they are too
// many to ask for one by one, or if asking does not work.
func (t *tree) askNew() bool {
	return t.cursor.each(func(pid int) bool {
		if _, ok := t.strangers[pid]; ok || t.members[pid] != nil {
			return true
		}
		// Threads and ended processes have no pidfd.
		switch fd, err := quickPidfd(pid); {
		case err == nil:
			closeFD(fd)
			t.classify(pid, 0)
		case gone(err), errors.Is(err, unix.EINVAL):
		default:
			return false
		}
		return true
	})
}

// list reads the list of all processes and examines the unknown ones. It says whether
// there were any.
func (t *tree) list() (found bool) {
	t.lists++
	err := procfs.EachNumber(t.proc, t.buffer, func(pid int) {
		if _, ok := t.strangers[pid]; ok {
			t.strangers[pid] = t.lists
		} else if t.members[pid] == nil && pid != t.shim {
			found = true
			t.classify(pid, 0)
		}
	})
	if err != nil {
		t.rescan()
		return false
	}
	for pid, list := range t.strangers {
		if list != t.lists {
			delete(t.strangers, pid)
		}
	}
	for _, p := range t.members {
		if p.pidfd < 0 && p.diedAt == 0 && !t.alive(p) {
			t.ended(p)
		}
	}
	return found
}

// forgetReused forgets every pid that may belong to another process since the last look.
func (t *tree) forgetReused(full bool) {
	for pid := range t.strangers {
		if t.cursor.passed(pid) || (full && !t.cursor.trusted) {
			delete(t.strangers, pid)
		}
	}
	for pid, p := range t.members {
		if !t.cursor.passed(pid) {
			continue
		}
		if s, err := t.readStat(pid); err != nil || s.Start != p.start {
			t.ended(p)
			t.release(p)
		}
	}
}
