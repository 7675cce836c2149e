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

// ControlName stands for the control's address in an OpenLoop with a Dial function.
const ControlName = "control"

const (
	controlStart = 10 * time.Second // from the start of the process until it serves
	controlStop  = 2 * time.Second  // from the end of its stdin until it is killed
)

// ControlServer is a trivial server in a separate process, beside the target. Whoever
// sends requests to both can tell a stalled host from a stalled target.
//
// It does not listen: Dial makes a connection and passes one end to the process. So
// only benchrun can send it requests, and a target cannot connect to it to keep it busy.
type ControlServer struct {
	pid  int
	hand *net.UnixConn // passes connections to the process, which ends when this closes
	done chan struct{}
	kill context.CancelFunc

	closing  sync.Once
	closeErr error
}

// StartControl starts the control server from this binary (see ControlCommand) and waits
// until it serves. The server is killed when ctx ends, and ends by itself if benchrun
// dies. Errors are bench.EnvironmentErrors.
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

// keepControl starts the process, reports it, and returns when it has ended. It keeps its
// thread all that time, because the parent-death signal fires when the thread that forked
// ends, not when the process does.
func keepControl(ctx context.Context, kill context.CancelFunc, started chan<- *ControlServer, failed chan<- error) {
	defer kill()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	hand, theirs, err := handPair()
	if err != nil {
		failed <- err
		return
	}
	defer hand.Close() //nolint:errcheck // nobody reads it any more
	cmd := exec.CommandContext(ctx, "/proc/self/exe", ControlCommand)
	cmd.Stdin, cmd.Stderr = theirs, os.Stderr //nolint:forbidigo // the control is benchrun too, and may write to stderr
	// Its own process group: signals that a terminal sends to benchrun's group must not
	// end the control before benchrun ends.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	err = cmd.Start()
	_ = theirs.Close() // the process has its own copy
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
	_ = cmd.Wait() // only matters if it ended before Close, see done
	close(c.done)
}

// awaitServing waits until the process says that it serves.
func awaitServing(hand *net.UnixConn) error {
	_ = hand.SetReadDeadline(time.Now().Add(controlStart))
	if n, err := hand.Read(make([]byte, 1)); err != nil || n == 0 {
		return fmt.Errorf("the control server does not serve: %w", cmp.Or(err, io.EOF))
	}
	return nil
}

// Dial makes a fresh TCP connection to the control server. A zero deadline means none. It
// returns the same errors as a dial to a port: if the process is gone, and if it has not
// taken the connection by the deadline.
func (c *ControlServer) Dial(ctx context.Context, deadline time.Time) (net.Conn, error) {
	ours, theirs, err := tcpPair(ctx, deadline)
	if err != nil {
		return nil, err
	}
	defer theirs.Close() //nolint:errcheck // the process has its own copy by now
	_ = c.hand.SetWriteDeadline(deadline)
	if err := handOver(c.hand, theirs); err != nil {
		_ = ours.Close()
		return nil, err
	}
	return ours, nil
}

// PID is the pid of the control's process.
func (c *ControlServer) PID() int { return c.pid }

// Done is closed when the process has ended. If that is before Close, everything
// measured since is in doubt.
func (c *ControlServer) Done() <-chan struct{} { return c.done }

// Close ends the process and waits for it. It returns an error if the process had ended
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
