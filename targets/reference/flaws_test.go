package reference

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// One test for each flaw, except unbuffered-upload (clients_test.go). The tests of the
// other files show what the sound server does instead.

func TestNoWatchdog(t *testing.T) {
	t.Parallel()
	s := start(t, 2, "--flaw", noWatchdog, "--watchdog", "100ms")
	wedged := s.inBackground("/fault/wedge?nonce=w1")
	pid := s.started("w1").PID
	if within(600*time.Millisecond, func() bool { return !alive(pid) || len(wedged) > 0 }) {
		t.Error("a stuck worker was ended, six watchdogs long it should not")
	}
	checkVictim(t, s.get("/victim?nonce=v1"), "v1")
}

// SIGTERM ends a worker that hears it, and one that does not stays for good.
func TestAsksPolitely(t *testing.T) {
	t.Parallel()
	s := start(t, 3, "--flaw", asksPolitely, "--watchdog", "500ms")
	if r := s.get("/fault/wedge?nonce=w1"); r.status != http.StatusGatewayTimeout {
		t.Errorf("a wedge: %+v, want 504", r)
	}
	deaf := s.inBackground("/fault/wedge-deaf?nonce=w2")
	pid := s.started("w2").PID
	if within(time.Second, func() bool { return !alive(pid) || len(deaf) > 0 }) {
		t.Error("a deaf worker was ended")
	}
	checkVictim(t, s.get("/victim?nonce=v1"), "v1")
}

func TestDiesOfErrors(t *testing.T) {
	t.Parallel()
	s := start(t, 1, "--flaw", diesOfErrors)
	pid := s.get("/ping").pid
	if r := s.get("/fault/exception?nonce=e1"); r.status != http.StatusBadGateway || alive(pid) {
		t.Errorf("%+v, want 502 and worker %d dead", r, pid)
	}
	checkVictim(t, s.get("/victim?nonce=v1"), "v1")
}

func TestNoRespawn(t *testing.T) {
	t.Parallel()
	s := start(t, 2, "--flaw", noRespawn)
	for left := 1; left >= 0; left-- {
		if r := s.get("/fault/segfault?nonce=f1"); r.status != http.StatusBadGateway {
			t.Fatalf("segfault: %+v", r)
		}
		if within(300*time.Millisecond, func() bool { return len(s.workers()) != left }) {
			t.Errorf("there are %d workers, want %d", len(s.workers()), left)
		}
	}
	waiting := s.inBackground("/victim?nonce=v1")
	if within(300*time.Millisecond, func() bool { return len(waiting) > 0 }) {
		t.Errorf("somebody answered: %+v", <-waiting)
	}
}

// A worker that a signal ends is replaced as usual.
func TestStopsOnExit(t *testing.T) {
	t.Parallel()
	s := start(t, 2, "--flaw", stopsOnExit)
	s.get("/fault/segfault?nonce=f1")
	eventually(t, "the worker is replaced", func() bool { return len(s.workers()) == 2 })
	s.get("/fault/exit-1?nonce=f2")
	if code := s.exitCode(); code != 0 || !strings.Contains(s.log(), "cannot boot") {
		t.Errorf("the front ended with code %d", code)
	}
}

func TestKillsNeighbours(t *testing.T) {
	t.Parallel()
	s := start(t, 3, "--flaw", killsNeighbours, "--watchdog", patience.String())
	old := s.workers()
	asleep := s.inBackground("/sleep?nonce=s1&ms=60000")
	s.started("s1")
	if r := s.get("/fault/segfault?nonce=f1"); r.status != http.StatusBadGateway {
		t.Fatalf("segfault: %+v", r)
	}
	if r := <-asleep; r.status != http.StatusBadGateway {
		t.Errorf("the sleeping neighbour: %+v, want 502", r)
	}
	eventually(t, "all workers are new", func() bool {
		now := s.workers()
		return len(now) == 3 && !slices.ContainsFunc(now, func(pid int) bool { return slices.Contains(old, pid) })
	})
	checkVictim(t, s.get("/victim?nonce=v1"), "v1")
}

