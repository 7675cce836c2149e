package reference

import (
	"fmt"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// The parts that only flaws need.

const (
	crossEvery = 50 // of cross-talk
	fewConns   = 64 // of no-header-timeout

	singleFilePause = 7 * time.Millisecond // between two requests of single-file
	shortResponse   = 64 << 10             // bytes that truncates-responses lets through
	shortUpload     = 1 << 20              // bytes that truncates-uploads lets through
	hastyWatchdog   = time.Second          // of kills-honest
)

// cut is what is left of b at n bytes.
func cut(b []byte, n int) []byte { return b[:min(len(b), n)] }

// crossing is the flaw cross-talk: it mixes up the bodies of victims. The zero
// value is ready.
type crossing struct {
	mu       sync.Mutex
	n        int
	previous []byte
}

// swap gives the body that goes out in the place of body: the one before it
// at every 50th call where others is set, otherwise itself.
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

// fewListener is the flaw no-header-timeout: it accepts only while fewer than
// 64 of its connections are open.
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

// fewConn gives its place back when it is closed.
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

// duplicate gives a second descriptor of a listener for workers to inherit.
// TCPListener.File would do the same, but passing its result on switches the
// listener itself to blocking.
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
