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
	kept  map[string]map[string]stored // by file, then by scenario; nil = not read yet
	speed speed
}

// stored is what is kept of a cell for later runs.
type stored struct {
	pack.Load                     // CPU 0 = not known
	Took      map[bench.Mode]took `json:"took,omitempty"`
}

// took is how the last valid attempt went.
type took struct {
	Held    bool    `json:"held"`
	Seconds float64 `json:"seconds"`
}

func (t took) past() plan.Past { return plan.Past{Held: t.Held, Took: bench.Seconds(t.Seconds)} }

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
	if kept := l.read(file)[c.Scenario.Name()]; kept.CPU > 0 {
		return kept.Load, true
	}
	if known, ok := published()[c.Name()]; ok {
		return known.Load, false
	}
	return l.guess(c), false
}

// past is how the last valid attempt of a cell in a mode went: here, or else where the
// published results come from. ok is false if there was none.
func (l *loads) past(file string, c plan.Cell, mode bench.Mode) (past plan.Past, ok bool) {
	t, ok := l.read(file)[c.Scenario.Name()].Took[mode]
	if !ok {
		t, ok = published()[c.Name()].Took[mode]
	}
	return t.past(), ok
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
	known, ok := ofScenarios()[c.Scenario.Name()]
	if !ok || endless(c) {
		return pack.Load{}, false
	}
	load := known.Load
	if base := publishedBaseline(c); base > 0 {
		load.CPU += base - leastOfScenarios()
	}
	return load, true
}

// read returns what is stored in a file, by scenario. Anything unreadable counts
// as absent.
func (l *loads) read(file string) map[string]stored {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.readLocked(file)
}

func (l *loads) readLocked(file string) map[string]stored {
	if known, ok := l.kept[file]; ok || file == "" {
		return known
	}
	if l.kept == nil {
		l.kept = map[string]map[string]stored{}
	}
	known := map[string]stored{}
	if b, err := intake.ReadSmall("", file); err == nil {
		if json.Unmarshal(b, &known) != nil {
			known = map[string]stored{}
		}
	}
	l.kept[file] = known
	return known
}

// keep changes what is stored of a scenario for the next run.
func (l *loads) keep(file, scenario string, change func(*stored)) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.kept, file) // another benchrun may have changed the file
	known := l.readLocked(file)
	now := known[scenario]
	change(&now)
	known[scenario] = now
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

// published is what is known of the cells in docs/results, by plan.Cell.Name.
var published = sync.OnceValue(func() map[string]stored { return parsePublished(publishedText) })

//go:embed published.txt
var publishedText string

// ofScenarios are the loads that scripts/loads has found, by the scenario's name.
var ofScenarios = sync.OnceValue(func() map[string]stored { return parsePublished(ofScenariosText) })

//go:embed ofscenarios.txt
var ofScenariosText string

// parsePublished reads lines of "name CPU burst MiB", in quick mode also "held seconds" or
// "failed seconds", and leaves out those that begin with "#". It panics on any other line,
// because the text is part of benchrun.
func parsePublished(text string) map[string]stored {
	out := map[string]stored{}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		var name, verdict string
		var of stored
		var mib int64
		var seconds float64
		n, err := fmt.Sscan(line, &name, &of.CPU, &of.Burst, &mib, &verdict, &seconds)
		if n < 4 || n == 5 {
			panic(fmt.Sprintf("campaign: published loads: %q: %v", line, err))
		}
		of.Memory = mib << 20
		if n == 6 {
			of.Took = map[bench.Mode]took{bench.ModeQuick: {Held: verdict == bench.Held.String(), Seconds: seconds}}
		}
		out[name] = of
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
	if err := u.loads.keep(file, u.plan.Scenario.Name(), func(s *stored) { s.Load = load }); err != nil {
		u.Tell.Note(err.Error()) // the next run guesses
	}
}

// knownCPU is how many CPUs the cell takes, as far as is known.
func (u *underway) knownCPU(file string) float64 {
	load, _ := u.loads.of(file, u.plan)
	return load.CPU
}

// past is how the last valid attempt of a cell went, if that is known.
func (r *Run) past(c plan.Cell) (plan.Past, bool) {
	return r.loads.past(r.keptIn(r.launched(c), c).loads, c, r.order.Mode)
}

// learn has the cell's next attempts, in this run and in later ones, be expected to go like
// this one.
func (u *underway) learn(m *made) {
	v := m.verdict.Verdict
	if v == bench.Invalid {
		return
	}
	past := plan.Past{Held: v == bench.Held, Took: m.took}
	if past.Held { // seconds that did not count may all count next time
		past.Took -= max(0, u.course.Late)
	}
	u.outlook.Learn(past)
	file := u.keptIn(u.target, u.plan).loads
	if file == "" || m.attempt.Disturbed {
		return
	}
	if err := u.loads.keep(file, u.plan.Scenario.Name(), func(s *stored) {
		modes := map[bench.Mode]took{u.order.Mode: {Held: past.Held, Seconds: past.Took.Seconds()}}
		for mode, t := range s.Took {
			if mode != u.order.Mode {
				modes[mode] = t
			}
		}
		s.Took = modes
	}); err != nil {
		u.Tell.Note(err.Error()) // the next run does without
	}
}
