package clients

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"benchrun/internal/bench"
)

func TestDownloadMagnitude(t *testing.T) {
	d := newSlowDownload()
	if took := downloadPieces * d.every; took != 30*time.Second || downloadSize != 16_777_216 {
		t.Errorf("a download of %d bytes crawls for %v, the contract says 16,777,216 and 30 s", downloadSize, took)
	}
}

// download answers with a body of n bytes and the right Content-Length, and counts the
// bytes that the kernel took.
func download(n int, sent *atomic.Int64) func(net.Conn, *http.Request) {
	return func(c net.Conn, _ *http.Request) {
		_, _ = io.WriteString(c, head("200 OK", fmt.Sprintf("Content-Length: %d", n)))
		block := bytes.Repeat([]byte("benchrun"), 8192)
		for left := n; left > 0; left -= len(block) {
			m, err := c.Write(block[:min(left, len(block))])
			sent.Add(int64(m))
			if err != nil {
				return
			}
		}
	}
}

func TestDownloadIsWhole(t *testing.T) {
	var sent atomic.Int64
	s := provoke(t.Context(), slowDownload{every: time.Millisecond}, rawServer(t, download(downloadSize, &sent)))
	if s.Outcome != bench.Completed || s.Status != 200 || s.Error != "" || s.Bytes < downloadSize {
		t.Errorf("sample %+v", s)
	}
	for _, n := range []int{0, 65_536, downloadSize - 1, downloadSize + 1} {
		s := provoke(t.Context(), slowDownload{every: time.Microsecond}, rawServer(t, download(n, &sent)))
		if s.Outcome != bench.Completed || !strings.Contains(s.Error, "bytes of body") {
			t.Errorf("an answer of %d bytes: %s, error %q", n, s.Outcome, s.Error)
		}
	}
}

// While the client crawls, the server cannot get rid of most of its answer: the client's
// kernel does not take it.
func TestDownloadIsHeldUntilCut(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	const every = 20 * time.Millisecond
	began := time.Now()
	var sent atomic.Int64
	serve := download(downloadSize, &sent)
	s := provoke(ctx, slowDownload{every: every}, rawServer(t, func(c net.Conn, r *http.Request) {
		time.AfterFunc(500*time.Millisecond, cancel)
		serve(c, r)
	}))
	most := int64(time.Since(began)/every+1) * downloadPiece
	if s.Outcome != bench.HeldOpen || s.Bytes == 0 || s.Bytes > most || s.Error != "" {
		t.Errorf("%s after %d bytes, error %q; want held_open after %d at most", s.Outcome, s.Bytes, s.Error, most)
	}
	if n := sent.Load(); n > downloadSize/2 {
		t.Errorf("the kernel took %d bytes that nobody had read", n)
	}
	if s := held(t, newSlowDownload()); s.Outcome != bench.HeldOpen || s.Bytes != 0 {
		t.Errorf("cut before the first byte: %s, %d bytes", s.Outcome, s.Bytes)
	}
}

func TestDownloadEndsEarly(t *testing.T) {
	for name, c := range map[string]struct {
		serve  func(net.Conn, *http.Request)
		want   bench.Outcome
		status int
	}{
		"503":    {func(c net.Conn, _ *http.Request) { _, _ = io.WriteString(c, head("503 Busy", "Content-Length: 0")) }, bench.Completed, 503},
		"closed": {func(net.Conn, *http.Request) {}, bench.Cut, 0},
		"cut in the body": {func(c net.Conn, r *http.Request) {
			_, _ = io.WriteString(c, head("200 OK", "Content-Length: 9")+"shor")
		}, bench.Cut, 200},
		"reset in between": {func(c net.Conn, _ *http.Request) { reset(c) }, bench.Cut, 0},
	} {
		if s := provoke(t.Context(), slowDownload{every: time.Millisecond}, rawServer(t, c.serve)); s.Outcome != c.want || s.Status != c.status {
			t.Errorf("%s: %s, status %d; want %s, %d", name, s.Outcome, s.Status, c.want, c.status)
		}
	}
	if s := provoke(t.Context(), newSlowDownload(), closedPort(t)); s.Outcome != bench.NoConnect {
		t.Errorf("closed port: %s", s.Outcome)
	}
}

// The whole answer is read and checked.
func TestAppFaultAnswerIsChecked(t *testing.T) {
	const nonce = "f0-31aa0000" // the one that provoke uses
	right := func(n int) string { return strings.Repeat(nonce+"\n", n/len(nonce)+1)[:n] }
	for name, c := range map[string]struct {
		size  int
		body  string
		wrong bool
	}{
		"big, right":     {100_000, right(100_000), false},
		"big, short":     {100_000, right(65_536), true},
		"big, long":      {100_000, right(100_001), true},
		"big, very long": {100_000, right(400_000), true},
		"big, another's": {100_000, strings.Repeat("x", 100_000), true},
		"slow, right":    {1024, right(1024), false},
		"slow, short":    {1024, right(1023), true},
		"slow, empty":    {1024, "", true},
	} {
		p := AppFault("x", c.size)
		s := provoke(t.Context(), p, rawServer(t, func(conn net.Conn, _ *http.Request) {
			_, _ = io.WriteString(conn, head("200 OK", fmt.Sprintf("Content-Length: %d", len(c.body)))+c.body)
		}))
		if s.Outcome != bench.Completed || (s.Error != "") != c.wrong {
			t.Errorf("%s: %s, error %q; wrong %v", name, s.Outcome, s.Error, c.wrong)
		}
	}
}
