package judge

import (
	"fmt"
	"slices"
	"strings"

	"benchrun/internal/bench"
)

// growth is what the process tree keeps of each resource with each of n faults
// that replace the workers.
type growth struct {
	known                bool
	n                    int
	fds, threads, memory stays
}

// stays is how much more of something there is after the last fault: for each fault
// than before the first, and for each further one than after the first.
type stays struct{ beside, steady float64 }

// grows says that each fault leaves at least so much. What only the first fault
// leaves does not pile up.
func (s stays) grows(least float64) bool { return s.beside >= least && s.steady >= least }

// The least that piles up: a descriptor or a thread for each fault, and as much
// memory as the smallest leak that benchrun makes.
const (
	growsCount  = 1.0
	growsMemory = 8 << 20 // bytes
)

// levelSpan is how long the tree is looked at for a level, ns.
const levelSpan = 2 * second

// leastLooks is how many looks a level needs.
const leastLooks = 3

// level is the median look at the tree within s.
func (v *view) level(s span) (fds, threads, memory float64, ok bool) {
	var f, t, m []float64
	for _, x := range v.vitals {
		if s.holds(x.T) {
			f, t = append(f, float64(x.FDs)), append(t, float64(x.Threads))
			if x.Memory >= 0 {
				m = append(m, float64(x.Memory))
			}
		}
	}
	if len(f) < leastLooks || len(m) == 0 {
		return 0, 0, 0, false
	}
	return middle(f), middle(t), middle(m), true
}

func middle(x []float64) float64 {
	slices.Sort(x)
	return x[len(x)/2]
}

// growth compares the end of the recovery, when the last fault has settled, with the
// end of the baseline, and with the time before the second fault.
func (v *view) growth() growth {
	g := growth{n: len(v.signals)}
	if v.head.Traits.Expects != bench.ExpectsRenewal || g.n == 0 || v.fault.empty() {
		return growth{}
	}
	f0, t0, m0, ok0 := v.level(span{v.baseline.to - levelSpan, v.baseline.to})
	f2, t2, m2, ok2 := v.level(span{v.recovery.to - levelSpan, v.recovery.to})
	if !ok0 || !ok2 {
		return growth{}
	}
	g.known = true
	each := func(before, after float64, n int) float64 { return (after - before) / float64(n) }
	g.fds, g.threads, g.memory = stays{beside: each(f0, f2, g.n)}, stays{beside: each(t0, t2, g.n)}, stays{beside: each(m0, m2, g.n)}
	if g.n < 2 {
		return g
	}
	second := v.signals[1].T
	if f1, t1, m1, ok := v.level(span{max(v.signals[0].T, second-levelSpan), second}); ok {
		g.fds.steady, g.threads.steady, g.memory.steady = each(f1, f2, g.n-1), each(t1, t2, g.n-1), each(m1, m2, g.n-1)
	}
	return g
}

// growthWords: "resources piled up: 4 fds and 1.3 threads with each of 3 faults".
func (f *facts) growthWords() string {
	g := f.growth
	var what []string
	if g.fds.grows(growsCount) {
		what = append(what, figure(g.fds.beside, 1)+" fds")
	}
	if g.threads.grows(growsCount) {
		what = append(what, figure(g.threads.beside, 1)+" threads")
	}
	if g.memory.grows(growsMemory) {
		what = append(what, figure(g.memory.beside/(1<<20), 1)+" MiB")
	}
	if len(what) == 0 {
		return ""
	}
	return fmt.Sprintf(bench.PiledUp+": %s with each of %s", strings.Join(what, ", "), things(g.n, "fault", "faults"))
}
