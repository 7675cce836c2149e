package reference

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/observe"
)

func TestWedgeIsKilledAndOthersAreServed(t *testing.T) {
	t.Parallel()
	s := start(t, 2, "--watchdog", "1s")
	wedged := s.inBackground("/fault/wedge?nonce=w1")
	begun := s.started("w1")
	if !alive(begun.PID) || begun.Fault != "wedge" {
		t.Fatalf("receipt %+v: no such process, or not of a wedge", begun)
	}

	served := 0
	eventually(t, "the wedged request is answered", func() bool {
		select {
		case r := <-wedged:
			if r.err != nil || r.status != http.StatusGatewayTimeout {
				t.Fatalf("wedged request: status %d, error %v; want 504", r.status, r.err)
			}
			return true
		default:
			nonce := fmt.Sprintf("v%d", served)
			checkVictim(t, s.get("/victim?nonce="+nonce), nonce)
			served++
			return false
		}
	})
	if served < 2 {
		t.Errorf("only %d victims were served while a worker was stuck", served)
	}
	if alive(begun.PID) {
		t.Errorf("worker %d was answered for, and is still there", begun.PID)
	}
	eventually(t, "the worker is replaced", func() bool { return len(s.workers()) == 2 })
	for _, r := range s.receipts() {
		if r.Event == bench.ReceiptEnd {
			t.Errorf("a wedge came out of it: %+v", r)
		}
	}
}

func TestWedgeBurnsNoCPU(t *testing.T) {
	t.Parallel()
	s := start(t, 1, "--flaw", noWatchdog)
	s.inBackground("/fault/wedge?nonce=w1")
	pid := s.started("w1").PID
	restsFor(t, pid, 300*time.Millisecond)
	if !alive(pid) {
		t.Fatal("a wedged worker ended by itself: Go's deadlock detector?")
	}
}

// restsFor waits until a process uses hardly any CPU time for as long as that: what it still
// does at first may take a while on a busy machine.
func restsFor(t *testing.T, pid int, rest time.Duration) {
	t.Helper()
	used := 0.0
	eventually(t, fmt.Sprintf("process %d uses hardly any CPU for %s", pid, rest), func() bool {
		used = cpuUsed(t, pid)
		return !within(rest, func() bool { return cpuUsed(t, pid)-used > rest.Seconds()/10 })
	})
}

// This test is the worker's parent, so it can see the wait status itself.
func TestFaultsEndTheProcess(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"segfault": "segmentation fault", "exit-3": "exit status 3", "exit-1": "exit status 1", "abort": "aborted",
		"sigkill": "killed", "stack-overflow": "exit status 2",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			writeAttempt(t, dir)
			p, err := startChild([]string{"--app", dir}, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer p.retire()
			defer p.kill()
			if err := p.ready(); err != nil {
				t.Fatal(err)
			}
			_, err = p.do(request{Method: "GET", Path: "/fault/" + name, Query: "nonce=s1"}, nil, false, patience, nil, nil)
			if !errors.Is(err, errDied) {
				t.Fatalf("got %v, want %v", err, errDied)
			}
			status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
			if !ok || p.ending() != "signal: "+want && p.ending() != want || status.CoreDump() {
				t.Errorf("it ended by %q, want %q and no core", p.ending(), want)
			}
		})
	}
}

func TestSegfaultHurtsNobodyElse(t *testing.T) {
	t.Parallel()
	s := start(t, 2, "--watchdog", patience.String())
	old := s.workers()
	asleep := s.inBackground("/sleep?nonce=s1&ms=400")
	sleeper := s.started("s1").PID
	if r := s.get("/fault/segfault?nonce=f1"); r.err != nil || r.status != http.StatusBadGateway {
		t.Fatalf("segfault: status %d, error %v; want 502", r.status, r.err)
	}
	died := s.started("f1").PID
	if alive(died) || !slices.Contains(old, died) {
		t.Errorf("worker %d is not dead, or never was one of %v", died, old)
	}
	checkVictim(t, s.get("/victim?nonce=v1"), "v1")
	checkVictim(t, <-asleep, "s1")
	eventually(t, "the dead worker is replaced and the other is not", func() bool {
		now := s.workers()
		return len(now) == 2 && slices.Contains(now, sleeper)
	})
}

func TestWorkerKilledFromOutsideIsReplaced(t *testing.T) {
	t.Parallel()
	s := start(t, 1)
	old := s.get("/ping").pid
	if err := syscall.Kill(old, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "another worker answers", func() bool {
		r := s.get("/ping")
		return r.status == http.StatusOK && r.pid != old
	})
}

func TestWorkersLeaveSignalsToTheFront(t *testing.T) {
	t.Parallel()
	s := start(t, 1)
	pid := s.get("/ping").pid
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		if err := syscall.Kill(pid, sig); err != nil {
			t.Fatal(err)
		}
	}
	if r := s.get("/ping"); r.pid != pid {
		t.Errorf("worker %d did not outlive SIGTERM and SIGINT: %+v", pid, r)
	}
}

// cpuUsed gives the CPU time that a process has used, in seconds.
func cpuUsed(t *testing.T, pid int) float64 {
	t.Helper()
	used, ok := observe.ProcessCPU(pid)
	if !ok {
		t.Fatalf("process %d is gone", pid)
	}
	return used
}

// Who takes all memory asks the kernel to be ended first.
func TestWhoTakesTheMemoryEndsFirst(t *testing.T) {
	t.Parallel()
	s := start(t, 1)
	s.inBackground("/fault/oom-kill?nonce=w1")
	pid := s.started("w1").PID
	eventually(t, "its score is the highest", func() bool {
		score, err := os.ReadFile(fmt.Sprintf("/proc/%d/oom_score_adj", pid))
		return err == nil && strings.TrimSpace(string(score)) == "1000"
	})
	_ = syscall.Kill(pid, syscall.SIGKILL) // before it has taken much
}
