package clients

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"

	"benchrun/internal/bench"
)

// ControlCommand is the hidden first argument under which a binary that calls
// StartControl must run ControlMain.
const ControlCommand = "__control"

// ControlName stands for its address in an OpenLoop that dials with Dial.
const ControlName = "control"

const (
	controlStart = 10 * time.Second // from launch until it serves
	controlStop  = 2 * time.Second  // from the end of its connection until it is killed
)

// ControlServer is a trivial server in a process of its own, beside the target.
// Whoever asks both can tell a stalled host from a stalled target.
//
// It listens nowhere: Dial makes a connection and hands one end of it to the
// process. So nobody but benchrun can ask it, and a target that would like to
// keep it from answering finds nothing to connect to.
type ControlServer struct {
	pid  int
	hand *net.UnixConn // what connections are handed over by; its end ends the process
	done chan struct{}
	kill context.CancelFunc

	closing  sync.Once
	closeErr error
}

// StartControl starts the control server from this very binary (see
// ControlCommand) and waits until it serves. It is killed when ctx ends, and
// ends by itself should benchrun die. Errors are of the environment.
func StartControl(ctx context.Context) (*ControlServer, error) {
	ctx, kill := context.WithCancel(ctx)
	started := make(chan *ControlServer, 1)
	failed := make(chan error, 1)
	go keepControl(ctx, kill, started, failed)
	select {
	case c := <-started:
		return c, nil
	case err := <-failed:
		return nil, &bench.EnvironmentError{Problem: "control server did not start", Err: err}
	}
}

// keepControl starts the process, reports it, and stays until it has ended. It
// keeps its thread for all that time: the parent-death signal fires when the
// thread that forked is gone, not the process.
func keepControl(ctx context.Context, kill context.CancelFunc, started chan<- *ControlServer, failed chan<- error) {
	defer kill()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	hand, theirs, err := handPair()
	if err != nil {
		failed <- err
		return
	}
	defer hand.Close() //nolint:errcheck // nobody listens any more
	cmd := exec.CommandContext(ctx, "/proc/self/exe", ControlCommand)
	cmd.Stdin, cmd.Stderr = theirs, os.Stderr //nolint:forbidigo // it is benchrun, and writes there as this process does
	// A group of its own: what a terminal sends to benchrun's group must not
	// end the control before benchrun does.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	err = cmd.Start()
	_ = theirs.Close() // the process has it
	if err != nil {
		failed <- err
		return
	}
	if err := awaitServing(hand); err != nil {
		kill()
		failed <- errors.Join(err, cmd.Wait())
		return
	}
	c := &ControlServer{pid: cmd.Process.Pid, hand: hand, kill: kill, done: make(chan struct{})}
	started <- c
	_ = cmd.Wait() // how it ended is not said: that it ended before Close is
	close(c.done)
}

// awaitServing waits for the process's first word.
func awaitServing(hand *net.UnixConn) error {
	_ = hand.SetReadDeadline(time.Now().Add(controlStart))
	if n, err := hand.Read(make([]byte, 1)); err != nil || n == 0 {
		return fmt.Errorf("the control server does not serve: %w", cmp.Or(err, io.EOF))
	}
	return nil
}

// Dial makes a fresh TCP connection to the control server. A zero deadline means
// none. It fails like a dial to a port: when the process is gone, and when it has
// not taken what was handed to it by the deadline.
func (c *ControlServer) Dial(ctx context.Context, deadline time.Time) (net.Conn, error) {
	ours, theirs, err := tcpPair(ctx, deadline)
	if err != nil {
		return nil, err
	}
	defer theirs.Close() //nolint:errcheck // the process has its own by now
	_ = c.hand.SetWriteDeadline(deadline)
	if err := handOver(c.hand, theirs); err != nil {
		_ = ours.Close()
		return nil, err
	}
	return ours, nil
}

// PID is the server's process.
func (c *ControlServer) PID() int { return c.pid }

// Done is closed when the process has ended: before Close, that is a doubt
// about everything measured since.
func (c *ControlServer) Done() <-chan struct{} { return c.done }

// Close ends the process and waits for it. It fails if the process had ended
// before, or had to be killed. Further calls return the same.
func (c *ControlServer) Close() error {
	c.closing.Do(func() {
		select {
		case <-c.done:
			c.closeErr = errors.New("control server had ended before it was closed")
			return
		default:
		}
		_ = c.hand.Close()
		late := time.NewTimer(controlStop)
		defer late.Stop()
		select {
		case <-c.done:
		case <-late.C:
			c.kill()
			<-c.done
			c.closeErr = fmt.Errorf("control server did not end within %v and was killed", controlStop)
		}
	})
	return c.closeErr
}
