package reference

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"benchrun/internal/bench"
)

// A client can tell that an answer broke off, and the app learns of its end unless its
// process died.
func TestAnswersThatBreakOff(t *testing.T) {
	t.Parallel()
	s := start(t, 2, "--watchdog", "1s")
	for name, closes := range map[string]bool{"crash-midstream": false, "exception-midstream": true, "wedge-midstream": false} {
		r := s.get("/fault/" + name + "?nonce=" + name)
		if r.err == nil || r.status != http.StatusOK || len(r.body) != victimBytes {
			t.Errorf("%s: status %d, %d bytes, error %v; want a first block and an error", name, r.status, len(r.body), r.err)
		}
		closed := false
		for _, e := range s.receipts() {
			closed = closed || e.Nonce == name && e.Event == bench.ReceiptEnd
		}
		if closed != closes {
			t.Errorf("%s: closed %v, want %v", name, closed, closes)
		}
	}
	checkVictim(t, s.get("/victim?nonce=v1"), "v1")
}

func TestExceptionMidstreamCostsNoWorker(t *testing.T) {
	t.Parallel()
	s := start(t, 1)
	pid := s.get("/ping").pid
	s.get("/fault/exception-midstream?nonce=e1")
	if now := s.get("/ping").pid; now != pid {
		t.Errorf("worker %d answers now, not %d", now, pid)
	}
}

func TestHidesTruncation(t *testing.T) {
	t.Parallel()
	s := start(t, 1, "--flaw", hidesTruncation)
	for _, name := range []string{"crash-midstream", "exception-midstream"} {
		if r := s.get("/fault/" + name + "?nonce=" + name); r.err != nil || len(r.body) != victimBytes {
			t.Errorf("%s: %d bytes, %v", name, len(r.body), r.err)
		}
	}
}

func TestForgetsClose(t *testing.T) {
	t.Parallel()
	s := start(t, 1, "--flaw", forgetsClose)
	if r := s.get("/fault/exception-midstream?nonce=e1"); r.err == nil {
		t.Errorf("it looked whole: %+v", r)
	}
	if all := s.receipts(); len(all) != 1 || all[0].Event != bench.ReceiptStart {
		t.Errorf("receipts %+v, want the start alone", all)
	}
}

// An answer that is shorter than it says ends its connection.
func TestShortBody(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		flaws []string
		bytes int
		whole bool
	}{{nil, victimBytes, false}, {[]string{"--flaw", padsAnswers}, 2 * victimBytes, true}} {
		s := start(t, 1, tt.flaws...)
		if r := s.get("/fault/short-body?nonce=n1"); (r.err == nil) != tt.whole || len(r.body) != tt.bytes || r.status != http.StatusOK {
			t.Errorf("%q: status %d, %d bytes, %v", tt.flaws, r.status, len(r.body), r.err)
		}
		checkVictim(t, s.get("/victim?nonce=v1"), "v1")
	}
}

// Of an answer that is longer than it says, what is beyond does not go out.
func TestLongBody(t *testing.T) {
	t.Parallel()
	const requests = "GET /fault/long-body?nonce=n1 HTTP/1.1\r\nHost: x\r\n\r\nGET /victim?nonce=v1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
	for _, tt := range []struct {
		flaws  []string
		beyond bool
	}{{nil, false}, {[]string{"--flaw", sendsBeyond}, true}} {
		s := start(t, 1, tt.flaws...)
		in := bufio.NewReader(s.dial(requests))
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		if resp.ContentLength != victimBytes || len(body) != victimBytes || err != nil {
			t.Errorf("%q: Content-Length %d, %d bytes, %v", tt.flaws, resp.ContentLength, len(body), err)
		}
		next, err := in.Peek(len("n1\nn1"))
		if err != nil || (string(next[:4]) != "HTTP") != tt.beyond {
			t.Errorf("%q: the next answer begins with %q, %v", tt.flaws, next, err)
		}
		_ = resp.Body.Close()
		checkVictim(t, s.get("/victim?nonce=v1"), "v1")
	}
}

// A broken pipe of the app's own is an error like any other.
func TestBrokenPipe(t *testing.T) {
	t.Parallel()
	s := start(t, 1)
	if r := s.get("/fault/broken-pipe?nonce=b1"); r.status != http.StatusInternalServerError || !strings.Contains(string(r.body), "broken pipe") {
		t.Errorf("%+v, want a 500 that says why", r)
	}
	s = start(t, 1, "--flaw", dropsBrokenPipes)
	if r := s.get("/fault/broken-pipe?nonce=b1"); r.err == nil {
		t.Errorf("%+v, want no answer", r)
	}
	if r := s.get("/fault/exception?nonce=e1"); r.status != http.StatusInternalServerError {
		t.Errorf("another error: %+v, want a 500", r)
	}
}

// A worker whose app wants to exit ends, and another one takes its place.
func TestSystemExit(t *testing.T) {
	t.Parallel()
	s := start(t, 1)
	pid := s.get("/ping").pid
	if r := s.get("/fault/system-exit?nonce=x1"); r.status != http.StatusBadGateway || alive(pid) {
		t.Errorf("%+v, want 502 and worker %d dead", r, pid)
	}
	if all := s.receipts(); len(all) != 2 || all[1].Event != bench.ReceiptEnd {
		t.Errorf("receipts %+v, want a start and an end", all)
	}
	checkVictim(t, s.get("/victim?nonce=v1"), "v1")
	for _, flaw := range []string{freezesOnExit, hangsOnExit} {
		s = start(t, 1, "--watchdog", "500ms", "--flaw", flaw)
		pid = s.get("/ping").pid
		waiting := s.inBackground("/fault/system-exit?nonce=x1")
		s.started("x1")
		if flaw == hangsOnExit {
			eventually(t, "the worker is dead", func() bool { return !alive(pid) })
		}
		if within(time.Second, func() bool { return len(waiting) > 0 }) {
			t.Errorf("%s: it was answered: %+v", flaw, <-waiting)
		}
		if flaw == freezesOnExit && !alive(pid) {
			t.Errorf("%s: worker %d is dead", flaw, pid)
		}
	}
}

// Whatever kills a worker, the others serve on, unless the flaw is there.
func TestStopsOnKill(t *testing.T) {
	t.Parallel()
	s := start(t, 2)
	s.get("/fault/sigkill?nonce=k1")
	checkVictim(t, s.get("/victim?nonce=v1"), "v1")
	s = start(t, 2, "--flaw", stopsOnKill)
	s.get("/fault/sigkill?nonce=k1")
	eventually(t, "the server ends", func() bool { return s.get("/victim?nonce=v1").err != nil })
}
