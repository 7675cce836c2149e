package reference

import (
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// mayOpen limits the descriptors of the front.
func (s *server) mayOpen(n uint64) {
	s.t.Helper()
	limit := syscall.Rlimit{Cur: n, Max: 1024}
	_, _, errno := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(s.cmd.Process.Pid), syscall.RLIMIT_NOFILE, uintptr(unsafe.Pointer(&limit)), 0, 0, 0)
	if errno != 0 {
		s.t.Fatal(errno)
	}
}

func TestStopsAccepting(t *testing.T) {
	t.Parallel()
	const room, n = 5, 20
	served := func(s *server, wait time.Duration) bool {
		checkVictim(t, s.get("/victim?nonce=v1"), "v1")
		base := s.idleFDs()
		s.mayOpen(uint64(base + room))
		var conns []rawConn
		for range n {
			conns = append(conns, s.dial(""))
		}
		eventually(t, "no descriptor is free", func() bool { return s.fds() >= base+room })
		within(wait, func() bool { return strings.Contains(s.log(), "too many open files") }) // it has tried once more
		for _, c := range conns {
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
		}
		eventually(t, "they are gone", func() bool { return s.fds() <= base+1 })
		victim := s.inBackground("/victim?nonce=v2")
		return within(wait, func() bool { return len(victim) > 0 }) && (<-victim).status == http.StatusOK
	}
	if !served(start(t, 1), patience) {
		t.Error("a sound server serves nobody after it has been short of descriptors")
	}
	if served(start(t, 1, "--flaw", stopsAccepting), time.Second) { // it logs nothing
		t.Error("the flawed server accepts again")
	}
}

func TestBlocksOnLog(t *testing.T) {
	t.Parallel()
	const line = "GET /victim?nonce=v1"
	for _, flawed := range []bool{false, true} {
		var args []string
		if flawed {
			args = []string{"--flaw", blocksOnLog}
		}
		s := start(t, 1, args...)
		checkVictim(t, s.get("/victim?nonce=v1"), "v1")
		if logged := strings.Contains(s.log(), line); logged != flawed {
			t.Errorf("flawed: %v; its request is in the log when it is answered: %v", flawed, logged)
		}
	}
}

// A front that has no descriptors cannot start a worker.
func TestStopsOnFork(t *testing.T) {
	t.Parallel()
	lose := func(s *server) {
		base := s.idleFDs()
		c := s.dial("")
		eventually(t, "it is accepted", func() bool { return s.fds() > base })
		s.mayOpen(3)
		c.send("GET /fault/segfault?nonce=f1 HTTP/1.1\r\nHost: a\r\n\r\n")
		if got := c.status(); got != http.StatusBadGateway {
			t.Fatalf("segfault: %d", got)
		}
	}
	sound := start(t, 1)
	lose(sound)
	if within(time.Second, func() bool { return sound.hasExited() || len(sound.workers()) > 0 }) {
		t.Fatal("a sound front ended, or started a worker without descriptors")
	}
	sound.mayOpen(1024)
	checkVictim(t, sound.get("/victim?nonce=v1"), "v1")

	flawed := start(t, 1, "--flaw", stopsOnFork)
	lose(flawed)
	if code := flawed.exitCode(); code != 0 {
		t.Errorf("the flawed front ended with code %d", code)
	}
}

func TestStopsWithoutTmp(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	for _, flawed := range []bool{false, true} {
		if err := os.MkdirAll(tmp, 0o700); err != nil {
			t.Fatal(err)
		}
		var args []string
		if flawed {
			args = []string{"--flaw", stopsWithoutTmp}
		}
		s := start(t, 1, args...)
		if err := os.RemoveAll(tmp); err != nil { // no file can be created there now, by root neither
			t.Fatal(err)
		}
		if r := s.get("/fault/segfault?nonce=f1"); r.status != http.StatusBadGateway {
			t.Fatalf("segfault: %+v", r)
		}
		if !flawed {
			checkVictim(t, s.get("/victim?nonce=v1"), "v1")
		} else if code := s.exitCode(); code != 0 || !strings.Contains(s.log(), "needs a temporary file") {
			t.Errorf("the flawed front ended with code %d: %s", code, s.log())
		}
	}
}

// While no descriptor is free, one flaw burns a CPU, and another one floods the log.
func TestTriesAgainAtOnce(t *testing.T) {
	t.Parallel()
	const room, n, burnt, flooded = 5, 20, 20, 10 * floodLine // burnt: ticks
	for _, flaw := range []string{"", spinsWithoutFiles, floodsWithoutFiles} {
		var args []string
		if flaw != "" {
			args = []string{"--flaw", flaw}
		}
		s := start(t, 1, args...)
		checkVictim(t, s.get("/victim?nonce=v1"), "v1")
		base := s.idleFDs()
		s.mayOpen(uint64(base + room))
		var conns []rawConn
		for range n {
			conns = append(conns, s.dial(""))
		}
		eventually(t, "no descriptor is free", func() bool { return s.fds() >= base+room })
		used, logged := s.used(), len(s.log())
		switch flaw {
		case spinsWithoutFiles:
			eventually(t, "it burns a CPU", func() bool { return s.used()-used > burnt })
		case floodsWithoutFiles:
			eventually(t, "it floods its log", func() bool { return len(s.log())-logged > flooded })
		default:
			if within(time.Second, func() bool { return s.used()-used > burnt || len(s.log())-logged > flooded }) {
				t.Errorf("a sound server used %d ticks and logged %d bytes", s.used()-used, len(s.log())-logged)
			}
		}
		for _, c := range conns {
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
		}
		eventually(t, "they are gone", func() bool { return s.fds() <= base+1 })
		checkVictim(t, s.get("/victim?nonce=v2"), "v2")
	}
}

// While a front without descriptors cannot start a worker, the other one goes on, but with the
// flaw a request waits for the next try.
func TestPausesOnFork(t *testing.T) {
	t.Parallel()
	waited := func(args ...string) time.Duration {
		s := start(t, 2, args...)
		base := s.idleFDs()
		c, other := s.dial(""), s.dial("")
		eventually(t, "both are accepted", func() bool { return s.fds() > base+1 })
		s.mayOpen(3)
		c.send("GET /fault/segfault?nonce=f1 HTTP/1.1\r\nHost: a\r\n\r\n")
		if got := c.status(); got != http.StatusBadGateway {
			t.Fatalf("segfault: %d", got)
		}
		var took [5]time.Duration
		for i := range took {
			asked := time.Now()
			other.send("GET /victim?nonce=v1 HTTP/1.1\r\nHost: a\r\n\r\n")
			if got := other.status(); got != http.StatusOK {
				t.Fatalf("victim: %d", got)
			}
			took[i] = time.Since(asked)
		}
		slices.Sort(took[:])
		return took[len(took)/2]
	}
	if sound, flawed := waited(), waited("--flaw", pausesOnFork); flawed < 2*sound {
		t.Errorf("half of the requests took a sound front more than %s, and the flawed one %s", sound, flawed)
	}
}
