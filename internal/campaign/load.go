package campaign

import (
	"math"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/campaign/pack"
)

// ownCPU is how many CPUs benchrun itself uses for one cell (clients, control and
// observer), until it has been measured here. scripts/cost measures it.
const ownCPU = 0.05

// second is the length of the windows in which bursts are measured.
const second = time.Second - 50*time.Millisecond

// loadOf is an attempt's load by its record: the target's CPU in its busiest phase,
// how much that varies from second to second, and the most memory. own is how many
// CPUs benchrun itself used for the attempt.
func loadOf(rec *bench.Record, own float64) pack.Load {
	var load pack.Load
	all := windows(rec)
	for _, phase := range phases(rec) {
		var in []float64
		for _, w := range all {
			if w.from >= phase.from && w.to <= phase.to {
				in = append(in, w.cpu)
			}
		}
		if m := mean(in); len(in) >= shortest && m > load.CPU {
			load.CPU, load.Burst = m, deviation(in, m)
		}
	}
	// Booting and stopping are short, but they are bursts too.
	above := make([]float64, len(all))
	for i, w := range all {
		above[i] = max(0, w.cpu-load.CPU)
	}
	load.Burst = max(load.Burst, deviation(above, 0))
	load.CPU += own
	for _, v := range rec.Vitals {
		load.Memory = max(load.Memory, v.Memory)
	}
	return load
}

// shortest is how many seconds a phase needs to be more than a burst.
const shortest = 3

// window is how many CPUs the target used in about a second.
type window struct {
	from, to int64
	cpu      float64
}

func windows(rec *bench.Record) []window {
	var out []window
	last := 0
	for i, v := range rec.Vitals {
		was := rec.Vitals[last]
		if span := time.Duration(v.T - was.T); span >= second {
			out = append(out, window{was.T, v.T, (v.CPU - was.CPU) / span.Seconds()})
			last = i
		}
	}
	return out
}

// phases returns the windows of the phases in which the target is under load.
func phases(rec *bench.Record) []window {
	var out []window
	for _, m := range rec.Marks {
		switch m.Name {
		case bench.MarkBaseline, bench.MarkAgeing, bench.MarkFault, bench.MarkRecovery, bench.MarkShutdown, bench.MarkEnd:
			if n := len(out); n > 0 && out[n-1].to == 0 {
				out[n-1].to = m.T
			}
		}
		switch m.Name {
		case bench.MarkBaseline, bench.MarkAgeing, bench.MarkFault, bench.MarkRecovery:
			out = append(out, window{from: m.T})
		}
	}
	return out
}

func mean(xs []float64) float64 {
	sum := 0.0
	for _, x := range xs {
		sum += x
	}
	return sum / max(1, float64(len(xs)))
}

// deviation is the root of the mean square distance from around.
func deviation(xs []float64, around float64) float64 {
	squares := make([]float64, len(xs))
	for i, x := range xs {
		squares[i] = (x - around) * (x - around)
	}
	return math.Sqrt(mean(squares))
}
