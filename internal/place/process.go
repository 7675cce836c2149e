package place

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// These methods name processes by what they do. pids are those that the server
// itself sees, as in records.

// Leader is the server's first process, which gets the signals: the parent of the
// workers, or the server itself if it has no workers. A supervisor may have none for a
// moment: then it is 0.
func (p *Place) Leader() int {
	if p.supervisor != nil {
		return p.group.Child()
	}
	return p.group.LeaderPID()
}

// ServingWait is how long benchrun looks for all expected workers.
const ServingWait = 5 * time.Second

// Serving returns the pids of the workers, which are the processes that answer,
// sorted. It holds a few requests at a time, so that idle workers must take the
// others, until as many processes as expected have answered or wait is over.
func (p *Place) Serving(ctx context.Context, wait time.Duration) []int {
	seen, deadline := map[int]bool{}, time.Now().Add(wait)
	for round := 0; len(seen) < p.workers && time.Now().Before(deadline) && ctx.Err() == nil; round++ {
		var mu sync.Mutex
		var wg sync.WaitGroup
		for i := range atOnce(p.workers, round) {
			wg.Go(func() {
				nonce := fmt.Sprintf("%s%d-%d", bootNonce, round, i)
				p.Expect(nonce)
				path := fmt.Sprintf("/sleep?ms=%d&nonce=%s", workersSleep, nonce)
				_, _, head, err := clients.Ask(ctx, p.addr, path, 2*time.Second)
				if err != nil {
					return
				}
				if pid := clients.WorkerPID(head); pid > 0 {
					mu.Lock()
					seen[pid] = true
					mu.Unlock()
				}
			})
		}
		wg.Wait()
	}
	return slices.Sorted(maps.Keys(seen))
}

// atOnce is how many requests one round of Serving sends. A worker with an event loop takes
// another request while one sleeps, so a few requests may all go to the same workers round
// after round: then more come at once.
func atOnce(workers, round int) int { return 2 * workers << min(round/4, 3) }

// Server returns the receipt of this kind for a request, which names the process
// and the thread that serve or served it; false = no such receipt yet.
func (p *Place) Server(nonce string, event bench.ReceiptEvent) (bench.Receipt, bool) {
	for _, r := range p.Record().Receipts {
		if r.Nonce == nonce && r.Event == event {
			return r, true
		}
	}
	return bench.Receipt{}, false
}

// Living returns those of pids that nobody has seen die.
func (p *Place) Living(pids []int) []int {
	return without(pids, p.Record().Procs, func(e bench.ProcEvent) bool { return e.Event == bench.Died })
}

// BornSince returns those of pids that were born at t (ns since origin) or later.
func (p *Place) BornSince(t int64, pids []int) []int {
	old := without(pids, p.Record().Procs, func(e bench.ProcEvent) bool { return e.Event == bench.Born && e.T >= t })
	return slices.DeleteFunc(slices.Clone(pids), func(pid int) bool { return slices.Contains(old, pid) })
}

// without returns those of pids for which seen has no such event.
func without(pids []int, seen []bench.ProcEvent, like func(bench.ProcEvent) bool) []int {
	return slices.DeleteFunc(slices.Clone(pids), func(pid int) bool {
		return slices.ContainsFunc(seen, func(e bench.ProcEvent) bool { return e.PID == pid && like(e) })
	})
}

// Signal sends a signal to the leader.
func (p *Place) Signal(signal syscall.Signal) error {
	if p.supervisor != nil {
		return p.signalSupervised(signal)
	}
	return p.group.Signal(signal)
}

// Reload asks the leader to replace its workers, in the way that the server file
// names, and records when. nonce is that of the fault.
func (p *Place) Reload(nonce string) error {
	at := p.clock.Now()
	if err := p.Signal(unix.SignalNum("SIG" + p.target.Server.ReloadSignal(p.target.Profile))); err != nil {
		return err
	}
	p.journal.Mark(at, bench.MarkSignal, nonce)
	return nil
}

// ReceiptWait is how long benchrun waits for the app to say which process serves a
// request.
const ReceiptWait = 3 * time.Second

// SignalServing sends a signal to the process that serves a request, and records when.
// nonce is that of the request, whose receipt names the process. It is an error if no
// process but the leader serves the request: without the leader there is no server.
func (p *Place) SignalServing(ctx context.Context, nonce string, signal syscall.Signal) error {
	var r bench.Receipt
	begun := false
	for deadline := time.Now().Add(ReceiptWait); !begun; {
		if time.Now().After(deadline) || ctx.Err() != nil {
			return fmt.Errorf("no process is known to serve %s", nonce)
		}
		bench.Sleep(ctx, 10*time.Millisecond)
		r, begun = p.Server(nonce, bench.ReceiptStart)
	}
	if r.PID == p.Leader() {
		return fmt.Errorf("the leader itself serves %s", nonce)
	}
	at := p.clock.Now()
	if err := p.group.SignalProcess(r.PID, signal); err != nil {
		return err
	}
	if signal == unix.SIGSTOP {
		p.mu.Lock()
		p.stopped = append(p.stopped, r.PID)
		p.mu.Unlock()
	}
	p.journal.Add(bench.Mark{T: at, Name: bench.MarkSignal, Note: nonce, PID: r.PID})
	return nil
}

// Resume lets the processes go on that SignalServing has stopped, as far as they still
// live.
func (p *Place) Resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, pid := range p.Living(p.stopped) {
		_ = p.group.SignalProcess(pid, unix.SIGCONT) // it may have ended meanwhile
	}
	p.stopped = nil
}

// Exit says how the process that benchrun launched ended: the leader, or its supervisor; nil =
// it runs.
func (p *Place) Exit() *bench.ExitStatus { return p.group.Exit() }
