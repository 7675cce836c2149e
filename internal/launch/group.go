package launch

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"

	"benchrun/internal/bench"
)

// Group is a running server with everything it has forked. It is safe for concurrent
// use.
type Group struct {
	level   Level
	private bool  // the server has its own IPC and its own shared places
	uid     int   // the server's user
	since   int64 // Unix seconds, before the server was started
	scratch *Scratch
	name    string // of the server's cgroups
	output  file   // the file of stdout and stderr
	cg      *cgroup
	limits  bench.Limits
	why     []string // why some limits are not in force

	shim       *os.Process
	shimID     identity
	leader     int // its pid as the server sees it
	leaderHost identity

	beside *beside // the second command; nil = there is none

	control  *os.File
	reports  chan report   // for Start
	done     chan struct{} // the leader has ended
	shimGone chan struct{} // the shim has ended and was reaped
	heard    chan struct{} // all reports of the shim have been read
	sawEmpty atomic.Bool   // the shim proved that nothing is left
	ending   atomic.Bool   // Destroy has begun

	mu       sync.Mutex
	leaderFD int // pidfd, -1 when closed
	exit     *bench.ExitStatus
	notes    []string

	forks sync.Mutex // held while the limit of processes changes

	destroyMu sync.Mutex
	destroyed bool
}

// ShimPID is the supervisor's pid as benchrun sees it. At every level except
// ProcessGroup, each process of the group is a descendant of it.
func (g *Group) ShimPID() int {
	if g.shim == nil {
		return 0
	}
	return g.shim.Pid
}

// LeaderPID is the leader's pid as the server itself sees it.
func (g *Group) LeaderPID() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.leader
}

// LeaderHostPID is the leader's pid as benchrun sees it.
func (g *Group) LeaderHostPID() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.leaderHost.PID
}

// Level is the level at which the group is supervised.
func (g *Group) Level() Level { return g.level }

// Limits are the limits in force: those of the wanted ones that could be set, the
// user, and How.
func (g *Group) Limits() bench.Limits { return g.limits }

// Done is closed when the leader has ended. Other processes of the group may still
// live.
func (g *Group) Done() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.done
}

// Exit says how the leader ended; nil while it is alive.
func (g *Group) Exit() *bench.ExitStatus {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.exit == nil {
		return nil
	}
	e := *g.exit
	return &e
}

// Err is not nil if the supervisor ended or failed by itself. From then on the harness
// causes whatever happens to the server.
func (g *Group) Err() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.notes) == 0 {
		return nil
	}
	errs := make([]error, len(g.notes))
	for i, n := range g.notes {
		errs[i] = errors.New(n)
	}
	return fmt.Errorf("supervisor of %s: %w", g.name, errors.Join(errs...))
}

// Signal sends a signal to the leader only. It uses the leader's pidfd, so it never
// hits another process that got the same pid later. It returns os.ErrProcessDone if the
// leader has ended.
func (g *Group) Signal(sig syscall.Signal) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.exit != nil || g.leaderFD < 0 {
		return os.ErrProcessDone
	}
	err := unix.PidfdSendSignal(g.leaderFD, sig, nil, 0)
	if errors.Is(err, unix.ESRCH) {
		return os.ErrProcessDone
	}
	if err != nil {
		return fmt.Errorf("%s to the leader (pid %d): %w", unix.SignalName(sig), g.leaderHost.PID, err)
	}
	return nil
}

// SignalProcess sends a signal to the process of the group that the server knows by
// this pid, and to no other. It returns os.ErrProcessDone if there is none.
func (g *Group) SignalProcess(pid int, sig syscall.Signal) error {
	members, err := g.Members()
	if err != nil {
		return err
	}
	for _, host := range members {
		if innermost(host) != pid {
			continue
		}
		sent, err := signalIf(host, sig, func() bool { return innermost(host) == pid && g.owns(host) })
		if err != nil || sent {
			return err
		}
	}
	return os.ErrProcessDone
}

// allRounds is how often SignalAll looks for processes: those that are forked while it
// looks get the signal in the next round.
const allRounds = 3

// SignalAll sends a signal to every process of the group, but not to the supervisor.
func (g *Group) SignalAll(sig syscall.Signal) error {
	sent := map[int]bool{}
	for range allRounds {
		members, err := g.Members()
		if err != nil {
			return err
		}
		for _, host := range members {
			if sent[host] {
				continue
			}
			if _, err := signalIf(host, sig, func() bool { return g.owns(host) }); err != nil {
				return err
			}
			sent[host] = true
		}
	}
	return nil
}

// owns says whether a living process belongs to the group.
func (g *Group) owns(host int) bool {
	members, err := g.Members()
	return err == nil && slices.Contains(members, host)
}

// Members lists the host pids of the living processes of the group, without the
// supervisor and zombies. With a cgroup the list is exact. Otherwise it comes from
// /proc and can lack processes that were born during the look.
func (g *Group) Members() ([]int, error) {
	switch {
	case g.cg != nil:
		return cgroupMembers(g.cg.folders())
	case g.level == ProcessGroup || g.shimHasGone():
		return marked(g.scratch.ID)
	default:
		return descendants(g.ShimPID())
	}
}

func (g *Group) shimHasGone() bool {
	select {
	case <-g.shimGone:
		return true
	default:
		return false
	}
}

// MemoryBytes is the group's anonymous and shared memory in bytes, from the
// cgroup's memory.stat, without file cache and kernel memory. false if there is no
// memory cgroup.
func (g *Group) MemoryBytes() (int64, bool) {
	if g.cg == nil {
		return 0, false
	}
	return g.cg.memoryBytes()
}

// CPUSeconds is the CPU time that the group has used, in seconds, ended processes
// included. false if no cgroup counts it.
func (g *Group) CPUSeconds() (float64, bool) {
	if g.cg == nil {
		return 0, false
	}
	return g.cg.cpuSeconds()
}

// OOMKills counts the processes that the kernel killed because the group was at its
// memory cap. false if there is no memory cgroup.
func (g *Group) OOMKills() (int64, bool) {
	if g.cg == nil {
		return 0, false
	}
	return g.cg.oomKills()
}

// Left names what is still there of what the server's user has made outside of the
// server's folders since the start. If other programs of this user share these
// places, they may have made it. Call it after Destroy.
func (g *Group) Left() []string {
	if g.private || g.shim == nil {
		return nil
	}
	return leftBehind(g.uid, g.since)
}

// leaderEnded stores how the leader ended, if nothing is stored yet.
func (g *Group) leaderEnded(exit bench.ExitStatus) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.exit == nil {
		g.exit = &exit
		close(g.done)
	}
}

// closeLeader closes the leader's pidfd.
func (g *Group) closeLeader() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.leaderFD >= 0 {
		_ = unix.Close(g.leaderFD)
		g.leaderFD = -1
	}
}

func (g *Group) note(what string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.notes = append(g.notes, what)
}

func (g *Group) shimLogFile() string { return filepath.Join(g.scratch.Dir, supervisorLog) }

// state is what Sweep must know about the group.
func (g *Group) state() groupState {
	st := groupState{Name: g.name, Level: g.level, Shim: g.shimID, Leader: g.leaderHost, Private: g.private, UID: g.uid, Since: g.since}
	if g.cg != nil {
		st.Cgroups = g.cg.folders()
	}
	return st
}
