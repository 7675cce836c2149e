package observe

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/procfs"
)

func TestVitalCounts(t *testing.T) {
	levels(t, func(t *testing.T, namespace bool) {
		a := startAgent(t, namespace)
		_, l := watch(t, a, nil)
		before := l.untilVital(t, "one process", func(v bench.Vital) bool { return v.Procs == 1 })
		if before.Threads != 1 || before.FDs < 3 || before.Zombies != 0 || before.MemAvailable < 1<<20 {
			t.Errorf("vital %+v", before)
		}
		a.does("files = [open('/dev/null') for i in range(100)]")
		l.untilVital(t, "100 more files", func(v bench.Vital) bool { return v.FDs == before.FDs+100 })
		for n := range 7 {
			a.thread(n)
		}
		l.untilVital(t, "7 more threads", func(v bench.Vital) bool { return v.Threads == 8 && v.Procs == 1 })
		pid := a.asks("fork(signal.pause)")
		l.untilVital(t, "2 processes", func(v bench.Vital) bool { return v.Procs == 2 && v.Threads == 9 })
		a.does("os.kill(%d, signal.SIGKILL)", pid)
		l.untilVital(t, "a zombie", func(v bench.Vital) bool { return v.Zombies == 1 && v.Procs == 1 })
	})
}

func TestFDsByBothWays(t *testing.T) {
	a := startAgent(t, false)
	a.does("files = [os.open('/dev/null', 0) for i in range(50)]")
	want := a.asks("len(os.listdir('/proc/self/fd')) - 1") // listing opens the folder itself
	tr, _ := quietTree(t, a)
	p := tr.members[a.pid]
	for _, n := range []int{tr.countFDs(p), tr.listFDs(p)} {
		if n != want || n < 53 {
			t.Errorf("%d open files, want %d", n, want)
		}
	}
	if n := tr.countFDs(&member{dir: -1}); n != 0 {
		t.Errorf("%d open files of nobody, want 0", n)
	}
}

func TestCPUCountsTheDead(t *testing.T) {
	a := startAgent(t, false)
	_, l := watch(t, a, nil)
	pid := a.asks("fork(lambda: exec('import time\\nwhile time.process_time() < 0.3: pass'))")
	l.untilEvent(t, pid, bench.Died)
	a.does("os.waitpid(%d, 0)", pid)
	l.untilVital(t, "no zombie", func(v bench.Vital) bool { return v.Zombies == 0 })
	l.mu.Lock()
	defer l.mu.Unlock()
	last := l.vitals[len(l.vitals)-1].CPU
	if last < 0.28 || last > 5 {
		t.Errorf("%.2f CPU seconds, want at least the dead child's 0.3", last)
	}
	for i := 1; i < len(l.vitals); i++ {
		if l.vitals[i].CPU < l.vitals[i-1].CPU {
			t.Errorf("CPU seconds fell from %.2f to %.2f", l.vitals[i-1].CPU, l.vitals[i].CPU)
		}
	}
}

