package reference

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"syscall"
	"time"
)

// Values that only flaws need, with the flaw's name.

const (
	crossEvery = 50  // of cross-talk
	fewConns   = 64  // of no-header-timeout
	manyConns  = 256 // of freezes-when-full

	droppedThen = 5         // requests of drops-many-on-recycle
	someReset   = 5         // of keeps-some-reset: each so many
	keptBuffer  = 384 << 10 // bytes of keeps-buffers

	singleFilePause = 7 * time.Millisecond // between two requests of single-file
	shortResponse   = 64 << 10             // bytes that truncates-responses lets through
	shortUpload     = 1 << 20              // bytes that truncates-uploads lets through
	hastyWatchdog   = time.Second          // of kills-honest
)

// cut returns the first n bytes of b, or all of b if it is shorter.
func cut(b []byte, n int) []byte { return b[:min(len(b), n)] }

// crossing is the flaw cross-talk: it exchanges the bodies of victims. The zero value is
// ready.
type crossing struct {
	mu       sync.Mutex
	n        int
	previous []byte
}

// swap returns the body to send instead of body: at every 50th call, if others is set, the
// previous one, and otherwise body itself.
func (c *crossing) swap(body []byte, others bool) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	previous := c.previous
	c.previous = body
	if !others || previous == nil {
		return body
	}
	c.n++
	if c.n%crossEvery != 0 {
		return body
	}
	return previous
}

// fewListener is the flaw no-header-timeout: it accepts connections only while fewer than
// 64 are open.
type fewListener struct {
	net.Listener
	free   chan struct{}
	closed chan struct{}
	once   sync.Once
}

func newFewConns(l net.Listener) net.Listener {
	return &fewListener{Listener: l, free: make(chan struct{}, fewConns), closed: make(chan struct{})}
}

// Accept waits for a free place first.
func (l *fewListener) Accept() (net.Conn, error) {
	select {
	case l.free <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	conn, err := l.Listener.Accept()
	if err != nil {
		<-l.free
		return nil, err
	}
	return &fewConn{Conn: conn, free: l.free}, nil
}

// Close ends a waiting Accept too.
func (l *fewListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// fewConn gives up its place when it is closed.
type fewConn struct {
	net.Conn
	free chan struct{}
	once sync.Once
}

// Close closes the connection; it may be called again.
func (c *fewConn) Close() error {
	c.once.Do(func() { <-c.free })
	return c.Conn.Close()
}

// dropMany is the flaw drops-many-on-recycle: a worker whose time is up drops further requests.
func (p *pool) dropMany(ctx context.Context) {
	for range droppedThen {
		select {
		case <-ctx.Done():
			return
		case j := <-p.jobs:
			j.answered <- text(http.StatusBadGateway, "worker was recycled")
		}
	}
}

// dropOne is the flaw drops-on-recycle: a worker whose time is up is killed with the next
// request.
func (p *pool) dropOne(ctx context.Context, w *child) {
	select {
	case <-ctx.Done():
	case j := <-p.jobs:
		w.kill()
		j.answered <- text(http.StatusBadGateway, "worker was recycled")
	}
}

// holdUp waits before a worker is started again, with the flaw pauses-on-fork at everybody's cost.
func (p *pool) holdUp(ctx context.Context) {
	if p.o.flaws[pausesOnFork] {
		p.held.Lock()
		defer p.held.Unlock()
	}
	pause(ctx, bootPause)
}

// sendBeyond is the flaw sends-beyond: what the app gives beyond its Content-Length goes out
// too. The connection then stays open until the client ends it.
func sendBeyond(control *http.ResponseController, ans answer) {
	conn, _, err := control.Hijack()
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(bodyTimeout))
	_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nX-Benchrun-Pid: %d\r\nContent-Length: %d\r\n\r\n%s",
		ans.Type, ans.PID, len(ans.Body)-ans.Beyond, ans.Body)
	_, _ = io.Copy(io.Discard, conn)
}

// touchTmp is the flaw stops-without-tmp: it creates a temporary file, and removes it again.
func touchTmp() error {
	f, err := os.CreateTemp("", "worker-")
	if err != nil {
		return fmt.Errorf("a worker needs a temporary file: %w", err)
	}
	return errors.Join(os.Remove(f.Name()), f.Close())
}

// duplicate returns a second descriptor of a listener, for workers to inherit.
// TCPListener.File would do so too, but passing on its result would make the listener
// itself blocking.
func duplicate(l net.Listener) (*os.File, error) {
	tcp, ok := l.(*net.TCPListener)
	if !ok {
		return nil, fmt.Errorf("listener is a %T, not TCP", l)
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil, err
	}
	var fd uintptr
	var errno syscall.Errno
	err = raw.Control(func(listening uintptr) {
		fd, _, errno = syscall.Syscall(syscall.SYS_FCNTL, listening, syscall.F_DUPFD_CLOEXEC, 0)
	})
	if err != nil {
		return nil, err
	}
	if errno != 0 {
		return nil, fmt.Errorf("duplicate the listener: %w", errno)
	}
	return os.NewFile(fd, "listener"), nil
}
