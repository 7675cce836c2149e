package reference

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// whenReplaced waits until there are as many workers as before and none of the old ones.
func (s *server) whenReplaced(old []int) {
	s.t.Helper()
	eventually(s.t, "all workers are new", func() bool {
		now := s.workers()
		return len(now) == len(old) && !slices.ContainsFunc(now, func(pid int) bool { return slices.Contains(old, pid) })
	})
}

func TestReloadLosesNothing(t *testing.T) {
	t.Parallel()
	const workers, total, every = 4, 300, 5 * time.Millisecond
	s := start(t, workers, "--watchdog", patience.String())
	old := s.workers()
	asleep := s.inBackground("/sleep?nonce=s1&ms=700")
	sleeper := s.started("s1").PID

	var lost atomic.Int64
	var all sync.WaitGroup
	tick := time.NewTicker(every)
	defer tick.Stop()
	for i := range total {
		<-tick.C
		if i == total/10 {
			s.signal(syscall.SIGHUP)
		}
		all.Go(func() {
			if r := s.get(fmt.Sprintf("/victim?nonce=v%d", i)); r.status != http.StatusOK || len(r.body) != victimBytes {
				lost.Add(1)
			}
		})
	}
	all.Wait()
	if n := lost.Load(); n > 0 {
		t.Errorf("%d of %d requests were lost", n, total)
	}
	r := <-asleep
	checkVictim(t, r, "s1")
	if r.pid != sleeper {
		t.Errorf("the sleeping request was begun by %d and answered by %d", sleeper, r.pid)
	}
	s.whenReplaced(old)
}

// A stuck old worker stays until its watchdog ends it, and does not delay the replacement
// of others.
func TestReloadDoesNotWaitForAStuckWorker(t *testing.T) {
	t.Parallel()
	s := start(t, 2, "--flaw", noWatchdog)
	old := s.workers()
	s.inBackground("/fault/wedge?nonce=w1")
	stuck := s.started("w1").PID
	s.signal(syscall.SIGHUP)
	eventually(t, "two new workers beside the stuck one", func() bool {
		now := slices.DeleteFunc(s.workers(), func(pid int) bool { return slices.Contains(old, pid) })
		return len(now) == 2 && len(s.workers()) == 3
	})
	if !alive(stuck) {
		t.Error("the stuck worker was killed, although it has no watchdog")
	}
	checkVictim(t, s.get("/victim?nonce=v1"), "v1")
}

// After several signals in a row there are as many workers as before, and the server stops
// normally.
func TestReloadsInARow(t *testing.T) {
	t.Parallel()
	s := start(t, 3)
	old := s.workers()
	for range 10 {
		s.signal(syscall.SIGHUP)
		time.Sleep(10 * time.Millisecond) // some signals come during a reload
	}
	s.whenReplaced(old)
	checkVictim(t, s.get("/victim?nonce=v1"), "v1")
	s.signal(syscall.SIGHUP)
	s.signal(syscall.SIGTERM)
	if code := s.exitCode(); code != 0 {
		t.Errorf("exit code is %d, want 0", code)
	}
}

// A reload also fills the place of a dead worker, whichever it was.
func TestReloadFillsEmptyPlaces(t *testing.T) {
	t.Parallel()
	for _, flaw := range []string{noRespawn, oneDeadWorker} {
		s := start(t, 2, "--flaw", flaw)
		old := s.workers()
		if r := s.get("/fault/segfault?nonce=f1"); r.status != http.StatusBadGateway {
			t.Fatalf("%s: segfault: %+v", flaw, r)
		}
		s.signal(syscall.SIGHUP)
		s.whenReplaced(old) // but perhaps the one in the empty place is not ready yet
		eventually(t, flaw+": no worker is dead", func() bool {
			for range 6 { // enough for the dead worker's turn to come
				r := s.get("/victim?nonce=v1")
				if r.status == http.StatusBadGateway {
					return false
				}
				checkVictim(t, r, "v1")
			}
			return true
		})
	}
}

func TestDropsOnReload(t *testing.T) {
	t.Parallel()
	s := start(t, 2, "--flaw", dropsOnReload, "--watchdog", patience.String())
	old := s.workers()
	asleep := s.inBackground("/sleep?nonce=s1&ms=60000")
	s.started("s1")
	s.signal(syscall.SIGHUP)
	if r := <-asleep; r.status != http.StatusBadGateway {
		t.Errorf("the sleeping request: %+v, want 502", r)
	}
	s.whenReplaced(old)
	checkVictim(t, s.get("/victim?nonce=v1"), "v1")
}

// Workers go on while the app cannot be loaded, or is still loading, and are replaced when it has
// been.
func TestReloadOfAnAppThatDoesNotLoad(t *testing.T) {
	t.Parallel()
	s := start(t, 2)
	old := s.workers()
	served := func(n int, when string) {
		for i := range n {
			if r := s.get(fmt.Sprintf("/victim?nonce=v%d", i)); r.status != http.StatusOK || !slices.Contains(old, r.pid) {
				t.Fatalf("%s: %+v, want an answer of %v", when, r, old)
			}
		}
	}
	writeFile(t, s.dir+"/attempt.json", "broken on purpose")
	s.signal(syscall.SIGHUP)
	eventually(t, "it has tried", func() bool { return strings.Contains(s.log(), "is not ready") })
	served(20, "broken")
	writeFile(t, s.dir+"/attempt.json", fmt.Sprintf(`{"token": %q, "receipts": "%s/receipts.ndjson", "load_ms": 2000}`, testToken, s.dir))
	served(5, "loading")
	s.whenReplaced(old)
	checkVictim(t, s.get("/victim?nonce=v1"), "v1")
}