func TestSharedMemoryIsCountedOnce(t *testing.T) {
	const buffer, children = 50 << 20, 20
	a := startAgent(t, false)
	a.does("block = bytearray(b'x') * %d", buffer)
	a.does("for i in range(%d): say(fork(signal.pause))", children)
	rss := residentSet(t, a.pid)
	for range children {
		rss += residentSet(t, a.number(a.hears()[0]))
	}
	_, l := watch(t, a, nil)
	v := l.untilVital(t, "memory", func(v bench.Vital) bool { return v.Memory >= 0 })
	t.Logf("PSS %d MiB, summed RSS %d MiB", v.Memory>>20, rss>>20)
	if rss < buffer*children {
		t.Fatalf("the test proves nothing: summed RSS is %d bytes", rss)
	}
	if v.Memory < buffer || v.Memory > 3*buffer {
		t.Errorf("memory %d bytes, want little more than %d", v.Memory, buffer)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.vitals[0].Memory != -1 {
		t.Errorf("memory of the first vital is %d, want -1: nothing was read yet", l.vitals[0].Memory)
	}
}

func residentSet(t *testing.T, pid int) (bytes int64) {
	t.Helper()
	bytes, err := procfs.Memory(pid, "VmRSS")
	if err != nil {
		t.Fatal(err)
	}
	return bytes
}

func TestCgroupReadingsComeFirst(t *testing.T) {
	a := startAgent(t, false)
	readings := 0
	_, l := watch(t, a, func(c *Config) {
		c.Memory = func() (int64, bool) { readings++; return 4711, readings != 3 }
		c.CPU = func() (float64, bool) { return float64(100 - readings), true }
	})
	l.until(t, "5 vitals", func() bool { return len(l.vitals) >= 5 })
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, v := range l.vitals[:5] {
		want := int64(4711)
		if i == 1 { // the third reading; the first chose the source
			want = -1
		}
		if v.Memory != want {
			t.Errorf("vital %d: memory %d, want %d", i, v.Memory, want)
		}
		if v.CPU != l.vitals[0].CPU {
			t.Errorf("vital %d: CPU went back from %v to %v", i, l.vitals[0].CPU, v.CPU)
		}
	}
}

func TestCloseWait(t *testing.T) {
	for _, address := range []string{"127.0.0.1", "::"} {
		t.Run(address, func(t *testing.T) {
			a := startAgent(t, false)
			family := "AF_INET"
			if strings.Contains(address, ":") {
				family = "AF_INET6"
			}
			a.does("s = socket.socket(socket.%s)", family)
			a.does("s.bind(('%s', 0)); s.listen(); held = []", address)
			port := a.asks("s.getsockname()[1]")
			_, l := watch(t, a, func(c *Config) { c.Ports = []int{port} })
			for range 3 {
				c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
				if err != nil {
					t.Fatal(err)
				}
				_ = c.Close()
				a.does("held.append(s.accept()[0])")
			}
			l.untilVital(t, "3 in CLOSE_WAIT", func(v bench.Vital) bool { return v.CloseWait == 3 })
			// The slow and the quick way agree. Another port has no such socket.
			c := newCloseWaits(a.shim, []int{port})
			defer c.close()
			if c.diag < 0 {
				t.Error("no socket diagnostics here: the quick way was not tested")
			}
			if quick, listed := c.countNow(), c.list(); quick != 3 || listed != 3 {
				t.Errorf("asked %d, listed %d, want 3", quick, listed)
			}
			c.ports[0]++
			if n := c.countNow() + c.list(); n != 0 {
				t.Errorf("%d on another port, want 0", n)
			}
			a.does("held.clear()")
			l.untilVital(t, "none in CLOSE_WAIT", func(v bench.Vital) bool { return v.CloseWait == 0 })
		})
	}
}

func TestListenOverflow(t *testing.T) {
	a := startAgent(t, false)
	a.does("s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(0)")
	port := a.asks("s.getsockname()[1]")
	_, l := watch(t, a, nil)
	if v := l.untilVital(t, "anything", func(bench.Vital) bool { return true }); v.ListenOverflow != 0 {
		t.Logf("%d overflows before the test's own: the host is busy", v.ListenOverflow)
	}
	for range 5 {
		go func() { // nobody accepts, so the kernel turns some of these away
			if c, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), 300*time.Millisecond); err == nil {
				_ = c.Close()
			}
		}()
	}
	l.untilVital(t, "an overflow", func(v bench.Vital) bool { return v.ListenOverflow > 0 })
}

func TestObserverGap(t *testing.T) {
	a := startAgent(t, false)
	vitals := 0
	_, l := watch(t, a, func(c *Config) {
		kept := c.Tell
		c.Tell = func(e bench.Entry) {
			if _, ok := e.(bench.Vital); ok {
				if vitals++; vitals == 2 {
					time.Sleep(gapAfter + 3*lookEvery) // this is the gap itself, not a wait
				}
			}
			kept(e)
		}
	})
	l.until(t, "a doubt", func() bool { return len(l.doubts) > 0 })
	l.mu.Lock()
	defer l.mu.Unlock()
	d := l.doubts[0]
	if d.Cause != "observer-gap" || d.To-d.From < int64(gapAfter) || d.From < 0 || d.Note == "" {
		t.Errorf("doubt %+v", d)
	}
}
