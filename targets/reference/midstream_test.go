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
