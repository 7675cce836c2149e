package observe

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"benchrun/internal/bench"
)

// levels runs a test without and with a PID namespace.
func levels(t *testing.T, test func(t *testing.T, namespace bool)) {
	t.Run("plain", func(t *testing.T) { test(t, false) })
	t.Run("namespace", func(t *testing.T) { test(t, true) })
}

func TestDeathsCarryTheirStatus(t *testing.T) {
	levels(t, func(t *testing.T, namespace bool) {
		a := startAgent(t, namespace)
		_, l := watch(t, a, nil)
		cases := []struct {
			end  string // Python that makes the child end
			want bench.ExitStatus
		}{
			{"os.kill(pid, signal.SIGSEGV)", bench.ExitStatus{Signal: "SIGSEGV"}},
			{"os.kill(pid, signal.SIGKILL)", bench.ExitStatus{Signal: "SIGKILL"}},
			{"os.kill(pid, 40)", bench.ExitStatus{Signal: "SIG40"}},
			{"os.write(w, b'3')", bench.ExitStatus{Code: 3}},
			{"os.write(w, b'0')", bench.ExitStatus{Code: 0}},
		}
		for _, c := range cases {
			a.does("r, w = os.pipe()")
			pid := a.asks("fork(lambda: os._exit(int(os.read(r, 1))))")
			born := l.untilEvent(t, pid, bench.Born)
			if born.PPID != a.pid || born.Exit != nil {
				t.Errorf("born %+v, want parent %d", born, a.pid)
			}
			// Its own parent reaps it at once.
			a.does("pid = %d; %s; os.waitpid(pid, 0)", pid, c.end)
			died := l.untilEvent(t, pid, bench.Died)
			if died.Exit == nil || *died.Exit != c.want {
				t.Errorf("%s: exit %+v, want %+v", c.end, died.Exit, c.want)
			}
			if died.T <= born.T || died.PPID != a.pid || !strings.HasPrefix(died.Name, "python") {
				t.Errorf("%s: died %+v after born %+v", c.end, died, born)
			}
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, e := range l.procs {
			if e.PID == a.shim || (namespace && e.PID == 1) {
				t.Errorf("the shim is in its own tree: %+v", e)
			}
		}
	})
}

// A child that is reaped automatically is never a zombie: only the pidfd knows the status.
func TestStatusOfWhoIsNeverAZombie(t *testing.T) {
	a := startAgent(t, false)
	_, l := watch(t, a, nil)
	a.does("signal.signal(signal.SIGCHLD, signal.SIG_IGN); r, w = os.pipe()")
	pid := a.asks("fork(lambda: os._exit(int(os.read(r, 1))))")
	l.untilEvent(t, pid, bench.Born)
	a.does("os.write(w, b'7')")
	died := l.untilEvent(t, pid, bench.Died)
	if !kernelAtLeast(t, 6, 15) {
		t.Skip("the kernel does not keep exit statuses: needs Linux 6.15")
	}
	if died.Exit == nil || *died.Exit != (bench.ExitStatus{Code: 7}) {
		t.Errorf("exit %+v, want code 7", died.Exit)
	}
}

func kernelAtLeast(t *testing.T, major, minor int) bool {
	var u unix.Utsname
	var x, y int
	if err := unix.Uname(&u); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscanf(unix.ByteSliceToString(u.Release[:]), "%d.%d", &x, &y); err != nil {
		t.Fatal(err)
	}
	return x > major || (x == major && y >= minor)
}

func TestNamespaceTranslatesPids(t *testing.T) {
	a := startAgent(t, true)
	_, l := watch(t, a, nil)
	pid := a.asks("fork(signal.pause)")
	born := l.untilEvent(t, pid, bench.Born)
	if first := l.untilEvent(t, a.pid, bench.Born); first.PPID != 1 {
		t.Errorf("the agent's parent is %d, want the shim, 1", first.PPID)
	}
	if born.PPID != a.pid || a.pid > 100 || pid > 100 {
		t.Errorf("pid %d of parent %d, want small numbers, parent %d", pid, born.PPID, a.pid)
	}
}

func TestDaemonStaysAMember(t *testing.T) {
	levels(t, func(t *testing.T, namespace bool) {
		a := startAgent(t, namespace)
		_, l := watch(t, a, nil)
		a.does("os.waitpid(fork(lambda: (os.setsid(), say(fork(signal.pause)))), 0)")
		daemon := a.number(a.hears()[0])
		l.untilEvent(t, daemon, bench.Born)
		a.does("os.kill(%d, signal.SIGTERM)", daemon) // the shim reaps it
		if died := l.untilEvent(t, daemon, bench.Died); died.Exit == nil || died.Exit.Signal != "SIGTERM" {
			t.Errorf("daemon died with %+v, want SIGTERM", died.Exit)
		}
	})
}

func TestAStrangerIsNoMember(t *testing.T) {
	other, a := startAgent(t, false), startAgent(t, false)
	_, l := watch(t, a, nil)
	stranger := other.asks("fork(signal.pause)")
	pid := a.asks("fork(signal.pause)") // later, so that the observer has looked at the stranger
	l.untilEvent(t, pid, bench.Born)
	l.mu.Lock()
	defer l.mu.Unlock()
	if e := l.event(stranger, bench.Born); e != nil {
		t.Errorf("a process of another tree: %+v", e)
	}
}

func TestStopSeesWhatHappenedJustBefore(t *testing.T) {
	a := startAgent(t, false)
	w, l := watch(t, a, nil)
	pid := a.asks("fork(signal.pause)")
	l.untilEvent(t, pid, bench.Born)
	a.asks("os.kill(%d, signal.SIGKILL) or os.waitpid(%[1]d, 0)[0]", pid)
	late := a.asks("fork(signal.pause)")
	w.Stop()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.event(pid, bench.Died) == nil || l.event(late, bench.Born) == nil {
		t.Errorf("missing: %d died, %d born in %+v", pid, late, l.procs)
	}
	n := len(l.procs)
	w.Stop() // harmless
	if len(l.procs) != n {
		t.Error("a callback after Stop")
	}
}

// quietTree is a tree without a watcher: the test calls look itself.
func quietTree(t *testing.T, a *agent) (*tree, *[]string) {
	t.Helper()
	d, err := newDeathWatch()
	if err != nil {
		t.Fatal(err)
	}
	var events []string
	tr, err := newTree(bench.NewClock(), a.shim, d,
		func(p *member) { events = append(events, fmt.Sprint("born ", p.pid)) },
		func(p *member) { events = append(events, fmt.Sprint("died ", p.pid)) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tr.close(); d.close() })
	tr.look()
	return tr, &events
}

func TestReusedPids(t *testing.T) {
	a := startAgent(t, false)
	tr, events := quietTree(t, a)
	born, died := fmt.Sprint("born ", a.pid), fmt.Sprint("died ", a.pid)
	if got := strings.Join(*events, ","); got != born {
		t.Fatalf("events %q, want %q", got, born)
	}

	// The same pid now belongs to a process with another start time.
	*events = nil
	tr.members[a.pid].start--
	tr.cursor.last = a.pid - 1
	tr.look()
	if got, want := strings.Join(*events, ","), died+","+born; got != want {
		t.Errorf("a member's number was reused: events %q, want %q", got, want)
	}

	// The pid was a stranger's.
	*events = nil
	tr.members[a.pid].close()
	delete(tr.members, a.pid)
	tr.strangers[a.pid] = tr.lists
	tr.cursor.last = a.pid - 1
	tr.look()
	if got := strings.Join(*events, ","); got != born {
		t.Errorf("a stranger's number was reused: events %q, want %q", got, born)
	}
}

func TestWithoutPidfdDeathsAreFoundByScans(t *testing.T) {
	a := startAgent(t, false)
	tr, events := quietTree(t, a)
	pid := a.asks("fork(signal.pause)")
	tr.rescan()
	tr.look()
	p := tr.members[pid]
	if p == nil {
		t.Fatalf("no member %d; events %v", pid, *events)
	}
	closeFD(p.pidfd) // closing it ends the watch
	p.pidfd = -1
	a.asks("os.kill(%d, signal.SIGKILL) or os.waitid(os.P_PID, %[1]d, os.WEXITED | os.WNOWAIT).si_pid", pid)
	tr.rescan()
	tr.look()
	if p.diedAt == 0 || p.exit == nil || p.exit.Signal != "SIGKILL" {
		t.Errorf("a zombie without a pidfd: died at %d, exit %+v", p.diedAt, p.exit)
	}
}

// If a zombie's status is hidden, the 0 in its stat means nothing: the report waits until
// the process was reaped and the pidfd knows the status.
func TestHiddenStatusWaits(t *testing.T) {
	if !kernelAtLeast(t, 6, 15) {
		t.Skip("the kernel does not keep exit statuses: needs Linux 6.15")
	}
	a := startAgent(t, false)
	tr, _ := quietTree(t, a)
	a.does("r, w = os.pipe()")
	pid := a.asks("fork(lambda: os._exit(int(os.read(r, 1))))")
	tr.rescan()
	tr.look()
	p := tr.members[pid]
	if p == nil {
		t.Fatalf("no member %d", pid)
	}
	p.visible = false
	a.does("os.write(w, b'0')")
	a.asks("os.waitid(os.P_PID, %d, os.WEXITED | os.WNOWAIT).si_pid", pid)
	tr.deaths.wait(time.Now().Add(time.Second), tr.told)
	if p.diedAt == 0 || p.reported || !tr.pending() {
		t.Fatalf("a zombie: died at %d, reported %v", p.diedAt, p.reported)
	}
	a.asks("os.waitpid(%d, 0)[0]", pid)
	tr.look()
	if !p.reported || p.exit == nil || *p.exit != (bench.ExitStatus{}) || tr.pending() {
		t.Errorf("reaped: reported %v, exit %+v", p.reported, p.exit)
	}
}

// A cursor that stands still while processes are born is no longer trusted.
func TestDeadCursorIsFoundOut(t *testing.T) {
	a := startAgent(t, false)
	tr, _ := quietTree(t, a)
	zero, err := os.CreateTemp(t.TempDir(), "loadavg")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = zero.Close() }()
	if _, err := zero.WriteString("0.00 0.00 0.00 1/1 4711\n"); err != nil {
		t.Fatal(err)
	}
	tr.cursor.close()
	if tr.cursor.fd, err = unix.Dup(int(zero.Fd())); err != nil {
		t.Fatal(err)
	}
	tr.look() // the cursor moved to 4711
	tr.look()
	tr.look()
	for n := 1; n <= strikesMax; n++ {
		pid := a.asks("fork(signal.pause)")
		tr.look()
		if tr.members[pid] != nil {
			t.Fatal("the test proves nothing: the new process was found at once")
		}
		tr.rescan()
		tr.look()
		if tr.members[pid] == nil || tr.cursor.trusted != (n < strikesMax) {
			t.Errorf("after a full look: known %v, cursor trusted %v", tr.members[pid] != nil, tr.cursor.trusted)
		}
	}
	pid := a.asks("fork(signal.pause)")
	tr.look()
	if tr.members[pid] == nil {
		t.Error("a new process was not found at once, though the cursor is not trusted")
	}
}

func TestStartNeedsAShimAndAClock(t *testing.T) {
	if _, err := Start(context.Background(), Config{Clock: bench.NewClock(), ShimPID: 1 << 30}); err == nil {
		t.Error("no error for a shim that is not there")
	}
	if _, err := Start(context.Background(), Config{ShimPID: os.Getpid()}); err == nil {
		t.Error("no error without a clock")
	}
}
