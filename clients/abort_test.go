package clients

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"benchrun/internal/bench"
)

func TestDownloadIsAborted(t *testing.T) {
	wrote := make(chan error, 1)
	addr := rawServer(t, func(c net.Conn, _ *http.Request) {
		_, _ = io.WriteString(c, head("200 OK", fmt.Sprintf("Content-Length: %d", downloadSize)))
		_, err := io.WriteString(c, strings.Repeat("benchrun", downloadSize/8))
		wrote <- err
	})
	s := provoke(t.Context(), AbortDownload(), addr)
	if err := <-wrote; s.Outcome != bench.HeldOpen || s.Bytes != abortDownloadAfter || err == nil {
		t.Errorf("%+v, and the server's write ended with %v", s, err)
	}
	short := rawServer(t, func(c net.Conn, _ *http.Request) { _, _ = io.WriteString(c, head("503 Busy", "Content-Length: 0")) })
	if s := provoke(t.Context(), AbortDownload(), short); s.Outcome != bench.Cut || s.Bytes == 0 || s.Bytes >= abortDownloadAfter {
		t.Errorf("a short answer: %+v", s)
	}
	if s := provoke(t.Context(), AbortDownload(), closedPort(t)); s.Outcome != bench.NoConnect {
		t.Errorf("closed port: %+v", s)
	}
}

func TestUploadIsAborted(t *testing.T) {
	type seen struct {
		promised, n int64
		err         error
	}
	got := make(chan seen, 1)
	addr := rawServer(t, func(_ net.Conn, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		got <- seen{r.ContentLength, n, err}
	})
	s := provoke(t.Context(), AbortUpload(), addr)
	if x := <-got; s.Outcome != bench.HeldOpen || s.Bytes != abortUploadAfter || x.promised != abortUploadSize ||
		x.n > abortUploadAfter || !errors.Is(x.err, syscall.ECONNRESET) {
		t.Errorf("%+v, and the server saw %+v", s, x)
	}
	if s := provoke(t.Context(), AbortUpload(), closedPort(t)); s.Outcome != bench.NoConnect {
		t.Errorf("closed port: %+v", s)
	}
}

// What the client has sent reaches a server that is slow to read it, before the reset does.
func TestAbortedUploadArrives(t *testing.T) {
	got := make(chan int64, 1)
	addr := rawServer(t, func(_ net.Conn, r *http.Request) {
		n, b := int64(0), make([]byte, 64<<10)
		for {
			m, err := r.Body.Read(b)
			if n += int64(m); err != nil {
				break
			}
			time.Sleep(5 * time.Millisecond)
		}
		got <- n
	})
	for range 3 {
		s := provoke(t.Context(), AbortUpload(), addr)
		if n := <-got; n != abortUploadAfter || s.Outcome != bench.HeldOpen {
			t.Errorf("%d of %d bytes arrived: %+v", n, abortUploadAfter, s)
		}
	}
	never := bareServer(t, func(c net.Conn) { <-t.Context().Done() })
	if s := provoke(t.Context(), AbortUpload(), never); s.Outcome != bench.HeldOpen {
		t.Errorf("a server that reads nothing: %+v", s)
	}
}
