package observe

import (
	"fmt"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"benchrun/internal/bench"
)

// BenchmarkWatch measures the observer's own CPU time, as a share of one core,
// at 5 vitals a second. The observer runs in this process, the watched processes do
// not.
//
// "runtime" is what the Go runtime needs to wake up as often and do nothing. Both
// figures grow with the load of the host.
func BenchmarkWatch(b *testing.B) {
	b.Run("runtime", func(b *testing.B) {
		tick := time.NewTicker(lookEvery)
		defer tick.Stop()
		before, began := cpuTime(b), time.Now()
		for b.Loop() {
			for end := time.After(8 * time.Second); end != nil; {
				select {
				case <-tick.C:
				case <-end:
					end = nil
				}
			}
		}
		b.ReportMetric(100*(cpuTime(b)-before).Seconds()/time.Since(began).Seconds(), "%core")
	})
	for _, namespace := range []bool{false, true} {
		for _, memory := range []string{"cgroup", "pss"} {
			for _, procs := range []int{1, 10, 50} {
				b.Run(fmt.Sprintf("namespace=%v/memory=%s/procs=%d", namespace, memory, procs), func(b *testing.B) {
					benchmarkWatch(b, namespace, memory == "cgroup", procs)
				})
			}
		}
	}
}

func benchmarkWatch(b *testing.B, namespace, cgroup bool, procs int) {
	a := startAgent(b, namespace)
	for range procs - 1 {
		a.asks("fork(signal.pause)")
	}
	vitals, seen := 0, 0
	w, l := watch(b, a, func(c *Config) {
		c.Interval, c.Ports = 200*time.Millisecond, []int{1}
		kept := c.Tell
		c.Tell = func(e bench.Entry) {
			if v, ok := e.(bench.Vital); ok {
				vitals++
				seen = v.Procs
			}
			kept(e)
		}
		if cgroup {
			c.Memory = func() (int64, bool) { return 1, true }
		}
	})
	// The first look at the tree does not count.
	l.untilVital(b, "all processes", func(v bench.Vital) bool { return v.Procs == procs })
	before, began := cpuTime(b), time.Now()
	for b.Loop() {
		time.Sleep(8 * time.Second) // the measured work goes on meanwhile
	}
	used, wall := cpuTime(b)-before, time.Since(began)
	w.Stop()
	if seen != procs || vitals < int(wall/time.Second)*4 {
		b.Fatalf("%d vitals in %v, the last of %d processes", vitals, wall, seen)
	}
	b.ReportMetric(100*used.Seconds()/wall.Seconds(), "%core")
}

// cpuTime is the CPU time that this process has used so far.
func cpuTime(t testing.TB) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
