package reference

import (
	"bytes"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
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

// keepingConn is the flaw keeps-reset: it never closes a connection that its client has
// reset.
type keepingConn struct {
	net.Conn
	mu    sync.Mutex
	reset bool
}

func newKeepingConn(c net.Conn) net.Conn { return &keepingConn{Conn: c} }

func (k *keepingConn) Read(b []byte) (int, error) {
	n, err := k.Conn.Read(b)
	return n, k.seen(err)
}

func (k *keepingConn) Write(b []byte) (int, error) {
	n, err := k.Conn.Write(b)
	return n, k.seen(err)
}

func (k *keepingConn) seen(err error) error {
	if errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.reset = true
	}
	return err
}

// kept holds what is never closed, so that no finalizer closes it.
var kept struct {
	mu    sync.Mutex
	conns []net.Conn
}

// Close closes a connection only if its client has not reset it.
func (k *keepingConn) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.reset {
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
	if bytes.HasPrefix(b, []byte("HTTP/1.1 400 ")) {
		m.pool.stop()
	}
	return m.Conn.Write(b)
}

// freezing is the flaw freezes-when-full: when it has manyConns connections open, it stops
// accepting for good.
type freezing struct {
	net.Listener
	open   atomic.Int64
	closed chan struct{}
	once   sync.Once
}

func newFreezing(l net.Listener) net.Listener {
	return &freezing{Listener: l, closed: make(chan struct{})}
}

// Accept implements net.Listener.
func (f *freezing) Accept() (net.Conn, error) {
	if f.open.Load() >= manyConns {
		<-f.closed
		return nil, net.ErrClosed
	}
	conn, err := f.Listener.Accept()
	if err != nil {
		return nil, err
	}
	f.open.Add(1)
	return &countedConn{Conn: conn, closed: sync.OnceFunc(func() { f.open.Add(-1) })}, nil
}

// Close ends a frozen Accept too.
func (f *freezing) Close() error {
	f.once.Do(func() { close(f.closed) })
	return f.Listener.Close()
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
