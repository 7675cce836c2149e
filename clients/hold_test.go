package clients

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"benchrun/internal/bench"
)

func TestHoldManyCounts(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var open, ended atomic.Int64
	addr := rawServer(t, func(c net.Conn, r *http.Request) {
		if r.URL.Path != "/sleep" || r.URL.Query().Get("ms") != "60000" {
			t.Errorf("asked %s", r.URL)
		}
		switch nonceOf(r) {
		case "s0", "s1":
			_, _ = io.WriteString(c, good(r))
		case "s2":
			_, _ = io.WriteString(c, head("503 Busy", "Content-Length: 0"))
		case "s3", "s4", "s5":
			_ = c.(*net.TCPConn).CloseWrite()
		default:
			open.Add(1)
		}
		untilClosed(c)
		ended.Add(1)
	})
	go func() {
		eventually(t, "ten requests are held and six have ended", func() bool { return open.Load() == 10 && ended.Load() == 6 })
		cancel()
	}()
	got, err := HoldMany(ctx, addr, 16, 2000, 60_000, func(i int) string { return fmt.Sprintf("s%d", i) })
	if want := (Held{Completed: 2, Rejected: 1, Cut: 3, HeldOpen: 10}); got != want || err != nil {
		t.Errorf("got %+v, error %v; want %+v", got, err, want)
	}
	got, err = HoldMany(t.Context(), closedPort(t), 3, 1000, 10, func(i int) string { return "s" })
	if want := (Held{Refused: 3}); got != want || err != nil {
		t.Errorf("closed port: got %+v, error %v; want %+v", got, err, want)
	}
}

func TestHoldManyStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	addr := rawServer(t, func(c net.Conn, _ *http.Request) { time.AfterFunc(50*time.Millisecond, cancel); untilClosed(c) })
	got, err := HoldMany(ctx, addr, 1000, 10, 1000, func(i int) string { return fmt.Sprintf("s%d", i) })
	if got.HeldOpen == 0 || got.HeldOpen > 900 || err != nil {
		t.Errorf("got %+v, error %v of 1,000 requests over 100 s, stopped at once", got, err)
	}
}

func TestHoldManyRefusesNonsense(t *testing.T) {
	for _, c := range []struct{ n, ms, rate int }{{-1, 1, 1}, {1, 1, 0}, {1, 60_001, 1}, {1, -1, 1}} {
		if _, err := HoldMany(t.Context(), "127.0.0.1:1", c.n, c.rate, c.ms, func(int) string { return "s" }); err == nil {
			t.Errorf("n %d, rate %d, ms %d: no error", c.n, c.rate, c.ms)
		}
	}
}

// The client of SleepKept gets its answer and stays until the server ends the connection.
func TestSleepKeptStays(t *testing.T) {
	const open = 500 * time.Millisecond
	for name, c := range map[string]struct {
		answer func(*http.Request) string
		idle   bool
		err    bool
	}{
		"kept":           {func(r *http.Request) string { return good(r) }, true, false},
		"closed":         {func(r *http.Request) string { return good(r, "Connection: close") }, false, false},
		"a wrong answer": {func(*http.Request) string { return head("200 OK", "Content-Length: 2") + "ok" }, true, true},
	} {
		addr := rawServer(t, func(conn net.Conn, r *http.Request) {
			if r.URL.Path != "/sleep" || r.URL.Query().Get("ms") != "40" || r.Close || r.Header.Get("Connection") != "keep-alive" {
				t.Errorf("asked %s, %v", r.URL, r.Header)
			}
			_, _ = io.WriteString(conn, c.answer(r))
			time.Sleep(open)
		})
		s := SleepKept(40).Provoke(t.Context(), Provocation{Clock: bench.NewClock(), Addr: addr, Nonce: "f1", Role: bench.RoleProvoker})
		if s.Outcome != bench.Completed || s.Status != http.StatusOK || (s.Error != "") != c.err {
			t.Errorf("%s: %+v", name, s)
		}
		if idle := time.Duration(s.Idle); c.idle && idle < open/5 || !c.idle && idle != 0 {
			t.Errorf("%s: idle for %s", name, idle)
		}
	}

	// If the server keeps the connection, it ends with the context.
	ctx, cancel := context.WithCancel(t.Context())
	addr := rawServer(t, func(conn net.Conn, r *http.Request) {
		_, _ = io.WriteString(conn, good(r))
		time.AfterFunc(open, cancel)
		untilClosed(conn)
	})
	if s := SleepKept(40).Provoke(ctx, Provocation{Clock: bench.NewClock(), Addr: addr, Nonce: "f1"}); s.Outcome != bench.Completed || s.Idle == 0 {
		t.Errorf("kept to the end: %+v", s)
	}
}
