package clients

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"benchrun/internal/bench"
)

// idleServer closes a kept connection that is idle for a while, and answers as an app does.
func idleServer(t *testing.T, idle time.Duration, sleep http.HandlerFunc) string {
	mux := http.NewServeMux()
	victim := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(PIDHeader, "7")
		_, _ = w.Write(VictimBody(r.URL.Query().Get("nonce")))
	}
	mux.HandleFunc("/victim", victim)
	if sleep == nil {
		sleep = victim
	}
	mux.HandleFunc("/sleep", sleep)
	s := httptest.NewUnstartedServer(mux)
	s.Config.IdleTimeout = idle
	s.Start()
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

func TestRaceReusesAtTheIdleTimeout(t *testing.T) {
	const idle, apart = time.Second, 500 * time.Millisecond
	for _, tt := range []struct {
		name    string
		offset  time.Duration
		sleep   http.HandlerFunc
		outcome bench.Outcome
		status  int
		sent    bool
	}{
		{"before it", -400 * time.Millisecond, nil, bench.Completed, 200, true},
		{"after it", 400 * time.Millisecond, nil, bench.Completed, 200, false},
		{"the server cuts the request", -400 * time.Millisecond, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, bench.Cut, 0, true},
		{"the server refuses it", -400 * time.Millisecond, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }, bench.Completed, 503, true},
	} {
		s := provoke(t.Context(), Race(apart, time.Minute, tt.offset), idleServer(t, idle, tt.sleep))
		if s.Outcome != tt.outcome || s.Status != tt.status || (s.Bytes > 0) != tt.sent || s.Idle < int64(idle/2) || s.Done < s.Sent+int64(apart) {
			t.Errorf("%s: %+v", tt.name, s)
		}
	}
}

// Each pair takes the next offset.
func TestRaceTakesItsOffsetsInTurn(t *testing.T) {
	addr := idleServer(t, time.Second, nil)
	r := Race(500*time.Millisecond, time.Minute, -400*time.Millisecond, 400*time.Millisecond)
	for i, sent := range []bool{true, false, true} {
		if s := provoke(t.Context(), r, addr); (s.Bytes > 0) != sent {
			t.Errorf("pair %d: %+v", i, s)
		}
	}
}

func TestRaceWithoutAnIdleTimeout(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
	defer cancel()
	s := provoke(ctx, Race(300*time.Millisecond, time.Minute, 0), idleServer(t, 0, nil))
	if s.Outcome != bench.HeldOpen || s.Bytes != 0 || s.Idle == 0 || s.Done == 0 {
		t.Errorf("no connection is closed: %+v", s)
	}
	if s := provoke(t.Context(), Race(300*time.Millisecond, 500*time.Millisecond, 0), idleServer(t, 0, nil)); s.Outcome != bench.HeldOpen || s.Bytes != 0 || s.Idle == 0 || s.Done == 0 {
		t.Errorf("the client has waited for long enough: %+v", s)
	}
	closing := rawServer(t, func(c net.Conn, r *http.Request) { _, _ = io.WriteString(c, good(r)) })
	if s := provoke(t.Context(), Race(300*time.Millisecond, time.Minute, 0), closing); s.Outcome != bench.Completed || s.Idle != 0 || s.Bytes != 0 {
		t.Errorf("no connection is kept: %+v", s)
	}
	if s := provoke(t.Context(), Race(300*time.Millisecond, time.Minute, 0), closedPort(t)); s.Outcome != bench.NoConnect {
		t.Errorf("nobody listens: %+v", s)
	}
}
