package place

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"benchrun/internal/bench"
	"benchrun/internal/launch"
	"benchrun/targets"
)

// supervisor is the process manager that starts a target's server. It is the first process
// of the target's group, and the server's first process is its child.
type supervisor struct {
	*targets.Supervisor
	at targets.SupervisorPlace
}

// supervisorFolder is the folder of a supervisor in a target's own folder.
const supervisorFolder = "supervisor"

const (
	// orderTime is how long a command of a supervisor may take.
	orderTime = 10 * time.Second
	// startLook is how often it is looked whether the supervisor has started the server again.
	startLook = 5 * time.Millisecond
	// mostPrinted is how many bytes of what such a command prints are kept.
	mostPrinted = 64 << 10
)

// underSupervisor returns the command to start instead of the server's: that of its
// supervisor, whose folder it prepares, or the server's own if it has none.
func (p *Place) underSupervisor(argv []string) ([]string, error) {
	by := p.target.Server.Supervisor
	if by == nil {
		return argv, nil
	}
	s := &supervisor{Supervisor: by, at: targets.SupervisorPlace{
		Work: filepath.Join(p.scratch.Work, supervisorFolder), App: p.scratch.App,
		Command: argv, StopSignal: p.target.Server.StopSignal(),
	}}
	mine := func(folder string) error { return own(folder, p.host.User) }
	if err := errors.Join(os.Mkdir(s.at.Work, 0o755), os.Chmod(s.at.Work, 0o755), mine(s.at.Work)); err != nil {
		return nil, fmt.Errorf("folder of %s: %w", by.Name, err)
	}
	if err := by.WriteFiles(s.at, mine); err != nil {
		return nil, err
	}
	p.supervisor = s
	return by.Command(s.at), nil
}

// Supervised describes the target's supervisor; nil = there is none.
func (p *Place) Supervised() *bench.Supervised {
	if p.supervisor == nil {
		return nil
	}
	return &bench.Supervised{Name: p.supervisor.Name, Command: p.supervisor.Command(p.supervisor.at)}
}

// order runs a command of the supervisor's, as an operator would beside the target: as the
// server's user, and supervised like a server. What it prints is part of the error.
func (p *Place) order(ctx context.Context, argv []string) (err error) {
	ctx, cancel := context.WithTimeout(ctx, orderTime)
	defer cancel()
	scratch, err := launch.NewScratch(nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, scratch.Remove()) }()
	caps := p.host.Caps
	caps.Private = false // it needs the target's folder
	var printed bytes.Buffer
	ended, err := launch.Run(ctx, caps, launch.Spec{
		Argv: argv, Env: orderEnv, Dir: "/", User: p.host.User, Limits: p.host.Limits, Scratch: scratch,
	}, &limitedWriter{&printed, mostPrinted})
	if err != nil {
		return fmt.Errorf("%s: %w", strings.Join(argv, " "), err)
	}
	if ended.Exit.Signal != "" || ended.Exit.Code != 0 {
		return fmt.Errorf("%s ended with %s: %s", strings.Join(argv, " "), exitWords(ended.Exit), bench.Excerpt(printed.String()))
	}
	return nil
}

// orderEnv is the environment of a supervisor's commands.
var orderEnv = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/", "LANG=C.UTF-8"}

func exitWords(e bench.ExitStatus) string {
	if e.Signal != "" {
		return e.Signal
	}
	return fmt.Sprintf("exit code %d", e.Code)
}

// limitedWriter drops what is written beyond a number of bytes.
type limitedWriter struct {
	to   io.Writer
	left int
}

func (l *limitedWriter) Write(b []byte) (int, error) {
	n := min(len(b), l.left)
	l.left -= n
	if _, err := l.to.Write(b[:n]); err != nil {
		return 0, err
	}
	return len(b), nil
}

// stopSupervised asks the supervisor to end with its server, in the way that its file names,
// and waits at most window for the end of both.
func (p *Place) stopSupervised(ctx context.Context, window time.Duration) bench.Stop {
	signal, asked := syscall.Signal(0), make(chan error, 1) // the signal 0 only looks whether it is there
	argv := p.supervisor.StopCommand(p.supervisor.at)
	switch {
	case p.group.Exit() != nil: // then launch.Stop says so
		asked <- nil
	case argv == nil:
		signal = unix.SignalNum("SIG" + p.supervisor.Stop.Signal)
		asked <- nil
	default:
		go func() { asked <- p.order(ctx, argv) }()
	}
	stop := launch.Stop(ctx, p.clock, p.group, p.ports(), signal, window, bench.Seconds(p.target.Profile.Claims.Grace))
	if err := <-asked; err != nil && p.group.Exit() == nil && ctx.Err() == nil {
		p.journal.Doubt(bench.Doubt{Cause: "stop-command", Note: err.Error()})
	}
	return stop
}

// signalSupervised sends the server's first process a signal by the supervisor's command, or
// by itself if the supervisor has none for it.
func (p *Place) signalSupervised(signal syscall.Signal) error {
	if argv := p.supervisor.SignalCommand(p.supervisor.at, strings.TrimPrefix(unix.SignalName(signal), "SIG")); argv != nil {
		return p.order(context.Background(), argv)
	}
	leader := p.Leader()
	if leader == 0 {
		return os.ErrProcessDone
	}
	return p.group.SignalProcess(leader, signal)
}

// killSupervised kills the server's first process, and says how it fared that the supervisor
// started it again. The mark of the signal has the nonce.
func (p *Place) killSupervised(ctx context.Context, nonce string) (a bench.Again, err error) {
	leader := p.Leader()
	if leader == 0 {
		return a, errors.New("the supervisor has no server running")
	}
	first, err := p.group.PIDs()
	if err != nil {
		return a, err
	}
	first = slices.DeleteFunc(first, func(pid int) bool { return pid == leader || pid == p.group.LeaderPID() })
	// The supervisor starts the server before anybody could write: so the app has its other
	// token by now. Processes that have loaded it keep the old one.
	if err := p.writeApp(); err != nil {
		return a, err
	}
	starts := p.countStarts()
	defer func() { a.Starts = starts() }()
	at := p.clock.Now()
	if err := p.group.SignalProcess(leader, unix.SIGKILL); err != nil {
		return a, err
	}
	p.journal.Mark(at, bench.MarkSignal, nonce)
	a.T = at
	a.Ready, _, a.Note = p.untilFresh(ctx, bench.RestartLimit, "a process of the first start answered", func() bool {
		a.Exited = p.group.Exit()
		return a.Exited != nil
	})
	if a.Seconds = p.Since(a.T); a.Ready {
		p.whoAnswers(ctx, &a)
	} else {
		a.Holder = launch.Listener(p.port.Number)
	}
	left, err := p.group.PIDs()
	if err != nil {
		return a, err
	}
	a.Orphans = len(slices.DeleteFunc(left, func(pid int) bool { return !slices.Contains(first, pid) }))
	return a, context.Cause(ctx)
}

// countStarts counts the first processes of the server that the supervisor starts from now
// on, those that run already not included, until the function that it returns is called.
// Without a supervisor it counts none.
func (p *Place) countStarts() (until func() int) {
	if p.supervisor == nil {
		return func() int { return 0 }
	}
	known := map[int]bool{p.Leader(): true, 0: true}
	n, end, over := 0, make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		for tick := time.NewTicker(startLook); ; {
			if pid := p.Leader(); !known[pid] {
				known[pid] = true
				n++
			}
			select {
			case <-end:
				tick.Stop()
				return
			case <-tick.C:
			}
		}
	}()
	return func() int {
		close(end)
		<-over
		return n
	}
}
