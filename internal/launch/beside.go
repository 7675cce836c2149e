package launch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"benchrun/internal/bench"
)

// Beside is a second command of a group. It runs among the processes of the first one: in
// the same namespaces, under the same limits, as the same user, with the same output.
// Group.StartBeside starts it, Stop asks it to end before the first one, and Destroy ends it
// too. Again does not start it again.
type Beside struct {
	Argv  []string       // as Spec.Argv
	Env   []string       // as Spec.Env
	Dir   string         // working folder, absolute
	Stop  syscall.Signal // asks it to complete what it has and to end
	Grace time.Duration  // how long it may take for that; then it gets SIGTERM
}

// beside is the second command of a running group.
type beside struct {
	Beside
	done chan struct{} // its first process has ended

	mu    sync.Mutex
	pid   int // as the group sees it
	pidfd int // -1 when closed
	exit  *bench.ExitStatus
}

func newBeside(b Beside) *beside { return &beside{Beside: b, done: make(chan struct{}), pidfd: -1} }

// StartBeside starts the command of Spec.Beside, once, and returns as soon as it has been
// executed. It returns a bench.EnvironmentError if it cannot be executed. Not concurrent
// with Again or Destroy.
func (g *Group) StartBeside(ctx context.Context) error {
	b := g.beside
	if err := g.forkBeside(ctx); err != nil {
		return &bench.EnvironmentError{Problem: fmt.Sprintf("cannot start %q (supervision %s)", b.Argv[0], g.level), Err: err}
	}
	return nil
}

// forkBeside has the supervisor start the second command.
func (g *Group) forkBeside(ctx context.Context) error {
	b := g.beside
	if _, err := g.control.WriteString(orderBeside + "\n"); err != nil {
		return fmt.Errorf("tell the supervisor: %w", err)
	}
	_, err := g.adopt(ctx, func(pid int, _ identity, pidfd int) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.pid, b.pidfd = pid, pidfd
	})
	return err
}

// startBeside starts the second command. It returns false if benchrun wants the end instead.
func (s *shim) startBeside(orders <-chan string) (goOn bool) {
	if s.order.Beside == nil {
		s.report(report{Event: eventFailed, What: "start beside", Error: "there is no second command"})
		return true
	}
	return s.startMore("start beside", *s.order.Beside, &s.beside, orders)
}

// BesideExit says how the first process of the second command ended; nil while it is alive,
// or if there is none.
func (g *Group) BesideExit() *bench.ExitStatus {
	if g.beside == nil {
		return nil
	}
	g.beside.mu.Lock()
	defer g.beside.mu.Unlock()
	return g.beside.exit
}

// BesidePID is the pid of that process as the group itself sees it; 0 = there is none.
func (g *Group) BesidePID() int {
	if g.beside == nil {
		return 0
	}
	g.beside.mu.Lock()
	defer g.beside.mu.Unlock()
	return g.beside.pid
}

// besideEnded stores how it ended, if nothing is stored yet.
func (g *Group) besideEnded(exit bench.ExitStatus) {
	b := g.beside
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.exit == nil {
		b.exit = &exit
		close(b.done)
	}
}

// stopBeside asks the second command to end and waits for that, for its grace or window.
func (g *Group) stopBeside(ctx context.Context, window time.Duration) {
	b := g.beside
	if b == nil || g.BesidePID() == 0 {
		return
	}
	g.signalBeside(b.Stop)
	if !waitFor(ctx, b.done, min(b.Grace, window)) {
		g.signalBeside(unix.SIGTERM)
	}
}

// signalBeside sends a signal to the first process of the second command, if it lives.
func (g *Group) signalBeside(sig syscall.Signal) {
	b := g.beside
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.exit != nil || b.pidfd < 0 {
		return
	}
	err := unix.PidfdSendSignal(b.pidfd, sig, nil, 0)
	if err != nil && !errors.Is(err, unix.ESRCH) && !errors.Is(err, os.ErrProcessDone) {
		g.note(fmt.Sprintf("%s to %s: %v", unix.SignalName(sig), b.Argv[0], err))
	}
}

// closeBeside closes the pidfd of the second command.
func (g *Group) closeBeside() {
	b := g.beside
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.pidfd >= 0 {
		_ = unix.Close(b.pidfd)
		b.pidfd = -1
	}
}