func TestOneDeadWorker(t *testing.T) {
	t.Parallel()
	s := start(t, 3, "--flaw", oneDeadWorker)
	if r := s.get("/fault/segfault?nonce=f1"); r.status != http.StatusBadGateway {
		t.Fatalf("segfault: %+v", r)
	}
	lost := 0
	for range 30 {
		if r := s.get("/victim?nonce=v1"); r.status == http.StatusBadGateway {
			lost++
		}
	}
	if lost < 5 || lost > 15 { // its turn comes at every third request, more or less
		t.Errorf("the dead worker took %d of 30 requests, want about 10", lost)
	}
	// Only the first one stays dead.
	eventually(t, "a second worker dies", func() bool {
		s.get("/fault/segfault?nonce=f2") // the dead worker may take this request
		return strings.Contains(fmt.Sprint(s.receipts()), "f2")
	})
	eventually(t, "it is replaced", func() bool {
		return len(s.workers()) == 2 && !slices.Contains(s.workers(), s.started("f2").PID)
	})
}

func TestNoHeaderTimeout(t *testing.T) {
	t.Parallel()
	// silent opens as many silent connections as the flawed server accepts.
	silent := func(s *server) (conns []rawConn) {
		for range fewConns {
			conns = append(conns, s.dial("GET /victim"))
		}
		return conns
	}
	sound := start(t, 1)
	silent(sound)
	checkVictim(t, sound.get("/victim?nonce=v1"), "v1")

	flawed := start(t, 1, "--flaw", noHeaderTimeout)
	conns := silent(flawed)
	victim := flawed.inBackground("/victim?nonce=v1")
	if within(500*time.Millisecond, func() bool { return len(victim) > 0 }) {
		t.Errorf("a victim was answered beside %d silent clients: %+v", fewConns, <-victim)
	}
	if err := conns[0].Close(); err != nil {
		t.Fatal(err)
	}
	checkVictim(t, <-victim, "v1")
}

func TestIgnoresSigterm(t *testing.T) {
	t.Parallel()
	s := start(t, 1, "--flaw", ignoresSigterm, "--grace", "100ms")
	s.signal(syscall.SIGTERM)
	if within(500*time.Millisecond, s.hasExited) {
		t.Fatal("SIGTERM has ended it")
	}
	checkVictim(t, s.get("/victim?nonce=v1"), "v1")
}

func TestOrphansWorkers(t *testing.T) {
	t.Parallel()
	s := start(t, 2, "--flaw", orphansWorkers)
	orphans := s.workers()
	defer func() {
		for _, pid := range orphans {
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				t.Errorf("orphan %d: %v", pid, err)
			}
			eventually(t, "the orphan is gone", func() bool { return !alive(pid) })
		}
		eventually(t, "the port is free", func() bool { return canListen(s.addr) })
	}()
	checkVictim(t, s.get("/victim?nonce=v1"), "v1")
	s.signal(syscall.SIGTERM)
	if code := s.exitCode(); code != 0 {
		t.Errorf("exit code is %d, want 0", code)
	}
	for _, pid := range orphans {
		if within(200*time.Millisecond, func() bool { return !alive(pid) }) {
			t.Errorf("worker %d ended with the front", pid)
		}
	}
	if canListen(s.addr) {
		t.Error("the port is free, although the orphans should hold it")
	}
}

func TestCrossTalk(t *testing.T) {
	t.Parallel()
	s := start(t, 2, "--flaw", crossTalk, "--watchdog", patience.String())
	// wrong counts which of n victims got the body of the victim before them.
	wrong := func(label string, n int) (count int) {
		for i := range n {
			nonce, before := fmt.Sprintf("%s-%d", label, i), fmt.Sprintf("%s-%d", label, i-1)
			r := s.get("/victim?nonce=" + nonce)
			if bytes.HasPrefix(r.body, []byte(before+"\n")) {
				count++
			} else {
				checkVictim(t, r, nonce)
			}
		}
		return count
	}
	if got := wrong("alone", 2*crossEvery); got > 1 { // a request that ends late may count as the one before
		t.Errorf("%d victims were wrong without any other request", got)
	}
	s.inBackground("/fault/wedge?nonce=w1")
	s.started("w1")
	if got := wrong("beside", 4*crossEvery); got != 4 {
		t.Errorf("%d of %d victims were wrong, want 4", got, 4*crossEvery)
	}
}

// canListen reports whether the port of addr can be listened on.
func canListen(addr string) bool {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return false
	}
	return l.Close() == nil
}

