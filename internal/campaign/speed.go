package campaign

import (
	"math"
	"strings"

	"benchrun/internal/bench"
	"benchrun/internal/plan"
)

// speed compares loads on this machine with the published ones, which are another
// machine's: the same server may take half the CPU here, or twice as much. Both sums
// are in CPUs, over the same cells.
type speed struct{ here, elsewhere float64 }

const (
	// speedTrust is how many published CPUs, about two cells, weigh as much as no
	// comparison at all.
	speedTrust = 0.4
	// mostScale is how far loads here may differ from published ones, either way.
	mostScale = 4
)

// scale is how many times its published baseline a target takes here.
func (s speed) scale() float64 {
	scale := (s.here + speedTrust) / (s.elsewhere + speedTrust)
	return math.Max(1/float64(mostScale), math.Min(mostScale, scale))
}

// compare takes in how many CPUs something takes here, and how many the same took
// elsewhere; 0 = not known.
func (l *loads) compare(here, elsewhere float64) {
	if here <= 0 || elsewhere <= 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.speed.here += here
	l.speed.elsewhere += elsewhere
}

// scale is how many times its published baseline a target takes here.
func (l *loads) scale() float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.speed.scale()
}

// compareBaseline takes in what the cell's target took in the baseline. So a run knows
// the machine's speed after a few seconds, before any attempt is over.
func (u *underway) compareBaseline(soFar *bench.Record) {
	used := baselineCPU(soFar)
	if u.task.pool == nil || used <= 0 {
		return
	}
	u.loads.compare(used+u.meter.own(), publishedBaseline(u.plan))
	u.task.pool.Scale(u.loads.scale())
}

// baselineCPU is how many CPUs the target used in the baseline, on average; 0 = not
// known.
func baselineCPU(rec *bench.Record) float64 {
	begun := int64(math.MaxInt64)
	for _, m := range rec.Marks {
		if m.Name == bench.MarkBaseline {
			begun = m.T
		}
	}
	var in []float64
	for _, w := range windows(rec) {
		if w.from >= begun {
			in = append(in, w.cpu)
		}
	}
	if len(in) < shortest {
		return 0
	}
	return mean(in)
}

// publishedBaseline is how many CPUs a cell's target took in a baseline elsewhere: the
// least that any family is published with, because faults only add to it. 0 = not known.
func publishedBaseline(c plan.Cell) float64 {
	target := strings.TrimSuffix(c.Name(), c.Scenario.Name())
	least := 0.0
	for name, load := range published() {
		if strings.HasPrefix(name, target) && (least == 0 || load.CPU < least) {
			least = load.CPU
		}
	}
	return least
}

// elsewhere is how many CPUs of a cell's load were measured on another machine and
// scale with it: a baseline. What the fault adds counts as it was there: too little room
// for a fault that keeps a CPU busy would spoil its neighbours. A guess was not measured.
func elsewhere(c plan.Cell, here bool) float64 {
	if here {
		return 0
	}
	base := publishedBaseline(c)
	if _, ok := published()[c.Name()]; ok {
		return base
	}
	load, ok := scenarioLoad(c)
	switch {
	case !ok:
		return 0
	case base == 0:
		base = leastOfScenarios()
	}
	return min(load.CPU, base)
}

// leastOfScenarios is how many CPUs a target takes in a baseline elsewhere, whatever the
// server: the least that any scenario takes.
func leastOfScenarios() float64 {
	least := math.Inf(1)
	for _, load := range ofScenarios() {
		least = min(least, load.CPU)
	}
	return least
}
