package clients

import (
	"bufio"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"benchrun/internal/bench"
)

// uploaded reads a request's body and gives the right answer to it.
func uploaded(r *http.Request) string {
	h := sha256.New()
	n, _ := io.Copy(h, r.Body)
	body := fmt.Sprintf(`{"nonce": %q, "bytes": %d, "sha256": "%x"}`, nonceOf(r), n, h.Sum(nil))
	return head("200 OK", fmt.Sprintf("Content-Length: %d", len(body))) + body
}

func expecting(patience time.Duration) *expectContinue {
	return &expectContinue{newPayload(expectSize), patience}
}

func TestExpectingUpload(t *testing.T) {
	early := make(chan int, 1)
	interim := bareServer(t, func(c net.Conn) {
		in := bufio.NewReader(c)
		r, err := http.ReadRequest(in)
		if err != nil || r.Header.Get("Expect") != "100-continue" {
			return
		}
		early <- in.Buffered()
		_, _ = io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n"+uploaded(r))
	})
	// The server reads the body before it says anything else, so this would hang if the
	// client waited for more than the interim answer.
	continues := bareServer(t, func(c net.Conn) {
		r, err := http.ReadRequest(bufio.NewReader(c))
		if err == nil {
			_, _ = io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n")
			_, _ = io.WriteString(c, uploaded(r))
		}
	})
	s := provoke(t.Context(), expecting(time.Minute), continues)
	if s.Outcome != bench.Completed || s.Status != 200 || s.Error != "" || s.Bytes != expectSize {
		t.Errorf("100 Continue: %+v", s)
	}
	s = provoke(t.Context(), expecting(50*time.Millisecond), interim)
	if n := <-early; s.Outcome != bench.Completed || s.Error != "" || n != 0 {
		t.Errorf("a server that says nothing: %+v, with %d bytes beside the head", s, n)
	}
	refuses := rawServer(t, func(c net.Conn, _ *http.Request) {
		_, _ = io.WriteString(c, head("417 Expectation Failed", "Content-Length: 0"))
	})
	if s := provoke(t.Context(), expecting(time.Minute), refuses); s.Outcome != bench.Completed || s.Status != 417 || s.Bytes != 0 {
		t.Errorf("refused: %+v", s)
	}
	if s := provoke(t.Context(), expecting(time.Minute), rawServer(t, func(net.Conn, *http.Request) {})); s.Outcome != bench.Cut {
		t.Errorf("closed: %+v", s)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	silent := rawServer(t, func(c net.Conn, _ *http.Request) { cancel(); untilClosed(c) })
	if s := provoke(ctx, expecting(time.Minute), silent); s.Outcome != bench.HeldOpen {
		t.Errorf("ended by benchrun: %+v", s)
	}
}

func TestFragmentedUpload(t *testing.T) {
	reads := 0
	addr := bareServer(t, func(c net.Conn) {
		head := readerFunc(func(b []byte) (int, error) { reads++; return c.Read(b) })
		r, err := http.ReadRequest(bufio.NewReader(head))
		if err != nil || len(r.TransferEncoding) != 1 || r.ContentLength != -1 {
			return
		}
		_, _ = io.WriteString(c, uploaded(r))
	})
	f := Fragmented().(*fragmented)
	s := provoke(t.Context(), f, addr)
	if s.Outcome != bench.Completed || s.Status != 200 || s.Error != "" || s.Bytes != int64(len(f.chunks)) {
		t.Errorf("%+v", s)
	}
	refuses := rawServer(t, func(c net.Conn, _ *http.Request) {
		_, _ = io.WriteString(c, head("411 Length Required", "Content-Length: 0"))
		untilClosed(c)
	})
	if s := provoke(t.Context(), f, refuses); s.Outcome != bench.Completed || s.Status != 411 {
		t.Errorf("refused: %+v", s)
	}
}