func TestDropsOnRecycle(t *testing.T) {
	t.Parallel()
	s := start(t, 1, "--max-requests", "3", "--flaw", dropsOnRecycle)
	eventually(t, "a worker's time is up", func() bool { return s.get("/victim?nonce=lost").status == http.StatusBadGateway })
	for round := range 3 {
		for i := range 3 {
			checkVictim(t, s.get(fmt.Sprintf("/victim?nonce=v%d-%d", round, i)), fmt.Sprintf("v%d-%d", round, i))
		}
		if r := s.get("/victim?nonce=lost"); r.status != http.StatusBadGateway {
			t.Errorf("round %d: the request after a worker's last: %+v, want 502", round, r)
		}
	}
}

// What has waited too long is refused, and what nobody waits for any more is not served.
func TestLoadIsShed(t *testing.T) {
	t.Parallel()
	s := start(t, 1, "--max-wait", "300ms")
	busy := s.inBackground("/sleep?nonce=s1&ms=1500")
	eventually(t, "the worker is busy", func() bool { return s.get("/victim?nonce=v1").status == http.StatusServiceUnavailable })
	if r := <-busy; r.status != http.StatusOK {
		t.Errorf("the request that had the worker got %+v", r)
	}
	checkVictim(t, s.get("/victim?nonce=v2"), "v2")
}

// The flaw's queue has no end, and its turn comes for those who left.
func TestServesTheDead(t *testing.T) {
	t.Parallel()
	for _, flawed := range []bool{false, true} {
		args := []string{"--max-wait", "300ms", "--watchdog", "10s"}
		if flawed {
			args = append(args, "--flaw", servesTheDead)
		}
		s := start(t, 1, args...)
		busy := s.inBackground("/sleep?nonce=s1&ms=1500")
		s.started("s1")
		gone := s.dial("GET /sleep?nonce=s2&ms=1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
		if err := gone.Close(); err != nil {
			t.Fatal(err)
		}
		if r := <-busy; r.status != http.StatusOK {
			t.Errorf("the request that had the worker got %+v", r)
		}
		checkVictim(t, s.get("/victim?nonce=v1"), "v1") // its turn is after the one that left
		if begun := strings.Contains(fmt.Sprint(s.receipts()), "s2"); begun != flawed {
			t.Errorf("flawed %v: the request whose client had left was begun: %v", flawed, begun)
		}
	}
}

func TestDropsOnStop(t *testing.T) {
	t.Parallel()
	s := start(t, 2, "--grace", patience.String(), "--flaw", dropsOnStop)
	asleep := s.inBackground("/sleep?nonce=s1&ms=60000")
	s.started("s1")
	s.signal(syscall.SIGTERM)
	if r := <-asleep; r.status == http.StatusOK {
		t.Errorf("the sleeping request was answered: %+v", r)
	}
	if code := s.exitCode(); code != 0 {
		t.Errorf("exit code is %d, want 0", code)
	}
}

func TestDropsManyOnRecycle(t *testing.T) {
	t.Parallel()
	s := start(t, 1, "--max-requests", "3", "--flaw", dropsManyThen)
	eventually(t, "a worker's time is up", func() bool { return s.get("/victim?nonce=lost").status == http.StatusBadGateway })
	for range 2 {
		for i := range droppedThen - 1 {
			if r := s.get("/victim?nonce=lost"); r.status != http.StatusBadGateway {
				t.Errorf("request %d after a worker's last: %+v, want 502", i+1, r)
			}
		}
		for range 3 {
			checkVictim(t, s.get("/victim?nonce=v1"), "v1")
		}
		if r := s.get("/victim?nonce=lost"); r.status != http.StatusBadGateway {
			t.Errorf("the request after a worker's last: %+v, want 502", r)
		}
	}
}

func TestForgetsTwo(t *testing.T) {
	t.Parallel()
	s := start(t, 4, "--flaw", forgetsTwo)
	for range 5 {
		if r := s.get("/fault/segfault?nonce=f1"); r.status != http.StatusBadGateway {
			t.Fatalf("segfault: %+v", r)
		}
	}
	eventually(t, "two of four workers are there", func() bool { return len(s.workers()) == 2 })
	if within(600*time.Millisecond, func() bool { return len(s.workers()) != 2 }) {
		t.Errorf("%d workers after that", len(s.workers()))
	}
	checkVictim(t, s.get("/victim?nonce=v1"), "v1")
}
