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

// stays is how much more of something there is after the last fault, for each
// fault, and what each fault after the first adds.
type stays struct {
	beside float64
	steps  []float64
}

// grows says that each fault leaves at least so much: what only the first one
// leaves does not pile up. One step in five may be short.
func (s stays) grows(least float64) bool {
	short := 0
	for _, step := range s.steps {
		if step < least {
			short++
		}
	}
	return s.beside >= least && len(s.steps) > 0 && short*5 <= len(s.steps)
}

// The least that piles up: a descriptor or a thread for each fault, and as much
// memory as the smallest leak that benchrun makes.
const (
	growsCount  = 1.0
	growsMemory = 8 << 20 // bytes
)

// growsThreads is the least in threads. A sound server's runtime may start one of
// its own now and then: few faults cannot tell that from one that each leaves.
func growsThreads(faults int) float64 {
	if faults < 6 {
		return 2 * growsCount
	}
	return growsCount
}

// levelSpan is how long the tree is looked at for a level, ns.
const levelSpan = 2 * second

// leastLooks is how many looks a level needs.
const leastLooks = 3

// levels are, by their index: descriptors, threads, memory, sockets in CLOSE_WAIT, files
// and processes.
type levels [6]float64

// level is the median look at the tree within s, in valid seconds. A host that stalls
// leaves a server with connections that it would not have.
func (v *view) level(s span, bins ...[]bench.Bin) (l levels, ok bool) {
	var all [len(l)][]float64
	for _, x := range v.vitals {
		if !s.holds(x.T) || !slices.ContainsFunc(bins, func(b []bench.Bin) bool { return validAt(b, x.T) }) {
			continue
		}
		all[0], all[1] = append(all[0], float64(x.FDs)), append(all[1], float64(x.Threads))
		all[3], all[4] = append(all[3], float64(x.CloseWait)), append(all[4], float64(x.Files))
		all[5] = append(all[5], float64(x.Procs))
		if x.Memory >= 0 {
			all[2] = append(all[2], float64(x.Memory))
		}
	}
	if len(all[0]) < leastLooks || len(all[2]) == 0 {
		return l, false
	}
	for i := range all {
		l[i] = middle(all[i])
	}
	return l, true
}

// levelBefore is the last level that can be told between a time and an earlier one.
func (v *view) levelBefore(at, earliest int64, bins ...[]bench.Bin) (l levels, ok bool) {
	for to := at; to-levelSpan >= earliest-levelSpan/2 && !ok; to -= levelSpan / 2 {
		l, ok = v.level(span{to - levelSpan, to}, bins...)
	}
	return l, ok
}

// highest is the highest level within s of each. A worker that is being replaced takes
// its threads and descriptors away for a moment.
func (v *view) highest(s span, bins ...[]bench.Bin) (l levels, ok bool) {
	for to := s.from + levelSpan; to <= s.to; to += levelSpan / 2 {
		at, told := v.level(span{to - levelSpan, to}, bins...)
		for i := range at {
			if told {
				l[i] = max(l[i], at[i])
			}
		}
		ok = ok || told
	}
	return l, ok
}

func middle(x []float64) float64 {
	slices.Sort(x)
	return x[len(x)/2]
}

// growth compares the end of the recovery, when the last fault has settled, with the
// end of the baseline, and the times after each fault with each other. These are as
// long after the fault as the second one is after the first: workers that take their
// time to leave are there in all of them.
func (f *facts) growth() growth {
	v := f.v
	g := growth{n: len(v.signals)}
	if v.head.Traits.Expects != bench.ExpectsRenewal || g.n == 0 || v.fault.empty() {
		return growth{}
	}
	recovery := v.bins(v.recovery.from, v.recovery.to)
	before, ok0 := v.level(span{v.baseline.to - levelSpan, v.baseline.to}, f.baseBins)
	after, ok2 := v.level(span{v.recovery.to - levelSpan, v.recovery.to}, recovery)
	if !ok0 || !ok2 {
		return growth{}
	}
	g.known = true
	all := [...]*stays{&g.fds, &g.threads, &g.memory}
	for i, s := range all {
		s.beside = (after[i] - before[i]) / float64(g.n)
	}
	if g.n < 2 {
		return g
	}
	gap := v.signals[1].T - v.signals[0].T
	var last *levels
	lastSignal := 0
	for n, signal := range v.signals {
		l, ok := v.level(span{signal.T + max(0, gap-levelSpan), signal.T + gap}, f.bins, recovery)
		if !ok {
			continue
		}
		if last != nil {
			for i, s := range all {
				s.steps = append(s.steps, (l[i]-last[i])/float64(n-lastSignal))
			}
		}
		last, lastSignal = &l, n
	}
	g.known = len(g.fds.steps) > 0
	return g
}

// growthWords: "resources piled up: 4 fds and 1.3 threads with each of 3 faults".
func (f *facts) growthWords() string {
	g := f.grown
	var what []string
	if g.fds.grows(growsCount) {
		what = append(what, figure(g.fds.beside, 1)+" fds")
	}
	if g.threads.grows(growsThreads(g.n)) {
		what = append(what, figure(g.threads.beside, 1)+" threads")
	}
	if g.memory.grows(growsMemory) {
		what = append(what, figure(g.memory.beside/(1<<20), 1)+" MiB")
	}
	if len(what) == 0 {
		return ""
	}
	return fmt.Sprintf(bench.PiledUp+": %s with each of %s", strings.Join(what, ", "), bench.Things(g.n, "fault", "faults"))
}
