package reference

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"benchrun/internal/bench"
)

// rawConn is a connection on which the test controls every byte.
type rawConn struct {
	t *testing.T
	net.Conn
}

// dial connects and sends the text.
func (s *server) dial(sent string) rawConn {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		s.t.Fatal(err)
	}
	c := rawConn{s.t, conn}
	c.send(sent)
	return c
}

func (c rawConn) send(s string) {
	c.t.Helper()
	if _, err := io.WriteString(c, s); err != nil {
		c.t.Fatal(err)
	}
}

// status reads an answer and returns its status code, or 0 if the server closes the
// connection without an answer.
func (c rawConn) status() int {
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return -1
	}
	if err != nil {
		return 0
	}
	defer func() { _ = resp.Body.Close() }()
	return resp.StatusCode
}

// upload begins an upload of 10 bytes and sends 1 of them.
func (s *server) upload() rawConn {
	s.t.Helper()
	return s.dial("POST /upload?nonce=u1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 10\r\n\r\n0")
}

func TestSlowUploadsHoldNoWorker(t *testing.T) {
	t.Parallel()
	s := start(t, 2)
	var uploads []rawConn
	for range 5 {
		uploads = append(uploads, s.upload())
	}
	for i := range 10 {
		nonce := fmt.Sprintf("v%d", i)
		checkVictim(t, s.get("/victim?nonce="+nonce), nonce)
	}
	for _, u := range uploads {
		u.send("123456789")
		if got := u.status(); got != http.StatusOK {
			t.Errorf("a slow upload got %d, want 200", got)
		}
	}
}

func TestUnbufferedUploadHoldsAWorker(t *testing.T) {
	t.Parallel()
	s := start(t, 2, "--flaw", unbufferedUpload, "--watchdog", "500ms")
	old := s.workers()
	uploads := []rawConn{s.upload(), s.upload()}
	var waiting []<-chan reply
	eventually(t, "a victim has to wait", func() bool {
		c := s.inBackground("/victim?nonce=v1")
		select {
		case r := <-c:
			checkVictim(t, r, "v1")
			return false
		case <-time.After(1500 * time.Millisecond): // three times the watchdog
			waiting = append(waiting, c)
			return true
		}
	})
	uploads[0].send("123456789")
	if got := uploads[0].status(); got != http.StatusOK {
		t.Errorf("the upload got %d, want 200", got)
	}
	checkVictim(t, <-waiting[0], "v1")

	// When a client leaves, its worker becomes free.
	gone := s.upload()
	for _, c := range []rawConn{uploads[1], gone} {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	checkVictim(t, s.get("/victim?nonce=v2"), "v2")
	if now := s.workers(); len(now) != 2 || now[0] != old[0] || now[1] != old[1] {
		t.Errorf("workers were %v and are %v: none should have been killed", old, now)
	}
}

func TestBrokenOffBodyIsRefused(t *testing.T) {
	t.Parallel()
	s := start(t, 1)
	u := s.upload()
	if err := u.Conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got := u.status(); got != http.StatusBadRequest {
		t.Errorf("half a body got %d, want 400", got)
	}
}

func TestSizesAreBounded(t *testing.T) {
	t.Parallel()
	s := start(t, 1)
	long := s.dial("GET /ping HTTP/1.1\r\nHost: a\r\nX-Long: " + strings.Repeat("a", maxHeaderBytes+8<<10) + "\r\n\r\n")
	if got := long.status(); got != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a long head got %d, want 431", got)
	}
	big := s.request(http.MethodPost, "/upload?nonce=u1", io.LimitReader(zeros{}, maxBodyBytes+1))
	if big.status != http.StatusRequestEntityTooLarge {
		t.Errorf("a big body got %d, error %v; want 413", big.status, big.err)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// The timer of an idle connection must stop when a request comes.
func TestIdleTimer(t *testing.T) {
	t.Parallel()
	for _, flawed := range []bool{false, true} {
		args := []string{"--idle-timeout", "1s"}
		if flawed {
			args = append(args, "--flaw", idleTimerRunsOn)
		}
		s := start(t, 1, args...)
		c := s.dial("GET /victim?nonce=v1 HTTP/1.1\r\nHost: a\r\n\r\n")
		in := bufio.NewReader(c)
		for i, want := range []int{http.StatusOK, http.StatusOK} {
			if i == 1 {
				c.send("GET /sleep?nonce=s1&ms=1500 HTTP/1.1\r\nHost: a\r\n\r\n")
				if flawed {
					want = 0
				}
			}
			got := 0
			if resp, err := http.ReadResponse(in, nil); err == nil {
				got = resp.StatusCode
				_, _ = io.Copy(io.Discard, resp.Body)
			}
			if got != want {
				t.Errorf("flawed %v: request %d got %d, want %d", flawed, i, got, want)
			}
		}
		s.started("s1")
		if got := c.status(); got != 0 { // an idle connection ends
			t.Errorf("flawed %v: the idle connection is still open: %d", flawed, got)
		}
	}
}

// TestSilenceIsEnded waits until the front's own timeouts end silent connections.
func TestSilenceIsEnded(t *testing.T) {
	t.Parallel()
	s := start(t, 1)
	began := bench.Monotonic()
	silent := s.dial("GET /victim?nonce=v1 HTTP/1.1\r\nHost:")
	stuck, talking := s.upload(), s.upload()
	ended := make(chan int, 2)
	go func() { ended <- silent.status() }()
	go func() { ended <- stuck.status() }()
	rest := "123456789"
	for len(rest) > 1 && len(ended) < 2 { // longer than the front waits for a silent client
		talking.send(rest[:1])
		rest = rest[1:]
		within(bodyTimeout/6, func() bool { return len(ended) == 2 })
	}
	if got := []int{<-ended, <-ended}; min(got[0], got[1]) != 0 || max(got[0], got[1]) != http.StatusRequestTimeout {
		t.Errorf("the silent ones got %v, want no answer for half a head and 408 for half a body", got)
	}
	if waited := time.Duration(bench.Monotonic() - began); waited < min(headerTimeout, bodyTimeout) {
		t.Errorf("they were ended after %s, before their time", waited)
	}
	talking.send(rest)
	if got := talking.status(); got != http.StatusOK {
		t.Errorf("the upload that kept talking got %d, want 200", got)
	}
}
