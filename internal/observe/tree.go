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
	parent int // when it was born, as the server sees it
	name   string
	start  uint64
	cpu    time.Duration // used until the last look
	bornAt int64
	// Open as long as the member is kept, so that neither can come to mean a later
	// process with the same pid. -1 = could not be opened.
	pidfd, dir int  // dir is /proc/PID
	visible    bool // the kernel shows its exit status while it is a zombie
	statDue    time.Time
	statEvery  time.Duration

	diedAt   int64 // 0 = alive
	exit     *bench.ExitStatus
	reported bool        // its death was reported
	patience time.Time   // when to report the death without a status
	listing  listing     // of its threads, for Track
	tids     map[int]int // tids as the process itself sees them, as far as asked for
}

// tree knows the descendants of the shim.
type tree struct {
	clock       bench.Clock
	shim        int
	shimSeen    int
	shimStart   uint64
	proc        int // /proc
	cursor      pidCursor
	forks       *forkWatch // nil: only looks find new processes
	grown       bool       // since the fork watch last got its list of parents
	deaths      *deathWatch
	onBorn      func(*member)
	onDied      func(*member)
	members     map[int]*member // by pid; dead ones stay until they are reaped
	seen        map[int]*member // the living, by the pid that the server sees
	strangers   map[int]uint64  // pids outside the tree, and the last scan that saw them
	lists       uint64
	fullDue     time.Time     // when to read the whole list without a reason
	again       bool          // ask for the same pids again at the next look
	unreported  int           // deaths that are not reported yet
	deadCPU     time.Duration // CPU time of reaped members
	buf, buffer []byte        // a small and a large one
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

// closeFD closes a descriptor that was only read; -1 = none.
func closeFD(fd int) {
	if fd >= 0 {
		_ = unix.Close(fd)
	}
}

// rescan makes the next look read the whole list.
func (t *tree) rescan() { t.fullDue = time.Time{} }

// pending says that a death is waiting for its exit status.
func (t *tree) pending() bool { return t.unreported > 0 }

// classify says whether a process is a member, and adds a new member. depth limits the
// walk up through parents that are new as well.
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
			return false // it ended before it could be read
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
		// Its parent has ended meanwhile, and it has another one now.
	}
	t.strangers[pid] = t.lists
	return false
}

// shimIsOurs checks the only pid that is trusted without a scan: if the shim has ended,
// its pid may belong to another process.
func (t *tree) shimIsOurs(ppid int) bool {
	if ppid != t.shim {
		return true
	}
	s, err := t.readStat(t.shim)
	return err == nil && s.Start == t.shimStart
}

// adopt adds a process to the members.
func (t *tree) adopt(pid, ppid int) bool {
	p := &member{pid: pid, parent: t.shimSeen, bornAt: t.clock.Now(), pidfd: -1, dir: -1}
	if parent := t.members[ppid]; parent != nil {
		p.parent = parent.seen
	}
	var ok bool
	// Open the pidfd first: whatever is read later belongs to the same process, unless
	// the pidfd says that it has ended.
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

// refresh reads a member's stat and stores what must outlive the member.
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
		if p.name != string(s.Name) { // this comparison does not allocate
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
