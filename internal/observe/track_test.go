package observe

import (
	"fmt"
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/procfs"
)

func (l *log) untilGone(t testing.TB, nonce string) (r bench.Receipt) {
	t.Helper()
	l.until(t, "receipt of "+nonce, func() bool {
		for _, r = range l.receipts {
			if r.Nonce == nonce {
				return true
			}
		}
		return false
	})
	return r
}

// thread starts a thread in the agent that ends when event n is set.
func (a *agent) thread(n int) (tid int) {
	a.does("e%d = threading.Event(); threading.Thread(target=lambda: (say(threading.get_native_id()), e%[1]d.wait())).start()", n)
	return a.number(a.hears()[0])
}

func TestThreadGone(t *testing.T) {
	levels(t, func(t *testing.T, namespace bool) {
		a := startAgent(t, namespace)
		w, l := watch(t, a, nil)
		ends, stays, dropped := a.thread(1), a.thread(2), a.thread(3)
		start := bench.Receipt{T: 1, Nonce: "ends", Fault: "wedge", PID: a.pid, TID: ends, Event: bench.ReceiptStart}
		for nonce, tid := range map[string]int{"ends": ends, "stays": stays, "dropped": dropped} {
			r := start
			r.Nonce, r.TID = nonce, tid
			w.Track(r)
		}
		l.untilVital(t, "4 threads, twice looked at", func(v bench.Vital) bool { return v.Threads == 4 })
		w.Untrack("dropped")
		w.Untrack("never-tracked")
		before := w.cfg.Clock.Now()
		a.does("e3.set(); e1.set()")
		got := l.untilGone(t, "ends")
		want := start
		want.Event, want.T = bench.ReceiptThreadGone, got.T
		if got != want || got.T < before {
			t.Errorf("receipt %+v, want %+v after %d", got, want, before)
		}
		// The other thread ends with its process.
		pid := a.pid
		a.does("os._exit(0)")
		if got := l.untilGone(t, "stays"); got.Event != bench.ReceiptProcessGone {
			t.Errorf("event %s, want process-gone", got.Event)
		}
		died := l.untilEvent(t, pid, bench.Died)
		if got := l.untilGone(t, "stays"); got.T != died.T {
			t.Errorf("process gone at %d, but it died at %d", got.T, died.T)
		}
		w.Stop()
		if len(l.receipts) != 2 {
			t.Errorf("receipts %+v, want one each of ends and stays", l.receipts)
		}
	})
}

func TestZombieIsGone(t *testing.T) {
	levels(t, func(t *testing.T, namespace bool) {
		a := startAgent(t, namespace)
		w, l := watch(t, a, nil)
		pid := a.asks("fork(signal.pause)")
		w.Track(bench.Receipt{Nonce: "n", Fault: "wedge", PID: pid, TID: pid, Event: bench.ReceiptStart})
		l.untilEvent(t, pid, bench.Born)
		a.does("os.kill(%d, signal.SIGKILL)", pid) // nobody reaps it
		if got := l.untilGone(t, "n"); got.Event != bench.ReceiptProcessGone || got.PID != pid {
			t.Errorf("receipt %+v, want process-gone of %d", got, pid)
		}
		v := l.untilVital(t, "a zombie", func(v bench.Vital) bool { return v.Zombies == 1 })
		if v.Procs != 1 {
			t.Errorf("%d processes beside the zombie, want 1", v.Procs)
		}
		died := l.untilEvent(t, pid, bench.Died)
		if died.Exit == nil || died.Exit.Signal != "SIGKILL" {
			t.Errorf("a zombie's exit: %+v, want SIGKILL", died.Exit)
		}
		a.does("os.waitpid(%d, 0)", pid)
		l.untilVital(t, "no zombie", func(v bench.Vital) bool { return v.Zombies == 0 })
	})
}

// A process whose main thread ends first looks like a zombie, but lives.
func TestLeaderWithoutMainThreadIsAlive(t *testing.T) {
	a := startAgent(t, false)
	w, l := watch(t, a, nil)
	a.does("libc = ctypes.CDLL(None)")
	a.does("def leave(): threading.Thread(target=lambda: (say(threading.get_native_id()), signal.sigwait([signal.SIGUSR1]))).start(); signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1]); libc.syscall(60, 0)")
	a.does("signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])")
	a.does("r, w = os.pipe()")
	pid := a.asks("fork(lambda: (os.read(r, 1), leave()))")
	a.does("os.write(w, b'x')")
	second := a.number(a.hears()[0])
	l.untilEvent(t, pid, bench.Born)
	w.Track(bench.Receipt{Nonce: "leader", Fault: "wedge", PID: pid, TID: pid, Event: bench.ReceiptStart})
	w.Track(bench.Receipt{Nonce: "second", Fault: "wedge", PID: pid, TID: second, Event: bench.ReceiptStart})
	l.until(t, "the leader is a zombie", func() bool {
		b, err := readPath(procfs.Path(pid, "stat"), make([]byte, 4096))
		s, ok := procfs.ParseStat(b)
		return err == nil && ok && s.State == 'Z' && !s.Gone()
	})
	v := l.untilVital(t, "a look after that", func(bench.Vital) bool { return true })
	if v.Zombies != 0 || v.Procs != 2 {
		t.Errorf("%d processes, %d zombies; want 2 and 0", v.Procs, v.Zombies)
	}
	l.mu.Lock()
	if len(l.receipts) != 0 || l.event(pid, bench.Died) != nil {
		t.Errorf("taken for dead: %+v %+v", l.receipts, l.procs)
	}
	l.mu.Unlock()
	a.does("os.kill(%d, signal.SIGKILL); os.waitpid(%[1]d, 0)", pid)
	for _, nonce := range []string{"leader", "second"} {
		if got := l.untilGone(t, nonce); got.Event != bench.ReceiptProcessGone {
			t.Errorf("%s: %s, want process-gone", nonce, got.Event)
		}
	}
}

