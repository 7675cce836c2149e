package clients

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"benchrun/internal/bench"
)

func TestSlowHeadMagnitude(t *testing.T) {
	s := newSlowHead()
	head := s.head("f12-31aa0000", "127.0.0.1:65535")
	if took := slowHeadSize / slowHeadPiece * s.every; len(head) != 100 || took != 30*time.Second {
		t.Errorf("a head of %d bytes crawls for %v, the contract says 100 and 30 s", len(head), took)
	}
}

// Every byte comes by itself, none before it is due, and the whole is an ordinary request.
func TestSlowHeadCrawlsAndIsWhole(t *testing.T) {
	const every = 2 * time.Millisecond
	reads := make(chan int, 1)
	addr := bareServer(t, func(c net.Conn) {
		_ = c.(*net.TCPConn).SetReadBuffer(4096)
		n := 0
		counted := readerFunc(func(b []byte) (int, error) { n++; return c.Read(b) })
		r, err := http.ReadRequest(bufio.NewReader(counted))
		reads <- n
		if err == nil {
			_, _ = io.WriteString(c, good(r))
		}
	})
	began := time.Now()
	s := provoke(t.Context(), slowHead{every: every}, addr)
	if s.Outcome != bench.Completed || s.Status != 200 || s.Bytes != slowHeadSize {
		t.Errorf("sample %+v", s)
	}
	if n := <-reads; n < slowHeadSize/2 || time.Since(began) < (slowHeadSize-1)*every {
		t.Errorf("the head came in %d pieces after %s", n, time.Since(began))
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

func TestSlowHeadEnds(t *testing.T) {
	closes := bareServer(t, func(c net.Conn) { _, _ = io.ReadFull(c, make([]byte, 3)) })
	s := provoke(t.Context(), slowHead{every: 5 * time.Millisecond}, closes)
	if s.Outcome != bench.Cut || s.Bytes < 3 || s.Bytes >= slowHeadSize {
		t.Errorf("the server closed after three bytes: %+v", s)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	kept := bareServer(t, func(c net.Conn) { _, _ = io.ReadFull(c, make([]byte, 2)); cancel(); untilClosed(c) })
	if s := provoke(ctx, slowHead{every: 5 * time.Millisecond}, kept); s.Outcome != bench.HeldOpen || s.Bytes < 2 {
		t.Errorf("ended by benchrun: %+v", s)
	}
	if s := provoke(t.Context(), newSlowHead(), closedPort(t)); s.Outcome != bench.NoConnect {
		t.Errorf("closed port: %+v", s)
	}
}
