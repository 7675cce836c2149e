package observe

import (
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"benchrun/internal/bench"
	"benchrun/internal/procfs"
)

// wedge is a fault whose thread or process the observer watches.
type wedge struct {
	receipt bench.Receipt
	known   bool    // process and thread are set
	process *member // nil: not in the tree; found by the receipt's pids
	thread  int     // as the observer sees it; 0 = the whole process
	gone    bench.ReceiptEvent
	goneAt  int64
}

// Track watches from now on whether the thread of a start receipt still exists, or the
// whole process if tid is pid. When it is gone, Tell gets the same receipt again, with
// Event thread-gone or process-gone and T as the time when the observer noticed: at once
// for a process, within 50 ms for a thread. A zombie counts as gone. A second receipt
// with the same nonce replaces the first.
func (w *Watcher) Track(r bench.Receipt) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wedges[r.Nonce] = &wedge{receipt: r}
	if !w.closed {
		w.deaths.nudge()
	}
}

// Untrack ends the watch that Track began. The nonce may be unknown.
func (w *Watcher) Untrack(nonce string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.wedges, nonce)
}

// threadsWedged says whether a watched wedge can only be seen to end by looking.
func (w *Watcher) threadsWedged() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, g := range w.wedges {
		if g.process == nil || g.thread != 0 {
			return true
		}
	}
	return false
}

// pollWedges reports the wedges that have ended.
func (w *Watcher) pollWedges() {
	for _, r := range w.takeGone() {
		w.tell(r)
	}
}

func (w *Watcher) takeGone() (gone []bench.Receipt) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.wedges) == 0 {
		return nil
	}
	listed := map[*member]map[int]bool{} // one list for all wedges of a process
	for nonce, g := range w.wedges {
		if !g.known {
			w.find(g)
		}
		if g.gone == "" {
			w.check(g, listed)
		}
		if g.gone != "" {
			r := g.receipt
			r.Event, r.T = g.gone, g.goneAt
			gone = append(gone, r)
			delete(w.wedges, nonce)
		}
	}
	return gone
}

// find finds the process and thread of a receipt, which names them as the server does.
func (w *Watcher) find(g *wedge) {
	g.known = true
	p := w.tree.seen[g.receipt.PID]
	if p == nil { // it may be younger than the last look
		w.tree.rescan()
		w.tree.look()
		p = w.tree.seen[g.receipt.PID]
	}
	g.process = p
	if p == nil || g.receipt.TID == g.receipt.PID {
		return
	}
	for range listings {
		var ok bool
		if g.thread, ok = w.tree.hostThread(p, g.receipt.TID); ok {
			return
		}
		p.listing.expires = time.Time{}
	}
	w.went(g, bench.ReceiptThreadGone)
}

func (w *Watcher) check(g *wedge, listed map[*member]map[int]bool) {
	p := g.process
	switch {
	case p == nil:
		w.checkStray(g)
	case p.diedAt != 0:
		g.gone, g.goneAt = bench.ReceiptProcessGone, p.diedAt
	case g.thread != 0:
		threads, ok := listed[p]
		if !ok {
			threads = w.tree.threads(p)
			listed[p] = threads
		}
		if threads[g.thread] || p.hasThread(g.thread) {
			return
		}
		// If the whole process has ended, its death is about to be reported anyway.
		if s, ok := w.tree.refresh(p); ok && !s.Gone() && len(threads) > 0 {
			w.went(g, bench.ReceiptThreadGone)
		}
	}
}

// checkStray looks for a process that is not in the tree. It is gone, or, if the server's
// pids are the host's, it may have escaped from the shim.
func (w *Watcher) checkStray(g *wedge) {
	r := g.receipt
	if w.tree.shimSeen != w.tree.shim {
		w.went(g, bench.ReceiptProcessGone)
		return
	}
	if s, err := w.tree.readStat(r.PID); err != nil || s.Gone() {
		w.went(g, bench.ReceiptProcessGone)
	} else if _, err := os.Lstat(procfs.Path(r.PID, "task/"+strconv.Itoa(r.TID))); err != nil {
		w.went(g, bench.ReceiptThreadGone)
	}
}

func (w *Watcher) went(g *wedge, event bench.ReceiptEvent) {
	g.gone, g.goneAt = event, w.cfg.Clock.Now()
}

// listings is how many lists of a process's threads must lack one that nobody can ask for
// by its number.
const listings = 3

// listing is a list of a process's threads as the observer sees them. It may lack threads
// that live: while the kernel lists them, each one that ends moves those behind it.
type listing struct {
	tids    map[int]bool
	count   int // how many threads the process had just before
	cursor  int
	expires time.Time
}

// threads lists a process's threads. The last list still holds if no task was born
// anywhere since and the number of threads is the same. So hundreds of stuck threads cost
// no more than one.
func (t *tree) threads(p *member) map[int]bool {
	l := &p.listing
	count := p.threads()
	if count == 0 {
		return nil
	}
	if t.cursor.trusted && l.cursor == t.cursor.now && l.count == count && len(l.tids) == l.count && time.Now().Before(l.expires) {
		return l.tids
	}
	if l.tids == nil {
		l.tids = map[int]bool{}
	}
	clear(l.tids)
	l.count, l.cursor, l.expires = count, t.cursor.now, time.Now().Add(slowEvery)
	fd, err := unix.Openat(p.dir, "task", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer closeFD(fd)
	if procfs.EachNumber(fd, t.buffer, func(tid int) { l.tids[tid] = true }) != nil {
		clear(l.tids)
	}
	return l.tids
}

// hasThread says whether a thread exists, which the observer sees as tid.
func (p *member) hasThread(tid int) bool {
	var s unix.Statx_t
	return quickStat(p.dir, "task/"+strconv.Itoa(tid)+"\x00", &s) == nil
}

// hostThread finds the thread whose own tid is tid. In a PID namespace, it asks every
// thread of the process, and stores the answers.
func (t *tree) hostThread(p *member, tid int) (int, bool) {
	threads := t.threads(p)
	if p.pid == p.seen {
		return tid, threads[tid]
	}
	known := make(map[int]int, len(threads))
	host, ok := 0, false
	for h := range threads {
		seen, again := p.tids[h]
		if !again {
			if seen, again = innermostPID(procfs.Path(p.pid, "task/"+strconv.Itoa(h)+"/status"), t.buf); !again {
				continue
			}
		}
		known[h] = seen
		if seen == tid {
			host, ok = h, true
		}
	}
	p.tids = known
	return host, ok
}
