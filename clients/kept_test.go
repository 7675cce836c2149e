package clients

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"syscall"
	"testing"
	"time"

	"benchrun/internal/bench"
)

// keptServer answers one request on each connection and hands the connection on.
func keptServer(t *testing.T, then func(net.Conn)) string {
	return bareServer(t, func(c net.Conn) {
		r, err := http.ReadRequest(bufio.NewReader(c))
		if err != nil || r.Header.Get("Connection") != "keep-alive" {
			return
		}
		_, _ = io.WriteString(c, good(r))
		then(c)
	})
}

func TestKeptConnectionsStayIdle(t *testing.T) {
	const patience = 300 * time.Millisecond
	ended := make(chan error, 1)
	idle := func(c net.Conn) {
		_, err := io.ReadFull(c, make([]byte, 1))
		ended <- err
	}
	began := time.Now()
	s := provoke(t.Context(), IdleKeptAlive(patience), keptServer(t, idle))
	if s.Outcome != bench.HeldOpen || s.Status != 200 || s.Error != "" || time.Since(began) < patience {
		t.Errorf("%+v after %s", s, time.Since(began))
	}
	if err := <-ended; !errors.Is(err, io.EOF) {
		t.Errorf("the connection ended with %v, want FIN and nothing before it", err)
	}
	s = provoke(t.Context(), IdleKeptAlive(time.Minute), keptServer(t, func(net.Conn) {}))
	if s.Outcome != bench.Completed || s.Status != 200 {
		t.Errorf("the server closed: %+v", s)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s = provoke(ctx, IdleKeptAlive(time.Minute), keptServer(t, func(c net.Conn) { cancel(); untilClosed(c) }))
	if s.Outcome != bench.HeldOpen {
		t.Errorf("ended by benchrun: %+v", s)
	}
	if s := provoke(t.Context(), IdleKeptAlive(time.Minute), bareServer(t, func(net.Conn) {})); s.Outcome != bench.Cut {
		t.Errorf("no answer: %+v", s)
	}
	wrong := rawServer(t, func(c net.Conn, _ *http.Request) { _, _ = io.WriteString(c, head("200 OK", "Content-Length: 1")+"x") })
	if s := provoke(t.Context(), IdleKeptAlive(time.Minute), wrong); s.Outcome != bench.Completed || s.Error == "" {
		t.Errorf("a wrong answer: %+v", s)
	}
}

func TestKeptConnectionsAreReset(t *testing.T) {
	ended := make(chan error, 1)
	addr := keptServer(t, func(c net.Conn) {
		_, err := io.ReadFull(c, make([]byte, 1))
		ended <- err
	})
	s := provoke(t.Context(), ResetKeptAlive(10*time.Millisecond, time.Minute), addr)
	if err := <-ended; !errors.Is(err, syscall.ECONNRESET) || s.Outcome != bench.HeldOpen || s.Status != 200 {
		t.Errorf("%+v, and the server saw %v", s, err)
	}
	if s := provoke(t.Context(), ResetKeptAlive(time.Minute, time.Hour), keptServer(t, func(net.Conn) {})); s.Outcome != bench.Completed {
		t.Errorf("the server closed before that: %+v", s)
	}
}