func TestTrackingWhatIsNotThere(t *testing.T) {
	levels(t, func(t *testing.T, namespace bool) {
		a := startAgent(t, namespace)
		w, l := watch(t, a, nil)
		dead := a.asks("(lambda p: (os.waitpid(p, 0), p)[1])(fork(lambda: os._exit(0)))")
		w.Track(bench.Receipt{Nonce: "process", PID: dead, TID: dead})
		w.Track(bench.Receipt{Nonce: "thread", PID: a.pid, TID: dead})
		if got := l.untilGone(t, "process"); got.Event != bench.ReceiptProcessGone {
			t.Errorf("%+v, want process-gone", got)
		}
		if got := l.untilGone(t, "thread"); got.Event != bench.ReceiptThreadGone {
			t.Errorf("%+v, want thread-gone", got)
		}
	})
}

// If the server's pids are the host's, the observer still finds a process that escaped
// from the shim.
func TestStrayProcess(t *testing.T) {
	other, a := startAgent(t, false), startAgent(t, false)
	w, l := watch(t, a, nil)
	tid, pid := other.thread(1), other.asks("fork(signal.pause)")
	w.Track(bench.Receipt{Nonce: "thread", PID: other.pid, TID: tid})
	w.Track(bench.Receipt{Nonce: "process", PID: pid, TID: pid})
	l.untilVital(t, "anything", func(bench.Vital) bool { return true })
	l.untilVital(t, "anything, again", func(bench.Vital) bool { return true })
	l.mu.Lock()
	if len(l.receipts) != 0 {
		t.Errorf("taken for gone: %+v", l.receipts)
	}
	l.mu.Unlock()
	other.does("e1.set(); os.kill(%d, signal.SIGKILL)", pid)
	if got := l.untilGone(t, "thread"); got.Event != bench.ReceiptThreadGone {
		t.Errorf("%+v, want thread-gone", got)
	}
	if got := l.untilGone(t, "process"); got.Event != bench.ReceiptProcessGone {
		t.Errorf("%+v, want process-gone", got)
	}
}

// A list of threads may lack some that live, if others end while the kernel makes it.
func TestThreadsThatEndHideNoOther(t *testing.T) {
	levels(t, func(t *testing.T, namespace bool) {
		a := startAgent(t, namespace)
		w, l := watch(t, a, nil)
		a.does("e = threading.Event(); go = lambda f: threading.Thread(target=f, daemon=True).start()")
		a.does(`import time; exec("def churn():\n while True:\n  for i in range(20): go(lambda: None)\n  time.sleep(0.002)"); go(churn)`)
		for i := range 200 {
			a.does("go(lambda: (say(threading.get_native_id()), e.wait()))")
			w.Track(bench.Receipt{Nonce: fmt.Sprint(i), PID: a.pid, TID: a.number(a.hears()[0]), Event: bench.ReceiptStart})
		}
		for range 5 {
			l.untilVital(t, "anything", func(bench.Vital) bool { return true })
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		if len(l.receipts) != 0 {
			t.Errorf("%d of 200 threads that wait are taken for gone", len(l.receipts))
		}
	})
}

// 600 wedged threads in one process must not make looking expensive. The test compares
// with the cost of reading each thread's own file.
func TestManyThreadsAreListedOnce(t *testing.T) {
	a := startAgent(t, false)
	a.does("threading.stack_size(65536); e = threading.Event()")
	a.does("for i in range(600): threading.Thread(target=lambda: (say(threading.get_native_id()), e.wait())).start()")
	w, l := watch(t, a, nil)
	for i := range 600 {
		tid := a.number(a.hears()[0])
		w.Track(bench.Receipt{Nonce: fmt.Sprint(i), PID: a.pid, TID: tid, Event: bench.ReceiptStart})
	}
	l.untilVital(t, "601 threads", func(v bench.Vital) bool { return v.Threads == 601 })
	before := cpuTime(t)
	began := time.Now()
	for range 10 {
		l.untilVital(t, "anything", func(bench.Vital) bool { return true })
	}
	share := (cpuTime(t) - before).Seconds() / time.Since(began).Seconds()
	t.Logf("600 tracked threads: %.2f %% of a core", 100*share)
	if share > 0.25 {
		t.Errorf("tracking takes %.0f %% of a core", 100*share)
	}
	a.does("e.set()")
	l.until(t, "600 receipts", func() bool { return len(l.receipts) == 600 })
}

// The observer looks for a wedged thread as soon as it knows it, even if the next look
// for other reasons is late.
func TestTrackEndsAWait(t *testing.T) {
	deaths, err := newDeathWatch()
	if err != nil {
		t.Fatal(err)
	}
	defer deaths.close()
	w := &Watcher{deaths: deaths, wedges: map[string]*wedge{}}
	for range 2 {
		told := 0
		time.AfterFunc(20*time.Millisecond, func() { w.Track(bench.Receipt{Nonce: "n", PID: 1, TID: 2}) })
		if !deaths.wait(time.Now().Add(10*time.Second), func(int) { told++ }) || told != 1 {
			t.Fatalf("told %d times", told)
		}
	}
	if !w.threadsWedged() {
		t.Error("no thread is looked for")
	}
	w.wedges["n"].process = &member{}
	if w.threadsWedged() {
		t.Error("a wedge of a whole process is looked for, whose death is told")
	}
	w.closed = true
	w.Track(bench.Receipt{Nonce: "late"}) // no loop runs that could be nudged
	if deaths.wait(time.Now().Add(time.Millisecond), func(int) {}) {
		t.Error("nudged after the end")
	}
}
