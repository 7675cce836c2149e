package clients

import (
	"context"
	"io"
	"net"
	"testing"
	"time"

	"benchrun/internal/bench"
)

func TestBareOutcomes(t *testing.T) {
	nothing := func(string, string) []byte { return nil }
	for name, c := range map[string]struct {
		server func(net.Conn)
		want   bench.Outcome
		status int
		hold   time.Duration
		least  time.Duration
	}{
		"the server says nothing either": {func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }, bench.HeldOpen, 0, 300 * time.Millisecond, 300 * time.Millisecond},
		"the server closes":              {func(net.Conn) { time.Sleep(100 * time.Millisecond) }, bench.Cut, 0, time.Minute, 100 * time.Millisecond},
		"the server answers":             {func(c net.Conn) { _, _ = io.WriteString(c, head("408 Request Timeout", "Content-Length: 0")) }, bench.Completed, 408, time.Minute, 0},
	} {
		began := time.Now()
		s := provoke(t.Context(), Bare(nothing, c.hold), bareServer(t, c.server))
		if s.Outcome != c.want || s.Status != c.status || s.Sent == 0 || s.Done < s.Sent || time.Since(began) < c.least {
			t.Errorf("%s: %+v after %s", name, s, time.Since(began))
		}
	}
	if s := provoke(t.Context(), Bare(nothing, time.Second), closedPort(t)); s.Outcome != bench.NoConnect {
		t.Errorf("without a server: %+v", s)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	kept := func(c net.Conn) { time.AfterFunc(200*time.Millisecond, cancel); untilClosed(c) }
	if s := provoke(ctx, Bare(nothing, time.Minute), bareServer(t, kept)); s.Outcome != bench.HeldOpen {
		t.Errorf("ended by benchrun: %+v", s)
	}
}

// Bare sends what request returns, and nothing else.
func TestBareSendsWhatItIsGiven(t *testing.T) {
	got := make(chan string, 1)
	addr := bareServer(t, func(c net.Conn) {
		_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
		b, _ := io.ReadAll(c)
		got <- string(b)
	})
	provoke(t.Context(), Bare(func(nonce, _ string) []byte { return []byte("half a head of " + nonce) }, 200*time.Millisecond), addr)
	if text := <-got; text != "half a head of f0-31aa0000" {
		t.Errorf("the server got %q", text)
	}
	provoke(t.Context(), Bare(func(string, string) []byte { return nil }, 200*time.Millisecond), addr)
	if text := <-got; text != "" {
		t.Errorf("the server got %q of a silent client", text)
	}
}
