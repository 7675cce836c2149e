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
	stuck := bareServer(t, func(net.Conn) { <-done })
	upload := newLargeUpload() // takes a while: before the time runs
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	s := provoke(ctx, upload, stuck)
	close(done)
	if s.Outcome != bench.HeldOpen || s.Bytes == 0 || s.Bytes == largeUploadSize {
		t.Errorf("never read: %s after %d bytes", s.Outcome, s.Bytes)
	}
	if s := provoke(t.Context(), newLargeUpload(), closedPort(t)); s.Outcome != bench.NoConnect {
		t.Errorf("closed port: %s", s.Outcome)
	}
}
