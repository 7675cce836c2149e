package reference

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
)

// Flaws that leave something behind once a client is gone.

// leavingConn does something once when it ends before the client has its answer: before the
// request was whole, or while it was served. Connections of ordinary clients end between requests.
type leavingConn struct {
	net.Conn
	once       sync.Once
	left       func()
	unanswered atomic.Bool
}

// leavingListener gives its connections left.
func leavingListener(l net.Listener, left func()) net.Listener {
	return planted{l, func(c net.Conn) net.Conn { return &leavingConn{Conn: c, left: left} }}
}

func (l *leavingConn) Read(b []byte) (int, error) {
	n, err := l.Conn.Read(b)
	if n > 0 {
		l.unanswered.Store(true)
	}
	if errors.Is(err, io.EOF) {
		l.gone()
	}
	return n, err
}

func (l *leavingConn) Write(b []byte) (int, error) {
	l.unanswered.Store(false)
	return l.Conn.Write(b)
}

func (l *leavingConn) Close() error {
	l.gone()
	return l.Conn.Close()
}

func (l *leavingConn) gone() {
	if l.unanswered.Load() {
		l.once.Do(l.left)
	}
}

// leaveThread is the flaw leaves-threads.
func leaveThread() {
	go func() {
		runtime.LockOSThread()
		select {}
	}()
}

// headConn does something once when its client ends the connection in the middle of its
// first request's head. Ordinary clients do not: they send a head at once, or nothing.
type headConn struct {
	net.Conn
	once         sync.Once
	left         func()
	begun, whole bool // of the head; net/http never reads a connection twice at once
}

func (h *headConn) Read(b []byte) (int, error) {
	n, err := h.Conn.Read(b)
	h.begun = h.begun || n > 0
	h.whole = h.whole || bytes.Contains(b[:n], []byte("\r\n\r\n"))
	if errors.Is(err, io.EOF) && h.begun && !h.whole {
		h.once.Do(h.left)
	}
	return n, err
}

// spinningListener has the flaw spins-when-left: the first client that leaves in the middle of
// its head starts a busy loop.
func spinningListener(l net.Listener) net.Listener {
	spin := sync.OnceFunc(func() {
		go func() {
			for n := 0; ; n++ {
			}
		}()
	})
	return planted{l, func(c net.Conn) net.Conn { return &headConn{Conn: c, left: spin} }}
}

// leaveFile is the flaw leaves-files.
func leaveFile() {
	if f, err := os.CreateTemp("", "body-"); err == nil {
		_ = f.Close()
	}
}

// heldBodies is what the flaw keeps-bodies never lets go of.
var heldBodies struct {
	mu     sync.Mutex
	bodies [][]byte
}

func holdBody(b []byte) {
	heldBodies.mu.Lock()
	defer heldBodies.mu.Unlock()
	heldBodies.bodies = append(heldBodies.bodies, b)
}

// badAnswer is how the front's answer to a malformed request begins.
var badAnswer = []byte("HTTP/1.1 400 ")

// lastAnswer is the flaw answers-another: a malformed request gets the last answer that
// another client got.
type lastAnswer struct {
	mu    sync.Mutex
	bytes []byte
}

func (l *lastAnswer) conn(c net.Conn) net.Conn { return &anotherConn{c, l} }

type anotherConn struct {
	net.Conn
	last *lastAnswer
}

func (a *anotherConn) Write(b []byte) (int, error) {
	a.last.mu.Lock()
	defer a.last.mu.Unlock()
	switch {
	case bytes.HasPrefix(b, badAnswer) && a.last.bytes != nil:
		if _, err := a.Conn.Write(a.last.bytes); err != nil {
			return 0, err
		}
		return len(b), nil
	case bytes.HasPrefix(b, []byte("HTTP/1.1 200 ")):
		a.last.bytes = bytes.Clone(b)
	}
	return a.Conn.Write(b)
}

// hangingConn is the flaw hangs-on-negative: a body of negative length is waited for, for
// good.
type hangingConn struct{ net.Conn }

func (h hangingConn) Read(b []byte) (int, error) {
	n, err := h.Conn.Read(b)
	if bytes.Contains(b[:n], []byte("\r\nContent-Length: -")) {
		select {}
	}
	return n, err
}

// costlyConn is the flaws dies-each-time and retires-each-time: a malformed request ends one
// worker.
type costlyConn struct {
	net.Conn
	end func()
}

func (c costlyConn) Write(b []byte) (int, error) {
	if bytes.HasPrefix(b, badAnswer) {
		c.end()
	}
	return c.Conn.Write(b)
}
