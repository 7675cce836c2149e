package reference

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"benchrun/internal/bench"
	"benchrun/internal/procfs"
)

// resident gives a process's memory, in bytes.
func resident(t *testing.T, pid int) int64 {
	t.Helper()
	bytes, err := procfs.Memory(pid, "VmRSS")
	if err != nil {
		t.Fatal(err)
	}
	return bytes
}

func TestLoadsEndByThemselves(t *testing.T) {
	t.Parallel()
	s := start(t, 1, "--watchdog", patience.String())
	for _, name := range []string{"cpu", "io", "cpu-io", "slow", "legit-slow", "starve", "leak"} {
		checkVictim(t, s.get("/fault/"+name+"?nonce="+name), name)
	}
	took := map[string]time.Duration{}
	for _, r := range s.receipts() {
		switch r.Event {
		case bench.ReceiptStart:
			took[r.Nonce] -= time.Duration(r.T)
		case bench.ReceiptEnd:
			took[r.Nonce] += time.Duration(r.T)
		}
	}
	if len(took) != 7 || took["slow"] < slowSleep || took["legit-slow"] < legitSleep || took["starve"] < starveTime {
		t.Errorf("they took %v", took)
	}
}

func TestBacktrack(t *testing.T) {
	for text, want := range map[string]bool{"a": true, "aaaa": true, "aaab": false, "": false, "baa": false} {
		if got := backtrack(text); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func TestExceptionIsAnsweredWithAnError(t *testing.T) {
	t.Parallel()
	s := start(t, 1)
	pid := s.get("/ping").pid
	if r := s.get("/fault/exception?nonce=e1"); r.status != http.StatusInternalServerError || r.pid != pid {
		t.Errorf("%+v, want a 500 by worker %d", r, pid)
	}
	if all := s.receipts(); len(all) != 2 || all[1].Event != bench.ReceiptEnd {
		t.Errorf("receipts %+v, want a start and an end", all)
	}
	if now := s.get("/ping").pid; now != pid {
		t.Errorf("worker %d answers now, not %d", now, pid)
	}
}

func TestBigResponse(t *testing.T) {
	t.Parallel()
	s := start(t, 1)
	r := s.get("/fault/big-response?nonce=b1")
	if want := strings.Repeat("b1\n", 33_334)[:100_000]; r.status != http.StatusOK || string(r.body) != want {
		t.Errorf("status %d, %d bytes, error %v", r.status, len(r.body), r.err)
	}
	r = start(t, 1, "--flaw", truncatesResponses).get("/fault/big-response?nonce=b1")
	if r.err != nil || r.status != http.StatusOK || len(r.body) != shortResponse {
		t.Errorf("%s: status %d, %d bytes, error %v; want %d that look whole", truncatesResponses, r.status, len(r.body), r.err, shortResponse)
	}
}

func TestTruncatesUploads(t *testing.T) {
	t.Parallel()
	s := start(t, 1, "--flaw", truncatesUploads)
	for size, got := range map[int]int{1_000_000: 1_000_000, shortUpload: shortUpload, 3_000_000: shortUpload} {
		r := s.request(http.MethodPost, "/upload?nonce=u1", bytes.NewReader(make([]byte, size)))
		if want := fmt.Sprintf(`{"bytes":%d,`, got); !strings.HasPrefix(string(r.body), want) {
			t.Errorf("%d bytes: %s, want %s…", size, r.body, want)
		}
	}
}

func TestDownload(t *testing.T) {
	t.Parallel()
	s := start(t, 1)
	r := s.get("/download?nonce=d1")
	want := bytes.Repeat([]byte("benchrun"), 2<<20)
	if r.err != nil || r.status != http.StatusOK || !bytes.Equal(r.body, want) {
		t.Errorf("status %d, %d bytes, error %v", r.status, len(r.body), r.err)
	}
}

// A client that takes nothing of its answer holds a worker only in the flawed server, and
// only until it leaves.
func TestUnbufferedDownload(t *testing.T) {
	t.Parallel()
	const request = "GET /download?nonce=d1 HTTP/1.1\r\nHost: x\r\n\r\n"
	sound := start(t, 1)
	sound.dial(request)
	checkVictim(t, sound.get("/victim?nonce=v1"), "v1")

	flawed := start(t, 1, "--flaw", unbufferedDownload)
	silent := flawed.dial(request)
	if _, err := io.ReadFull(silent, make([]byte, 16)); err != nil { // a worker has begun to answer it
		t.Fatal(err)
	}
	victim := flawed.inBackground("/victim?nonce=v1")
	if within(500*time.Millisecond, func() bool { return len(victim) > 0 }) {
		t.Errorf("a victim was answered beside the download: %+v", <-victim)
	}
	if err := silent.Close(); err != nil {
		t.Fatal(err)
	}
	checkVictim(t, <-victim, "v1")
}

func TestSingleFile(t *testing.T) {
	t.Parallel()
	s := start(t, 3, "--flaw", singleFile, "--watchdog", patience.String())
	began := time.Now()
	asleep := s.inBackground("/sleep?nonce=s1&ms=600")
	s.started("s1")
	checkVictim(t, s.get("/victim?nonce=v1"), "v1")
	if waited := time.Since(began); waited < 600*time.Millisecond {
		t.Errorf("a victim was answered %v after the sleeper's request, before the sleeper", waited)
	}
	checkVictim(t, <-asleep, "s1")
}

func TestKillsHonest(t *testing.T) {
	t.Parallel()
	s := start(t, 2, "--flaw", killsHonest, "--watchdog", patience.String())
	slow := s.inBackground("/fault/legit-slow?nonce=l1")
	checkVictim(t, s.get("/victim?nonce=v1"), "v1")
	if r := <-slow; r.status != http.StatusGatewayTimeout {
		t.Errorf("an honest request of 1.5 s: %+v, want 504", r)
	}
}

func TestWorkersAreRecycled(t *testing.T) {
	t.Parallel()
	// lives returns the pids of the workers that answered 12 requests.
	lives := func(s *server) (pids []int) {
		for i := range 12 {
			nonce := fmt.Sprintf("v%d", i)
			r := s.get("/victim?nonce=" + nonce)
			checkVictim(t, r, nonce)
			pids = append(pids, r.pid)
		}
		slices.Sort(pids)
		return slices.Compact(pids)
	}
	if n := len(lives(start(t, 1, "--max-requests", "4"))); n < 3 || n > 4 {
		t.Errorf("12 requests were answered by %d workers, of 4 requests each", n)
	}
	if n := len(lives(start(t, 1, "--max-requests", "4", "--flaw", leaksMemory))); n != 1 {
		t.Errorf("%s: %d workers, want one for ever", leaksMemory, n)
	}
}

func TestLeakStaysInItsWorker(t *testing.T) {
	t.Parallel()
	s := start(t, 1)
	pid := s.get("/ping").pid
	before := resident(t, pid)
	for i := range 4 {
		nonce := fmt.Sprintf("l%d", i)
		checkVictim(t, s.get("/fault/leak?nonce="+nonce), nonce)
	}
	if grown := resident(t, pid) - before; grown < 4*leakBytes*9/10 {
		t.Errorf("after 4 leaks of %d bytes the worker has grown by %d", leakBytes, grown)
	}
}

// What a fault has left behind is there until its worker ends, and then it is gone.
func TestLeaksEndWithTheirWorker(t *testing.T) {
	t.Parallel()
	s := start(t, 1)
	pid := s.get("/ping").pid
	for _, leak := range []struct {
		name  string
		least int
		count func() int
	}{
		{"leak-fd", leakFiles, func() int { return entries(t, pid, "fd") }},
		{"leak-thread", leakedThreads, func() int { return entries(t, pid, "task") }},
		{"leak-child", 1, func() int { return len(childrenOf(pid)) }},
	} {
		checkVictim(t, s.get("/fault/"+leak.name+"?nonce=warm"), "warm") // the runtime has the threads and descriptors that it needs
		before := leak.count()
		const leaks = 5
		for range leaks {
			checkVictim(t, s.get("/fault/"+leak.name+"?nonce=l1"), "l1")
		}
		// Less by one leak: some threads are the runtime's own that were idle.
		if grown, want := leak.count()-before, (leaks-1)*leak.least; grown < want {
			t.Errorf("%s: %d more, want %d", leak.name, grown, want)
		}
	}
	children := childrenOf(pid)
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for _, child := range children {
		eventually(t, fmt.Sprintf("child %d is gone", child), func() bool { return !alive(child) })
	}
}

// A worker without a free descriptor fails the request, and keeps those that it got.
func TestLeakOfTheLastDescriptors(t *testing.T) {
	t.Parallel()
	s := start(t, 1)
	pid := s.get("/ping").pid
	have := entries(t, pid, "fd")
	limit := unix.Rlimit{Cur: uint64(have + 8), Max: uint64(have + 8)}
	if err := unix.Prlimit(pid, unix.RLIMIT_NOFILE, &limit, nil); err != nil {
		t.Fatal(err)
	}
	if r := s.get("/fault/leak-fd?nonce=l1"); r.status != http.StatusInternalServerError || !strings.Contains(string(r.body), "too many open files") {
		t.Errorf("%d %s, want a 500 that says why", r.status, r.body)
	}
	if now := entries(t, pid, "fd"); now < have+7 {
		t.Errorf("%d descriptors of %d are in use", now, have+8)
	}
	checkVictim(t, s.get("/victim?nonce=v1"), "v1")
}

// entries is how many entries a folder of a process in /proc has.
func entries(t *testing.T, pid int, folder string) int {
	t.Helper()
	all, err := os.ReadDir(procfs.Path(pid, folder))
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

// Each kind of wedge keeps its worker until a watchdog ends it, and uses CPU only if it
// should.
func TestWedgesAreStuck(t *testing.T) {
	for _, name := range []string{"wedge-spin", "wedge-native", "wedge-gil", "wedge-io", "wedge-regex", "wedge-deaf"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, 2, "--flaw", noWatchdog)
			wedged := s.inBackground("/fault/" + name + "?nonce=w1")
			pid := s.started("w1").PID
			if spins := name == "wedge-spin" || name == "wedge-regex"; spins {
				before := cpuUsed(t, pid)
				eventually(t, "it uses CPU", func() bool { return cpuUsed(t, pid)-before > 0.1 })
			} else {
				restsFor(t, pid, 300*time.Millisecond)
			}
			if !alive(pid) || len(wedged) > 0 {
				t.Fatal("it did not stay stuck")
			}
			checkVictim(t, s.get("/victim?nonce=v1"), "v1")

			s = start(t, 2, "--watchdog", "1s")
			wedged = s.inBackground("/fault/" + name + "?nonce=w1")
			pid = s.started("w1").PID
			if r := <-wedged; r.status != http.StatusGatewayTimeout || alive(pid) {
				t.Errorf("after the watchdog: %+v", r)
			}
		})
	}
}
