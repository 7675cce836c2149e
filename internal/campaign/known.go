package campaign

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"benchrun/internal/bench"
	"benchrun/internal/campaign/pack"
	"benchrun/internal/intake"
	"benchrun/internal/plan"
	"benchrun/internal/probe"
)

// loads is what is known about the loads of cells on this machine before they are
// measured. There are four sources, and the first that knows the cell counts: an
// attempt of the same launch on this machine; the published cell, from another
// machine; what the scenario takes with other servers, from that machine too; and a
// guess by the family. It is safe for concurrent use.
type loads struct {
	limits bench.Limits

	mu    sync.Mutex
	kept  map[string]map[string]pack.Load // by file, then by scenario; nil = not read yet
	speed speed
}

// Guesses for a scenario that was never measured, in CPUs and bytes. They are rather too
// high: too little company costs time, too much spoils the neighbours.
const (
	guessCPU    = 0.25
	guessBurst  = 0.15
	busyBurst   = 0.3
	guessMemory = 512 << 20
)

// of is the load of a cell. The loads of its launch are stored in file; "" = nowhere.
// here says that the load was measured on this machine.
func (l *loads) of(file string, c plan.Cell) (load pack.Load, here bool) {
	if load, ok := l.read(file)[c.Scenario.Name()]; ok {
		return load, true
	}
	if load, ok := published()[c.Name()]; ok {
		return load, false
	}
	return l.guess(c), false
}

// guess is the load that the cell's scenario suggests.
func (l *loads) guess(c plan.Cell) pack.Load {
	load, known := scenarioLoad(c)
	if !known {
		load = pack.Load{CPU: guessCPU, Burst: guessBurst, Memory: guessMemory}
	}
	if endless(c) {
		load.CPU = math.Inf(1)
	}
	for _, p := range c.Scenario.Parts() {
		f := p.Family
		if f.Busy && !f.Traits.Wedges() && !known {
			load.CPU += p.PerSecond(bench.StandardLoad.Rate) * f.Lasts.Seconds()
			load.Burst = busyBurst
		}
		if f.Traits.LeakBytes > 0 {
			load.Memory = max(load.Memory, l.limits.MemoryBytes)
		}
	}
	return load
}

// endless says that the faults take all the CPU that they can get: one request is enough to
// use a CPU, and they pile up. What they took elsewhere was that machine's limit.
func endless(c plan.Cell) bool {
	return slices.ContainsFunc(c.Scenario.Parts(), func(p bench.Scenario) bool { return p.Family.Busy && p.Family.Traits.Wedges() })
}

// scenarioLoad is what a cell's scenario takes with other servers, if that is known. If the
// cell's server is published under other scenarios, it has the baseline that it has there.
func scenarioLoad(c plan.Cell) (pack.Load, bool) {
	load, ok := ofScenarios()[c.Scenario.Name()]
	if !ok || endless(c) {
		return pack.Load{}, false
	}
	if base := publishedBaseline(c); base > 0 {
		load.CPU += base - leastOfScenarios()
	}
	return load, true
}

// read returns the stored loads in a file, by scenario. Anything unreadable counts
// as absent.
func (l *loads) read(file string) map[string]pack.Load {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.readLocked(file)
}

func (l *loads) readLocked(file string) map[string]pack.Load {
	if known, ok := l.kept[file]; ok || file == "" {
		return known
	}
	if l.kept == nil {
		l.kept = map[string]map[string]pack.Load{}
	}
	known := map[string]pack.Load{}
	if b, err := intake.ReadSmall("", file); err == nil {
		if json.Unmarshal(b, &known) != nil {
			known = map[string]pack.Load{}
		}
	}
	l.kept[file] = known
	return known
}

// keep stores the load of an attempt for the next run.
func (l *loads) keep(file, scenario string, load pack.Load) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.kept, file) // another benchrun may have changed the file
	known := l.readLocked(file)
	known[scenario] = load
	b, err := json.MarshalIndent(known, "", "  ")
	if err != nil {
		return fmt.Errorf("keep load: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("keep load: %w", err)
	}
	if err := probe.Replace(file, append(b, '\n')); err != nil {
		return fmt.Errorf("keep load: %w", err)
	}
	return nil
}

// published are the loads of the cells in docs/results, by plan.Cell.Name.
var published = sync.OnceValue(func() map[string]pack.Load { return parsePublished(publishedText) })

//go:embed published.txt
var publishedText string

// ofScenarios are the loads that scripts/loads has found, by the scenario's name.
var ofScenarios = sync.OnceValue(func() map[string]pack.Load { return parsePublished(ofScenariosText) })

//go:embed ofscenarios.txt
var ofScenariosText string

// parsePublished reads lines of "name CPU burst MiB", and leaves out those that begin with
// "#". It panics on any other line, because the text is part of benchrun.
func parsePublished(text string) map[string]pack.Load {
	out := map[string]pack.Load{}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		var name string
		var load pack.Load
		var mib int64
		if _, err := fmt.Sscan(line, &name, &load.CPU, &load.Burst, &mib); err != nil {
			panic(fmt.Sprintf("campaign: published loads: %q: %v", line, err))
		}
		load.Memory = mib << 20
		out[name] = load
	}
	return out
}

// keepLoad stores the attempt's load for the next run, unless the target ended before it
// was under load. If others took CPU from the attempt, its load counts only if it is larger
// than the known one.
func (u *underway) keepLoad(rec *bench.Record) {
	file, own := u.keptIn(u.target, u.plan).loads, u.meter.own()
	load := loadOf(rec, own)
	if file == "" || load.CPU <= own {
		return
	}
	if len(rec.Doubts) > 0 && load.CPU < u.knownCPU(file) {
		return
	}
	if err := u.loads.keep(file, u.plan.Scenario.Name(), load); err != nil {
		u.Tell.Note(err.Error()) // the next run guesses
	}
}

// knownCPU is how many CPUs the cell takes, as far as is known.
func (u *underway) knownCPU(file string) float64 {
	load, _ := u.loads.of(file, u.plan)
	return load.CPU
}
