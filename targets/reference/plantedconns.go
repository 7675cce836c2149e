package reference

import (
	"bytes"
	"errors"
	"net"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// planted is a listener whose connections have a flaw.
type planted struct {
	net.Listener
	flawed func(net.Conn) net.Conn
}

// Accept implements net.Listener.
func (p planted) Accept() (net.Conn, error) {
	conn, err := p.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return p.flawed(conn), nil
}

// keepingConn is the flaws keeps-reset and keeps-closed: it never closes a connection that
// its client has ended in one of these ways.
type keepingConn struct {
	net.Conn
	ways  []error
	some  bool // only each someReset-th of them
	mu    sync.Mutex
	over  bool // it has ended
	ended bool // in one of the ways
}

// wasReset are the errors of a connection that its client has reset.
var wasReset = []error{syscall.ECONNRESET, syscall.EPIPE}

func keeping(ways ...error) func(net.Conn) net.Conn {
	return func(c net.Conn) net.Conn { return &keepingConn{Conn: c, ways: ways} }
}

func (k *keepingConn) Read(b []byte) (int, error) {
	n, err := k.Conn.Read(b)
	return n, k.seen(err)
}

func (k *keepingConn) Write(b []byte) (int, error) {
	n, err := k.Conn.Write(b)
	return n, k.seen(err)
}

// seen notes how the connection ended, by the first error that is not a deadline's: who
// reads again after a reset finds a plain end.
func (k *keepingConn) seen(err error) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err != nil && !k.over && !errors.Is(err, os.ErrDeadlineExceeded) {
		k.over = true
		k.ended = slices.ContainsFunc(k.ways, func(way error) bool { return errors.Is(err, way) })
	}
	return err
}

// kept holds what is never closed, so that no finalizer closes it.
var kept struct {
	mu    sync.Mutex
	conns []net.Conn
}

// resets counts the connections of keeps-some-reset that were reset.
var resets atomic.Int64

// keepingSome is the flaw keeps-some-reset.
func keepingSome(c net.Conn) net.Conn {
	return &keepingConn{Conn: c, ways: wasReset, some: true}
}

// bufferedConn is the flaw keeps-buffers: memory stays for a connection that its client resets.
type bufferedConn struct{ *keepingConn }

func keepingBuffers(c net.Conn) net.Conn {
	return bufferedConn{&keepingConn{Conn: c, ways: wasReset}}
}

// Close closes the connection.
func (b bufferedConn) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended {
		b.ended = false // Close may come again
		holdBody(bytes.Repeat([]byte{1}, keptBuffer))
	}
	return b.Conn.Close()
}

// Close closes a connection only if its client has not ended it so.
func (k *keepingConn) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.ended || k.some && resets.Add(1)%someReset != 0 {
		return k.Conn.Close()
	}
	kept.mu.Lock()
	defer kept.mu.Unlock()
	kept.conns = append(kept.conns, k.Conn)
	return nil
}

// mortalConn is the flaw dies-of-garbage: the first answer to a malformed request ends the
// pool.
type mortalConn struct {
	net.Conn
	pool *pool
}

func (m *mortalConn) Write(b []byte) (int, error) {
	if bytes.HasPrefix(b, badAnswer) {
		m.pool.stop()
	}
	return m.Conn.Write(b)
}

// freezer is a listener that can stop accepting for good.
type freezer struct {
	net.Listener
	closed chan struct{}
	once   sync.Once
}

func newFreezer(l net.Listener) *freezer {
	return &freezer{Listener: l, closed: make(chan struct{})}
}

// freeze returns when the listener is closed.
func (f *freezer) freeze() (net.Conn, error) {
	<-f.closed
	return nil, net.ErrClosed
}

// Close ends a frozen Accept too.
func (f *freezer) Close() error {
	f.once.Do(func() { close(f.closed) })
	return f.Listener.Close()
}

// freezing is the flaw freezes-when-full: when it has manyConns connections open, it stops
// accepting.
type freezing struct {
	*freezer
	open atomic.Int64
}

// Accept implements net.Listener.
func (f *freezing) Accept() (net.Conn, error) {
	if f.open.Load() >= manyConns {
		return f.freeze()
	}
	conn, err := f.Listener.Accept()
	if err != nil {
		return nil, err
	}
	f.open.Add(1)
	return &countedConn{Conn: conn, closed: sync.OnceFunc(func() { f.open.Add(-1) })}, nil
}

// shortOfFiles is the flaw stops-accepting: when no descriptor is free, it stops accepting.
type shortOfFiles struct{ *freezer }

// Accept implements net.Listener.
func (s shortOfFiles) Accept() (net.Conn, error) {
	conn, err := s.Listener.Accept()
	if errors.Is(err, syscall.EMFILE) {
		return s.freeze()
	}
	return conn, err
}

// floodLine is how long a line of the flaw floods-without-files is, bytes.
const floodLine = 4 << 10

// hasty is the flaws spins-without-files and floods-without-files: when no descriptor is free,
// it tries again at once.
type hasty struct {
	net.Listener
	failed func() // each time
}

// Accept implements net.Listener.
func (h *hasty) Accept() (net.Conn, error) {
	for { // until a descriptor is free or the listener is closed
		conn, err := h.Listener.Accept()
		if !errors.Is(err, syscall.EMFILE) {
			return conn, err
		}
		h.failed()
	}
}

// countedConn says when it is closed.
type countedConn struct {
	net.Conn
	closed func()
}

// Close closes the connection; it may be called again.
func (c *countedConn) Close() error {
	c.closed()
	return c.Conn.Close()
}

// forgetfulConn is the flaw forgets-pipelined.
type forgetfulConn struct{ net.Conn }

func (f forgetfulConn) Read(b []byte) (int, error) {
	n, err := f.Conn.Read(b)
	if head, _, more := bytes.Cut(b[:n], []byte("\r\n\r\n")); more && bytes.HasPrefix(head, []byte("GET ")) {
		n = len(head) + 4
	}
	return n, err
}

// timedConn is the flaw idle-timer-runs-on: what it reads does not stop the timer that an
// answer has started.
type timedConn struct {
	net.Conn
	idle  time.Duration
	mu    sync.Mutex
	timer *time.Timer // the last answer's
}

func (c *timedConn) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timer == nil {
		c.timer = time.AfterFunc(c.idle, func() { _ = c.Close() })
	} else {
		c.timer.Reset(c.idle)
	}
	return c.Conn.Write(b)
}
