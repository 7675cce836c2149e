package reference

import (
	"net/http"
	"testing"

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
