package reference

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"
	"time"

	"benchrun/internal/bench"
)

// bootTimeout is how long a worker may take to become ready.
const bootTimeout = 10 * time.Second

// Errors of one request, from the worker's side.
var (
	errStuck = errors.New("worker was stuck and has been killed")
	errDied  = errors.New("worker died")
	errLeft  = errors.New("the client of a stream has left, and the worker has been killed")
)

// child is the front's handle of one worker process. Only one goroutine uses it, except
// for kill, retire and gone.
type child struct {
	cmd  *exec.Cmd
	conn net.Conn
	r    *bufio.Reader
	w    *bufio.Writer
	gone chan struct{} // closed when the process has ended and was reaped

	taken  atomic.Bool // killed because another worker died (kills-neighbours)
	polite bool        // asked to end and not killed when it is stuck (asks-politely)
}

// startChild starts a worker and does not wait until it is ready. The worker also inherits
// listener, if that is not nil.
func startChild(args []string, listener *os.File) (*child, error) {
	// CLOEXEC: if later workers inherited the front's ends, a worker could not notice
	// the front's death.
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, &bench.EnvironmentError{Problem: "no socketpair for a worker", Err: err}
	}
	ours, theirs := os.NewFile(uintptr(fds[0]), "worker"), os.NewFile(uintptr(fds[1]), "front")
	defer func() { _ = errors.Join(ours.Close(), theirs.Close()) }()
	conn, err := net.FileConn(ours)
	if err != nil {
		return nil, &bench.EnvironmentError{Problem: "no socket for a worker", Err: err}
	}

	cmd := exec.Command("/proc/self/exe", append([]string{"__reference", "--worker"}, args...)...)
	cmd.Args[0] = os.Args[0]
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1") // it serves one request at a time; fewer threads
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.ExtraFiles = []*os.File{theirs}
	if listener != nil {
		cmd.ExtraFiles = append(cmd.ExtraFiles, listener)
	}
	if err := cmd.Start(); err != nil {
		_ = conn.Close()
		return nil, &bench.EnvironmentError{Problem: "a worker does not start", Err: err}
	}
	p := &child{
		cmd: cmd, conn: conn,
		r: bufio.NewReader(conn), w: bufio.NewWriter(conn),
		gone: make(chan struct{}),
	}
	go func() { // ends with the process
		_ = cmd.Wait() // cmd.ProcessState says how it ended
		close(p.gone)
	}()
	return p, nil
}

// pid is the worker's pid as this process sees it.
func (p *child) pid() int { return p.cmd.Process.Pid }

// ready waits until the worker has loaded the app.
func (p *child) ready() error {
	_ = p.conn.SetReadDeadline(time.Now().Add(bootTimeout))
	if _, err := readFrame(p.r); err != nil {
		return fmt.Errorf("worker %d is not ready: %w", p.pid(), err)
	}
	return nil
}

// do makes the worker answer one request. limit is how long the worker may take (0 = no
// limit). It counts from the end of the body if the body comes at the client's pace
// (atClientsPace), otherwise from now. As soon as a stream has begun, do passes what there
// is of it to first, its further blocks to more, and returns when it has ended. do returns
// errAborted if the body or a stream broke off; the worker then can go on. Before it returns
// errStuck, errDied or the error of more, it ends the worker.
func (p *child) do(q request, body io.Reader, atClientsPace bool, limit time.Duration, first func(answer), more func([]byte) error) (answer, error) {
	if !atClientsPace {
		p.setLimit(limit)
	}
	err := writeRequest(p.w, q, body)
	if errors.Is(err, errAborted) {
		return answer{}, err
	}
	if atClientsPace {
		p.setLimit(limit)
	}
	var ans answer
	if err == nil {
		ans, err = readAnswer(p.r)
	}
	if err == nil && ans.Stream {
		first(ans)
		err = p.relayBlocks(more)
	}
	if err == nil || errors.Is(err, errAborted) {
		p.setLimit(0)
		return ans, err
	}
	if p.polite {
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
	} else {
		p.kill()
	}
	<-p.gone
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return answer{}, errStuck
	case errors.Is(err, errLeft):
		return answer{}, errLeft
	}
	return answer{}, errDied
}

// relayBlocks passes the blocks of a stream on until it ends, or nobody takes them.
func (p *child) relayBlocks(more func([]byte) error) error {
	for { // until the worker's end of the socket closes
		block, err := readFrame(p.r)
		if err != nil || len(block) == 0 {
			return err
		}
		if err := more(block); err != nil {
			return err
		}
	}
}

func (p *child) setLimit(limit time.Duration) {
	var t time.Time
	if limit > 0 {
		t = time.Now().Add(limit)
	}
	_ = p.conn.SetDeadline(t) // fails only on a closed conn, which the next read reports
}

// kill ends the process at once. It may have ended already.
func (p *child) kill() { _ = p.cmd.Process.Kill() }

// retire closes the front's end. Then the worker ends by itself, even if it is stuck in a
// request. The end may have been closed already.
func (p *child) retire() { _ = p.conn.Close() }

// exited says that a worker that is gone has exited by itself: no signal ended it.
func (p *child) exited() bool { return p.cmd.ProcessState.Exited() }

// ending says how a worker that is gone has ended.
func (p *child) ending() string { return p.cmd.ProcessState.String() }
