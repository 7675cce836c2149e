package clients

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"benchrun/internal/bench"
)

// each checks that got has exactly one sample of each of n requests from first on, and
// that they were due when the schedule says.
func each(t *testing.T, o *OpenLoop, got *samples, n int) {
	t.Helper()
	seen := map[uint64]bool{}
	for _, s := range got.all {
		if seen[s.Seq] || s.Seq < o.First || s.Seq >= o.First+uint64(n) {
			t.Errorf("request %d: a second sample, or none of ours", s.Seq)
		}
		seen[s.Seq] = true
		if want := o.Beat.Start + int64(s.Seq)*int64(time.Second)/int64(o.Beat.Rate); s.Due != want || s.Sent < s.Due {
			t.Errorf("request %d: due %d, want %d; sent %d", s.Seq, s.Due, want, s.Sent)
		}
		if s.Nonce != o.Nonce(s.Seq) || s.Role != o.Role {
			t.Errorf("request %d: nonce %s, role %s", s.Seq, s.Nonce, s.Role)
		}
	}
	if len(seen) != n {
		t.Errorf("%d of %d requests have a sample", len(seen), n)
	}
}

// A client that resent what a reset lost would report 600 of 600 served.
func TestResetsAreNotRetried(t *testing.T) {
	t.Parallel()
	var asked, broken atomic.Int64
	addr := bareServer(t, func(c net.Conn) {
		in := bufio.NewReader(c)
		for { // ready to keep the connection
			r, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			if asked.Add(1)%3 == 0 {
				broken.Add(1)
				reset(c)
				return
			}
			_, _ = io.WriteString(c, good(r, "Connection: keep-alive"))
		}
	})
	o, got := loop(addr, 600)
	runUntil(t, o, 600)
	each(t, o, got, 600)
	if asked.Load() != 600 || broken.Load() != 200 {
		t.Errorf("the server was asked %d times and reset %d, want 600 and 200", asked.Load(), broken.Load())
	}
	if got.count(bench.Reset) != 200 || got.count(bench.OK) != 400 {
		t.Errorf("%d reset, %d ok; want 200 and 400", got.count(bench.Reset), got.count(bench.OK))
	}
}

// A loop that limits its workers would stop sending when the server stalls. Here no
// answer comes before the last request.
func TestStalledServerDoesNotCloseTheLoop(t *testing.T) {
	t.Parallel()
	const requests, stall = 600, 1500 * time.Millisecond
	var arrived atomic.Int64
	all := make(chan struct{})
	addr := rawServer(t, func(c net.Conn, r *http.Request) {
		if arrived.Add(1) == requests {
			close(all)
		}
		select {
		case <-all:
			<-time.After(stall)
			_, _ = io.WriteString(c, good(r))
		case <-t.Context().Done():
		}
	})
	o, got := loop(addr, 300)
	o.SLO, o.Timeout = time.Second, 30*time.Second
	runUntil(t, o, requests)
	each(t, o, got, requests)
	if got.count(bench.Late) != requests {
		t.Errorf("%d of %d are late, by an SLO of 1 s against a stall of 1.5 s", got.count(bench.Late), requests)
	}
}

func TestManyFreshConnections(t *testing.T) {
	var conns atomic.Int64
	addr := rawServer(t, func(c net.Conn, r *http.Request) {
		conns.Add(1)
		_, _ = io.WriteString(c, good(r))
	})
	o, got := loop(addr, 2000)
	runUntil(t, o, 2000)
	each(t, o, got, 2000)
	if served := got.count(bench.OK) + got.count(bench.Late); served != 2000 || conns.Load() != 2000 {
		t.Errorf("%d of 2,000 served on %d connections; %d unsent", served, conns.Load(), got.count(bench.Unsent))
	}
}

