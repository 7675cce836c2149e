package observe

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"benchrun/internal/bench"
	"benchrun/internal/procfs"
)

// member is one process of the tree, until it is reaped.
type member struct {
	pid    int // as the observer sees it
	seen   int // as the server sees it
	parent int // at birth, as the server sees it
	name   string
	start  uint64
	cpu    time.Duration // used up to the last look
	bornAt int64
	// Open for as long as the process is kept, so that neither can come to mean
	// a later process of the same number. -1 = could not be opened.
	pidfd, dir int  // dir is /proc/PID
	visible    bool // the kernel shows us its exit status while it is a zombie
	statDue    time.Time
	statEvery  time.Duration

	diedAt   int64 // 0 = alive
	exit     *bench.ExitStatus
	reported bool        // its death
	patience time.Time   // when to report it without a status
	listing  listing     // of its threads, for Track
	tids     map[int]int // what they call themselves, where that was asked for
}

// tree knows the descendants of the shim.
type tree struct {
	clock       bench.Clock
	shim        int
	shimSeen    int
	shimStart   uint64
	proc        int // /proc
	cursor      pidCursor
	forks       *forkWatch // nil: there are the looks alone
	grown       bool       // since the fork watch was told whose forks to hear of
	deaths      *deathWatch
	onBorn      func(*member)
	onDied      func(*member)
	members     map[int]*member // by pid; the dead until they are reaped
	seen        map[int]*member // the living, by seen
	strangers   map[int]uint64  // pids outside the tree, and the scan that saw them last
	lists       uint64
	fullDue     time.Time     // when to list without a reason
	again       bool          // at the next look, ask for the same numbers again
	unreported  int           // deaths
	deadCPU     time.Duration // of those that were reaped
	buf, buffer []byte        // small and large
}

func newTree(clock bench.Clock, shim int, deaths *deathWatch, onBorn, onDied func(*member)) (*tree, error) {
	t := &tree{clock: clock, shim: shim, deaths: deaths, onBorn: onBorn, onDied: onDied, proc: -1,
		cursor: pidCursor{fd: -1}, members: map[int]*member{}, seen: map[int]*member{}, strangers: map[int]uint64{},
		buf: make([]byte, 4096), buffer: make([]byte, 32<<10)}
	s, err := t.readStat(shim)
	if err != nil {
		return t, fmt.Errorf("there is no such process: %w", err)
	}
	t.shimStart = s.Start
	var ok bool
	if t.shimSeen, ok = innermostPID(procfs.Path(shim, "status"), t.buf); !ok {
		return t, fmt.Errorf("no NSpid in %s", procfs.Path(shim, "status"))
	}
	if t.proc, err = unix.Open("/proc", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0); err != nil {
		return t, fmt.Errorf("/proc: %w", err)
	}
	if err := t.cursor.open(); err != nil {
		return t, err
	}
	t.forks = newForkWatch(shim)
	t.refillForks()
	return t, nil
}

func (t *tree) close() {
	for _, p := range t.members {
		p.close()
	}
	if t.forks != nil {
		t.forks.close()
	}
	t.cursor.close()
	closeFD(t.proc)
}

func (p *member) close() {
	closeFD(p.pidfd)
	closeFD(p.dir)
}

// closeFD closes a descriptor that was only read; there may be none (-1).
func closeFD(fd int) {
	if fd >= 0 {
		_ = unix.Close(fd)
	}
}

// rescan makes the next look a full one.
func (t *tree) rescan() { t.fullDue = time.Time{} }

// pending says that a death waits for its exit status.
func (t *tree) pending() bool { return t.unreported > 0 }

// classify says whether a process is a member, and makes a new one known.
// depth bounds the walk up through parents that are new too.
func (t *tree) classify(pid, depth int) bool {
	if pid == t.shim || t.members[pid] != nil {
		return true
	}
	if _, ok := t.strangers[pid]; ok || depth > 100 {
		return false
	}
	for range 5 {
		s, err := t.readStat(pid)
		if err != nil {
			return false // it was gone before it could be looked at
		}
		if s.Parent == 0 {
			break
		}
		if t.classify(s.Parent, depth+1) && t.shimIsOurs(s.Parent) {
			return t.adopt(pid, s.Parent)
		}
		if _, ok := t.strangers[s.Parent]; ok {
			break
		}
		// The parent ended meanwhile: the child has another one now.
	}
	t.strangers[pid] = t.lists
	return false
}

// shimIsOurs guards the one pid that is trusted without a scan: should the
// shim have ended, its number may be another's.
func (t *tree) shimIsOurs(ppid int) bool {
	if ppid != t.shim {
		return true
	}
	s, err := t.readStat(t.shim)
	return err == nil && s.Start == t.shimStart
}

// adopt makes a process a member.
func (t *tree) adopt(pid, ppid int) bool {
	p := &member{pid: pid, parent: t.shimSeen, bornAt: t.clock.Now(), pidfd: -1, dir: -1}
	if parent := t.members[ppid]; parent != nil {
		p.parent = parent.seen
	}
	var ok bool
	// The pidfd comes first: what is read afterwards is known to be of the same
	// process, unless the pidfd says that it ended.
	p.pidfd, _ = unix.PidfdOpen(pid, 0)
	p.dir = openDir(procfs.Path(pid, ""))
	s, alive := t.refresh(p)
	if p.seen, ok = innermostPID(procfs.Path(pid, "status"), t.buf); !ok || !alive {
		p.close()
		return false
	}
	p.start = s.Start
	t.members[pid] = p
	t.grown = true
	t.seen[p.seen] = p
	t.onBorn(p)
	if p.pidfd >= 0 && t.deaths.add(p.pidfd, pid) != nil {
		closeFD(p.pidfd)
		p.pidfd = -1
	}
	return true
}

// refresh reads a member's stat, and keeps what outlives it.
func (t *tree) refresh(p *member) (procfs.Stat, bool) {
	p.readCPU()
	fd, err := unix.Openat(p.dir, "stat", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return procfs.Stat{}, false
	}
	defer closeFD(fd)
	b, err := readAt0(fd, t.buf)
	if err != nil {
		return procfs.Stat{}, false
	}
	s, ok := procfs.ParseStat(b)
	if !ok || (p.start != 0 && s.Start != p.start) {
		return procfs.Stat{}, false
	}
	if !s.Gone() {
		p.visible = s.Visible
		if p.name != string(s.Name) { // it compares without allocating
			p.name = string(s.Name)
		}
	}
	return s, true
}

func (t *tree) readStat(pid int) (procfs.Stat, error) {
	b, err := readPath(procfs.Path(pid, "stat"), t.buf)
	if err != nil {
		return procfs.Stat{}, err
	}
	s, ok := procfs.ParseStat(b)
	if !ok {
		return procfs.Stat{}, unix.EBADMSG
	}
	return s, nil
}
