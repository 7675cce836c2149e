package judge

import "benchrun/internal/bench"

func mib(bytes int64) float64 { return float64(bytes) / (1 << 20) }

// vitalMeasures describes the process tree between baseline and shutdown.
func (f *facts) vitalMeasures(s sheet) {
	v := f.v
	watch := f.watched()
	peak := func(name string, of func(bench.Vital) int64, scale float64) {
		most, n := int64(-1), 0
		for _, x := range v.vitals {
			if y := of(x); watch.holds(x.T) && y >= 0 {
				most, n = max(most, y), n+1
			}
		}
		if n > 0 {
			s.set(name, float64(most)/scale, n)
		}
	}
	peak("memory_peak", func(x bench.Vital) int64 { return x.Memory }, 1<<20)
	peak("fds_peak", func(x bench.Vital) int64 { return int64(x.FDs) }, 1)
	peak("threads_peak", func(x bench.Vital) int64 { return int64(x.Threads) }, 1)
	peak("zombies_peak", func(x bench.Vital) int64 { return int64(x.Zombies) }, 1)
	peak("close_wait_peak", func(x bench.Vital) int64 { return int64(x.CloseWait) }, 1)

	if kept, ok := f.kept(bench.ResourceMemory); ok {
		s.set("memory_growth", mib(kept), 2)
	}
	if share, ok := f.keptShare(); ok {
		name := "leak_kept"
		if f.leaked().Of == bench.ResourceMemory {
			name = "memory_kept"
		}
		n := 0
		for _, p := range f.leaking() {
			n += len(p.faults.times)
		}
		s.set(name, share, n)
	}
	if slope, n := v.memorySlope(); n > 0 {
		s.set("memory_slope", slope, n)
	}
	if cpu, n := v.cpuPer1000(); n > 0 {
		s.set("cpu_per_1000_ok", cpu, n)
	}
}

// lastVital is the last look at the tree within s.
func (v *view) lastVital(s span) (last bench.Vital, ok bool) {
	for _, x := range v.vitals {
		if s.holds(x.T) {
			last, ok = x, true
		}
	}
	return last, ok
}

// lastMemory is the last memory sample within s, bytes.
func (v *view) lastMemory(s span) (bytes int64, ok bool) {
	for _, x := range v.vitals {
		if s.holds(x.T) && x.Memory >= 0 {
			bytes, ok = x.Memory, true
		}
	}
	return bytes, ok
}

// leastSlope is how many samples a slope needs.
const leastSlope = 3

// memorySlope is the least-squares slope of memory over the fault phase, MiB a
// minute, and how many samples it rests on; 0 = too few.
func (v *view) memorySlope() (slope float64, n int) {
	var sumX, sumY float64
	var xs, ys []float64
	for _, x := range v.vitals {
		if v.fault.holds(x.T) && x.Memory >= 0 {
			minutes, size := seconds(x.T-v.fault.from)/60, mib(x.Memory)
			xs, ys = append(xs, minutes), append(ys, size)
			sumX, sumY = sumX+minutes, sumY+size
		}
	}
	if len(xs) < leastSlope {
		return 0, 0
	}
	meanX, meanY := sumX/float64(len(xs)), sumY/float64(len(xs))
	var sxy, sxx float64
	for i := range xs {
		sxy += (xs[i] - meanX) * (ys[i] - meanY)
		sxx += (xs[i] - meanX) * (xs[i] - meanX)
	}
	if sxx == 0 {
		return 0, 0
	}
	return sxy / sxx, len(xs)
}

// cpuPer1000 is the CPU time that the tree used between the first and the last
// look of the fault phase, per 1,000 victims served in between, seconds; and
// how many these are. Where the total fell, the dead were not counted in it,
// and it says nothing.
func (v *view) cpuPer1000() (s float64, n int) {
	var first, last bench.Vital
	seen := false
	for _, x := range v.vitals {
		if !v.fault.holds(x.T) {
			continue
		}
		if !seen {
			first, seen = x, true
		}
		if x.CPU < last.CPU {
			return 0, 0
		}
		last = x
	}
	for _, x := range within(v.victims, span{first.T, last.T}) {
		if x.Outcome == bench.OK {
			n++
		}
	}
	if n == 0 {
		return 0, 0
	}
	return (last.CPU - first.CPU) * 1000 / float64(n), n
}
