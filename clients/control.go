package clients

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"benchrun/internal/bench"
)

// ControlCommand is the hidden first argument under which a binary that calls
// StartControl must run ControlMain.
const ControlCommand = "__control"

const (
	controlStart = 10 * time.Second // from launch until it names its port
	controlStop  = 2 * time.Second  // from the end of its stdin until it is killed
)

// ControlServer is a trivial server in a process of its own, beside the target.
// Whoever probes both can tell a stalled host from a stalled target.
type ControlServer struct {
	addr  string
	pid   int
	stdin io.Closer
	done  chan struct{}
	kill  context.CancelFunc

	closing  sync.Once
	closeErr error
}

// StartControl starts the control server from this very binary (see
// ControlCommand) and waits until it listens. It is killed when ctx ends, and
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
	cmd := exec.CommandContext(ctx, "/proc/self/exe", ControlCommand)
	cmd.Stderr = os.Stderr //nolint:forbidigo // it is benchrun, and writes there as this process does
	// A group of its own: what a terminal sends to benchrun's group must not
	// end the control before benchrun does.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		failed <- err
		return
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		failed <- err
		return
	}
	if err := cmd.Start(); err != nil {
		failed <- err
		return
	}
	impatient := time.AfterFunc(controlStart, kill)
	port, err := readPort(stdout)
	if !impatient.Stop() && err == nil {
		err = fmt.Errorf("no port within %v", controlStart)
	}
	if err != nil {
		kill()
		failed <- errors.Join(err, cmd.Wait())
		return
	}
	c := &ControlServer{
		addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)),
		pid:  cmd.Process.Pid, stdin: stdin, kill: kill, done: make(chan struct{}),
	}
	started <- c
	_ = cmd.Wait() // how it ended is not said: that it ended before Close is
	close(c.done)
}

func readPort(stdout io.Reader) (int, error) {
	line, err := bufio.NewReaderSize(stdout, 64).ReadString('\n')
	if err != nil {
		return 0, fmt.Errorf("reading the control server's port: %w", err)
	}
	port, err := strconv.ParseUint(strings.TrimSpace(line), 10, 16)
	if err != nil {
		return 0, fmt.Errorf("the control server's port: %w", err)
	}
	return int(port), nil
}

// Addr is host:port, for an OpenLoop with bench.RoleControl.
func (c *ControlServer) Addr() string { return c.addr }

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
		_ = c.stdin.Close()
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
