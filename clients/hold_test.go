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
