package clients

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"benchrun/internal/bench"
)

func TestLargeUploadArrivesWhole(t *testing.T) {
	addr := rawServer(t, func(c net.Conn, r *http.Request) {
		if r.Method != http.MethodPost || r.URL.Path != "/upload" || r.ContentLength != 20_000_000 {
			t.Errorf("asked %s %s of %d bytes", r.Method, r.URL, r.ContentLength)
		}
		receipt(c, r, func(map[string]any) {})
	})
	s := provoke(t.Context(), newLargeUpload(), addr)
	if s.Outcome != bench.Completed || s.Status != 200 || s.Error != "" || s.Bytes != largeUploadSize {
		t.Errorf("sample %+v", s)
	}
}

func TestLargeUploadWithoutItsTailIsTold(t *testing.T) {
	addr := rawServer(t, func(c net.Conn, r *http.Request) {
		whole := r.Body
		r.Body = io.NopCloser(io.LimitReader(whole, 1<<20))
		var answer strings.Builder
		receipt(&answer, r, func(map[string]any) {})
		_, _ = io.Copy(io.Discard, whole)
		_, _ = io.WriteString(c, answer.String())
	})
	s := provoke(t.Context(), newLargeUpload(), addr)
	if s.Outcome != bench.Completed || s.Status != 200 || !strings.Contains(s.Error, "1048576 bytes") {
		t.Errorf("%s, status %d, error %q", s.Outcome, s.Status, s.Error)
	}
}

func TestLargeUploadEndsEarly(t *testing.T) {
	refused := rawServer(t, func(c net.Conn, _ *http.Request) {
		_, _ = io.WriteString(c, head("413 Too Large", "Content-Length: 0"))
		<-time.After(50 * time.Millisecond)
	})
	if s := provoke(t.Context(), newLargeUpload(), refused); s.Outcome != bench.Completed || s.Status != 413 || s.Bytes == largeUploadSize {
		t.Errorf("413: %s, status %d, %d bytes", s.Outcome, s.Status, s.Bytes)
	}
	done := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stuck := bareServer(t, func(net.Conn) { time.AfterFunc(300*time.Millisecond, cancel); <-done })
	s := provoke(ctx, newLargeUpload(), stuck)
	close(done)
	if s.Outcome != bench.HeldOpen || s.Bytes == 0 || s.Bytes == largeUploadSize {
		t.Errorf("never read: %s after %d bytes", s.Outcome, s.Bytes)
	}
	if s := provoke(t.Context(), newLargeUpload(), closedPort(t)); s.Outcome != bench.NoConnect {
		t.Errorf("closed port: %s", s.Outcome)
	}
}

// The client reads a refusal also if it comes before the end of the body.
func TestLargeUploadRefusalIsHeard(t *testing.T) {
	refused := rawServer(t, func(c net.Conn, _ *http.Request) {
		_, _ = io.WriteString(c, head("400 Bad Request", "Content-Length: 9")+"too large")
		<-time.After(50 * time.Millisecond)
	})
	clock := bench.NewClock()
	var heard string
	s := newLargeUpload().Provoke(t.Context(), Provocation{
		Clock: clock, Addr: refused, Nonce: "n", Due: clock.Now(), Role: bench.RoleProvoker,
		Heard: func(body []byte) { heard = string(body) },
	})
	if s.Outcome != bench.Completed || s.Status != 400 || s.Error != "" || heard != "too large" {
		t.Errorf("%s, status %d, error %q, heard %q", s.Outcome, s.Status, s.Error, heard)
	}
}

// Answered shows an answer on one line, shortened and escaped.
func TestAnswered(t *testing.T) {
	for body, want := range map[string]string{
		"":                        "status 400",
		"no\n such\x1b[2J \xff":   `status 400: "no such\x1b[2J ?"`,
		strings.Repeat("é", 5000): `status 400: "` + strings.Repeat("é", 100) + `"`,
	} {
		if got := Answered(400, []byte(body)); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
