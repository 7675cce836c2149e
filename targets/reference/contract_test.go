package reference

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/procfs"
)

// checkVictim checks an answer like that of /victim, byte by byte.
func checkVictim(t *testing.T, r reply, nonce string) {
	t.Helper()
	want := []byte(strings.Repeat(nonce+"\n", 1024))[:1024]
	if r.err != nil || r.status != http.StatusOK || !bytes.Equal(r.body, want) || r.pid == 0 {
		t.Fatalf("victim %s: status %d, pid %d, %d bytes %.60q, error %v", nonce, r.status, r.pid, len(r.body), r.body, r.err)
	}
}

func TestPingShowsEveryWorker(t *testing.T) {
	t.Parallel()
	s := start(t, 3)
	threads := map[int]int{} // by pid
	asked := 0
	eventually(t, "every worker answers", func() bool {
		var pong struct {
			Token    string
			PID, TID int
		}
		r := s.get("/ping")
		if err := json.Unmarshal(r.body, &pong); err != nil || r.kind != "application/json" || pong.Token != testToken {
			t.Fatalf("ping: %v, %s, %s", err, r.kind, r.body)
		}
		if pong.PID != r.pid || !alive(pong.PID) {
			t.Fatalf("ping says pid %d, X-Benchrun-Pid says %d", pong.PID, r.pid)
		}
		if _, err := os.Stat(procfs.Path(pong.PID, fmt.Sprintf("task/%d", pong.TID))); err != nil {
			t.Fatalf("thread %d is none of process %d", pong.TID, pong.PID)
		}
		if before := threads[pong.PID]; before != 0 && before != pong.TID {
			t.Fatalf("worker %d answered on thread %d, now on %d", pong.PID, before, pong.TID)
		}
		threads[pong.PID] = pong.TID
		asked++
		return len(threads) == 3 && asked > 60
	})
}

func TestVictim(t *testing.T) {
	t.Parallel()
	s := start(t, 1)
	for _, nonce := range []string{"v17-9c1e", "x", strings.Repeat("a", 64)} {
		checkVictim(t, s.get("/victim?nonce="+nonce), nonce)
	}
}

func TestSleepWritesReceipts(t *testing.T) {
	t.Parallel()
	s := start(t, 2)
	before := bench.Monotonic()
	r := s.get("/sleep?nonce=s1&ms=50")
	checkVictim(t, r, "s1")
	all := s.receipts()
	if len(all) != 2 {
		t.Fatalf("got %d receipts, want start and end: %v", len(all), all)
	}
	begin, end := all[0], all[1]
	want := bench.Receipt{T: begin.T, Nonce: "s1", Fault: "sleep", PID: r.pid, TID: begin.TID, Event: bench.ReceiptStart}
	if begin != want {
		t.Errorf("start receipt is %+v, want %+v", begin, want)
	}
	want.Event, want.T = bench.ReceiptEnd, end.T
	if end != want {
		t.Errorf("end receipt is %+v, want %+v", end, want)
	}
	if begin.T < before || end.T-begin.T < int64(50*time.Millisecond) || end.T > bench.Monotonic() {
		t.Errorf("asked at %d, receipts at %d and %d: not 50 ms of CLOCK_MONOTONIC apart", before, begin.T, end.T)
	}
}

func TestUploadIsDigested(t *testing.T) {
	t.Parallel()
	s := start(t, 1)
	for _, size := range []int{0, 1, chunkSize, 1_000_000} {
		body := bytes.Repeat([]byte("upload-"), size/7+1)[:size]
		sum := sha256.Sum256(body)
		want := fmt.Sprintf(`{"bytes":%d,"nonce":"u1","sha256":"%s"}`, size, hex.EncodeToString(sum[:]))
		r := s.request(http.MethodPost, "/upload?nonce=u1", bytes.NewReader(body))
		if r.err != nil || r.status != http.StatusOK || r.kind != "application/json" || string(r.body) != want {
			t.Errorf("%d bytes: status %d, %s %s, error %v; want %s", size, r.status, r.kind, r.body, r.err, want)
		}
	}
}

func TestEverythingElseIsNotFound(t *testing.T) {
	t.Parallel()
	s := start(t, 1)
	for _, c := range []struct{ method, path string }{
		{"GET", "/"}, {"GET", "/nothing?nonce=a"}, {"GET", "/ping/"}, {"POST", "/ping"},
		{"GET", "/victim"}, {"GET", "/victim?nonce="}, {"GET", "/victim?nonce=UPPER"}, {"GET", "/victim?nonce=a%0Ab"},
		{"GET", "/victim?nonce=" + strings.Repeat("a", 65)}, {"GET", "/victim?nonce=%zz"}, {"POST", "/victim?nonce=a"},
		{"GET", "/sleep?nonce=a"}, {"GET", "/sleep?nonce=a&ms=x"}, {"GET", "/sleep?nonce=a&ms=-1"}, {"GET", "/sleep?nonce=a&ms=60001"},
		{"GET", "/upload?nonce=a"}, {"POST", "/upload"}, {"PUT", "/upload?nonce=a"},
		{"GET", "/fault/"}, {"GET", "/fault/nothing?nonce=a"}, {"GET", "/fault/wedge"}, {"POST", "/fault/wedge?nonce=a"}, {"GET", "/wedge?nonce=a"},
	} {
		if r := s.request(c.method, c.path, nil); r.err != nil || r.status != http.StatusNotFound {
			t.Errorf("%s %s: status %d, error %v; want 404", c.method, c.path, r.status, r.err)
		}
	}
	if all := s.receipts(); len(all) != 0 {
		t.Errorf("what is not served has left receipts: %v", all)
	}
}
