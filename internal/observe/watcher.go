package observe

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"benchrun/internal/bench"
)

// lookEvery is the pause between two looks for new processes and for wedged threads that
// are gone. Deaths of processes need no look: a pidfd reports them.
const lookEvery = 40 * time.Millisecond

// settledEvery is the pause while no wedged thread is watched and the kernel reports
// forks.
const settledEvery = 200 * time.Millisecond

// slowEvery is the pause between two readings of what is expensive: PSS and the states of
// sockets.
const slowEvery = time.Second

// gapAfter is how late a look may come before it counts as a doubt.
const gapAfter = time.Second

// statusPatience is how long the report of a death waits for the exit status. It waits
// only if the observer cannot see a zombie's status.
const statusPatience = 500 * time.Millisecond

// Config says what to watch and where to report. The watcher never calls Tell
// concurrently. Tell holds up the watch, so it must return quickly.
type Config struct {
	Clock    bench.Clock
	ShimPID  int           // as the observer sees it; its descendants are the tree
	Ports    []int         // of the server, for CloseWait; none = do not count
	Interval time.Duration // between vitals; 0 = 200 ms
	// Memory returns the tree's memory in bytes, from its cgroup. If it is nil, or
	// returns false when the watch begins, PSS is added up once a second.
	Memory func() (int64, bool)
	// CPU returns the tree's CPU seconds, from its cgroup. If it is nil, or returns
	// false when the watch begins, the processes' own times are added up.
	CPU func() (float64, bool)
	// Tell gets each bench.Vital, bench.ProcEvent, bench.Receipt (thread-gone and
	// process-gone, see Track) and bench.Doubt (observer-gap). It may be nil.
	Tell func(bench.Entry)
}

// Watcher watches one process tree until it is stopped.
type Watcher struct {
	cfg    Config
	cancel context.CancelFunc
	done   chan struct{}

	tree   *tree
	deaths *deathWatch
	host   *hostFiles
	slow   *slowLooks
	// The sources are chosen when the watch begins, and stay: a series that mixes
	// cgroup readings with sums would show steps that never happened.
	cgroupMemory, cgroupCPU bool
	cpu                     float64 // the last CPU reading

	mu     sync.Mutex // guards wedges, which Track, Untrack and the loop share
	wedges map[string]*wedge
	closed bool
}

// Start watches until Stop is called or ctx ends. It reports processes that exist already
// as born. It returns an error if there is no such shim, or if /proc or epoll cannot be
// used.
func Start(ctx context.Context, cfg Config) (*Watcher, error) {
	if cfg.Clock == (bench.Clock{}) {
		return nil, errors.New("observe: a watch needs a clock")
	}
	if cfg.Interval <= 0 {
		cfg.Interval = 200 * time.Millisecond
	}
	w := &Watcher{cfg: cfg, done: make(chan struct{}), wedges: map[string]*wedge{}}
	if err := w.open(); err != nil {
		w.close()
		return nil, fmt.Errorf("observe process %d: %w", cfg.ShimPID, err)
	}
	if cfg.Memory != nil {
		_, w.cgroupMemory = cfg.Memory()
	}
	if cfg.CPU != nil {
		_, w.cgroupCPU = cfg.CPU()
	}
	ctx, w.cancel = context.WithCancel(ctx)
	go w.run(ctx)
	return w, nil
}

func (w *Watcher) open() (err error) {
	if w.deaths, err = newDeathWatch(); err != nil {
		return err
	}
	if w.tree, err = newTree(w.cfg.Clock, w.cfg.ShimPID, w.deaths, w.born, w.died); err != nil {
		return err
	}
	if w.host, err = newHostFiles(w.cfg.ShimPID); err != nil {
		return err
	}
	w.slow = newSlowLooks(w.cfg.ShimPID, w.cfg.Ports)
	return nil
}

func (w *Watcher) close() {
	if w.slow != nil {
		w.slow.close()
	}
	if w.host != nil {
		w.host.close()
	}
	if w.tree != nil {
		w.tree.close()
	}
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	if w.deaths != nil {
		w.deaths.close()
	}
}

// Stop takes a last look, to report the latest deaths and births, and returns when no
// more callbacks will come. It may be called twice, but not from a callback.
func (w *Watcher) Stop() {
	w.cancel()
	<-w.done
}

func (w *Watcher) run(ctx context.Context) {
	defer close(w.done)
	defer w.close()
	now := time.Now()
	due, vitalDue, slowDue := now, now, now
	for ctx.Err() == nil {
		now = time.Now()
		if late := now.Sub(due); late > gapAfter {
			at := w.cfg.Clock.Now()
			w.tell(bench.Doubt{From: at - int64(late), To: at, Cause: "observer-gap",
				Note: fmt.Sprintf("a look at the process tree came %.1f s late", late.Seconds())})
		}
		w.look()
		if !now.Before(vitalDue) {
			slow := !now.Before(slowDue)
			if slow {
				slowDue = now.Add(slowEvery)
			}
			w.vital(slow)
			vitalDue = following(vitalDue, w.cfg.Interval, now)
		}
		due = earlier(following(due, w.pause(), now), vitalDue)
		for w.deaths.wait(due, w.tree.told) && time.Now().Before(due) {
			w.pollWedges()
			due = earlier(due, time.Now().Add(w.pause()))
		}
	}
	w.lastLook()
}

// pause is the time until the next look.
func (w *Watcher) pause() time.Duration {
	if w.tree.unsettled() || w.tree.pending() || w.threadsWedged() {
		return lookEvery
	}
	return settledEvery
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// following is the next time on a schedule. If now has passed it, the schedule starts
// again from now: missed looks are not made up for.
func following(due time.Time, every time.Duration, now time.Time) time.Time {
	if due = due.Add(every); due.Before(now) {
		return now.Add(every)
	}
	return due
}

func (w *Watcher) look() {
	w.tree.look()
	w.pollWedges()
}

// lastLook waits a little for missing exit statuses.
func (w *Watcher) lastLook() {
	now := time.Now()
	until := now.Add(statusPatience)
	for w.deaths.wait(now, w.tree.told) && time.Now().Before(until) {
	}
	w.tree.rescan()
	w.look()
	for w.tree.pending() && time.Now().Before(until) {
		w.deaths.wait(time.Now().Add(lookEvery), w.tree.told)
		w.look()
	}
	w.vital(false)
}

func (w *Watcher) tell(e bench.Entry) {
	if w.cfg.Tell != nil {
		w.cfg.Tell(e)
	}
}

func (w *Watcher) born(p *member) {
	w.tell(bench.ProcEvent{T: p.bornAt, PID: p.seen, PPID: p.parent, Event: bench.Born, Name: p.name})
}

func (w *Watcher) died(p *member) {
	w.tell(bench.ProcEvent{T: p.diedAt, PID: p.seen, PPID: p.parent, Event: bench.Died, Name: p.name, Exit: p.exit})
}
