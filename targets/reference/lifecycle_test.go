package reference

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

func TestSigtermFinishesWhatIsInFlight(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		s := start(t, 2, "--grace", patience.String())
		workers := s.workers()
		asleep := s.inBackground("/sleep?nonce=s1&ms=300")
		s.started("s1")
		s.signal(sig)
		checkVictim(t, <-asleep, "s1")
		if code := s.exitCode(); code != 0 {
			t.Errorf("%v: exit code is %d, want 0", sig, code)
		}
		for _, pid := range workers {
			if alive(pid) {
				t.Errorf("%v: worker %d is left", sig, pid)
			}
		}
		if !canListen(s.addr) {
			t.Errorf("%v: the port is still taken", sig)
		}
	}
}

func TestSigtermWaitsNoLongerThanTheGrace(t *testing.T) {
	t.Parallel()
	s := start(t, 2, "--grace", "200ms", "--flaw", noWatchdog)
	workers := s.workers()
	wedged := s.inBackground("/fault/wedge?nonce=w1")
	s.started("w1")
	stopped := s.workers()[0]
	if stopped == s.started("w1").PID {
		stopped = s.workers()[1]
	}
	if err := syscall.Kill(stopped, syscall.SIGSTOP); err != nil { // stopped, it does not even notice the end of its socket
		t.Fatal(err)
	}
	s.signal(syscall.SIGTERM)
	if code := s.exitCode(); code != 0 {
		t.Errorf("exit code is %d, want 0", code)
	}
	if r := <-wedged; r.status == http.StatusOK {
		t.Errorf("the wedged request was answered: %+v", r)
	}
	for _, pid := range workers {
		if alive(pid) {
			t.Errorf("worker %d is left", pid)
		}
	}
}

func TestNothingIsLeftWhenTheFrontIsKilled(t *testing.T) {
	t.Parallel()
	s := start(t, 3, "--flaw", noWatchdog)
	s.inBackground("/fault/wedge?nonce=w1")
	s.inBackground("/sleep?nonce=s1&ms=60000")
	s.started("w1")
	s.started("s1")
	workers := s.workers()
	s.signal(syscall.SIGKILL)
	if code := s.exitCode(); code != -1 {
		t.Errorf("exit code is %d, want a death by signal", code)
	}
	for _, pid := range workers {
		eventually(t, fmt.Sprintf("worker %d ends by itself", pid), func() bool { return !alive(pid) })
	}
	eventually(t, "the port is free", func() bool { return canListen(s.addr) })
}

// TestLoad sends 500 requests a second, each on its own connection, for two seconds.
func TestLoad(t *testing.T) {
	const total, every = 1000, 2 * time.Millisecond
	s := start(t, 4)
	var lost atomic.Int64
	var all sync.WaitGroup
	tick := time.NewTicker(every)
	defer tick.Stop()
	for i := range total {
		<-tick.C
		all.Go(func() {
			nonce := fmt.Sprintf("v%d", i)
			if r := s.get("/victim?nonce=" + nonce); r.status != http.StatusOK || len(r.body) != victimBytes || string(r.body[:len(nonce)]) != nonce {
				lost.Add(1)
			}
		})
	}
	all.Wait()
	if n := lost.Load(); n > 0 {
		t.Errorf("%d of %d requests were lost", n, total)
	}
}