// Every server gets the same request, which asks neither for compression nor for
// keep-alive and has none of vegeta's own headers.
func TestRequestOnTheWire(t *testing.T) {
	wire := make(chan string, 10)
	addr := rawServer(t, func(c net.Conn, r *http.Request) {
		dump, _ := httputil.DumpRequest(r, true)
		wire <- string(dump)
		_, _ = io.WriteString(c, head("302 Found", "Location: http://"+r.Host+"/elsewhere", "Content-Length: 0"))
	})
	s := victimOf(t, addr, nil)
	want := "GET /victim?nonce=v0-9c1e2f03 HTTP/1.1\r\nHost: " + addr + "\r\nAccept: */*\r\nConnection: close\r\nUser-Agent: benchrun\r\n\r\n"
	if got := <-wire; got != want {
		t.Errorf("sent %q, want %q", got, want)
	}
	if s.Outcome != bench.HTTPOther || s.Status != 302 || len(wire) != 0 {
		t.Errorf("redirect: %s, status %d, %d more requests; want http_other, 302, none", s.Outcome, s.Status, len(wire))
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	o, got := loop(closedPort(t), 100)
	o.Beat.Start += int64(time.Hour) // no request is due for an hour
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := o.Run(ctx); err != nil || got.len() != 0 {
		t.Errorf("%d samples, error %v; want none", got.len(), err)
	}

	// If it is cancelled while requests are under way, it waits for them.
	release := make(chan struct{})
	addr := rawServer(t, func(c net.Conn, r *http.Request) {
		<-release
		_, _ = io.WriteString(c, good(r))
	})
	o, got = loop(addr, 100)
	ctx, cancel = context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- o.Run(ctx) }()
	eventually(t, "ten requests are due", func() bool { return o.Clock.Now() > o.Beat.Due(10) })
	cancel()
	select {
	case err := <-ended:
		t.Errorf("returned (%v) with requests under way", err)
	case <-time.After(100 * time.Millisecond):
	}
	close(release)
	if err := <-ended; err != nil || got.len() < 10 {
		t.Errorf("%d samples, error %v", got.len(), err)
	}
	each(t, o, got, got.len())
}

// A later phase continues the schedule of the earlier one.
func TestFirstContinuesTheSchedule(t *testing.T) {
	t.Parallel()
	addr := rawServer(t, func(c net.Conn, r *http.Request) { _, _ = io.WriteString(c, good(r)) })
	o, got := loop(addr, 300)
	o.Role = bench.RoleShutdown
	runUntil(t, o, 30)
	o.First = 30
	runUntil(t, o, 30)
	o.First = 0
	each(t, o, got, 60)
}

func TestImpossibleLoopsFail(t *testing.T) {
	for name, edit := range map[string]func(*OpenLoop){
		"no port":     func(o *OpenLoop) { o.Addr = "127.0.0.1" },
		"a name":      func(o *OpenLoop) { o.Addr = "localhost:80" },
		"no rate":     func(o *OpenLoop) { o.Beat.Rate = 0 },
		"no SLO":      func(o *OpenLoop) { o.SLO = 0 },
		"SLO too big": func(o *OpenLoop) { o.SLO = o.Timeout + 1 },
		"no nonces":   func(o *OpenLoop) { o.Nonce = nil },
		"no ears":     func(o *OpenLoop) { o.OnSample = nil },
	} {
		o, _ := loop("127.0.0.1:1", 100)
		edit(o)
		if err := o.Run(t.Context()); err == nil {
			t.Errorf("%s: Run did not fail", name)
		}
	}
}

// When a run is interrupted, the loop does not wait for a server that does not answer.
func TestOpenLoopAborts(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // nobody accepts
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	abort, cancel := context.WithCancel(t.Context())
	var mu sync.Mutex
	var samples []bench.Sample
	clock := bench.NewClock()
	loop := OpenLoop{
		Clock: clock, Addr: l.Addr().String(), Role: bench.RoleVictim, Beat: bench.Beat{Start: clock.Now(), Rate: 50},
		SLO: 30 * time.Second, Timeout: time.Minute, Abort: abort,
		Nonce: func(seq uint64) string { return fmt.Sprint("n", seq) },
		OnSample: func(s bench.Sample) {
			mu.Lock()
			defer mu.Unlock()
			samples = append(samples, s)
		},
	}
	time.AfterFunc(300*time.Millisecond, cancel)
	if err := loop.Run(abort); err != nil {
		t.Fatal(err)
	}
	if d := time.Duration(clock.Now()); d > loop.Timeout/2 {
		t.Errorf("ended %v after the start, though it was aborted", d)
	}
	if len(samples) == 0 {
		t.Error("no request was under way")
	}
	for _, s := range samples {
		if s.Outcome == bench.OK {
			t.Errorf("%+v", s)
		}
	}
}

// A delayed loop sends everything late, loses nothing, and ends with its context.
func TestLateLoop(t *testing.T) {
	t.Parallel()
	addr := rawServer(t, func(c net.Conn, r *http.Request) { _, _ = io.WriteString(c, good(r)) })
	o, got := loop(addr, 100)
	o.Late = 300 * time.Millisecond
	runUntil(t, o, 60)
	each(t, o, got, 60)
	early := 0
	for _, s := range got.all {
		if s.Sent-s.Due < int64(o.Late) {
			early++
		}
	}
	// Requests that are due when the context ends are sent at once.
	if early > 31 || got.count(bench.OK) != 60 {
		t.Errorf("%d of 60 were not late, %d were served", early, got.count(bench.OK))
	}
}
