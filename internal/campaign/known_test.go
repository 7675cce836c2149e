package campaign

import (
	"math"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/campaign/pack"
	"benchrun/internal/plan"
	"benchrun/scenarios"
	"benchrun/targets"
)

func cellOf(t *testing.T, server, family string) plan.Cell {
	t.Helper()
	f, ok := scenarios.ByID(family)
	if !ok {
		t.Fatalf("no family %s", family)
	}
	return plan.Cell{Server: &targets.Server{Name: server}, Profile: "default", Scenario: f.Scenario()}
}

func loaded(l pack.Load) func(*stored) { return func(s *stored) { s.Load = l } }

// A load measured here counts before a published one, and that before a guess.
func TestLoadsOfACell(t *testing.T) {
	file := filepath.Join(t.TempDir(), "loads", "a.json")
	l := &loads{limits: bench.Limits{MemoryBytes: 2 << 30}}
	wedge, mine := cellOf(t, "waitress", "wedge"), cellOf(t, "mine", "wedge")
	if got, here := l.of(file, wedge); here || got != published()["waitress/default/wedge-1pct"].Load || got.CPU == 0 {
		t.Errorf("waitress before it was measured: %+v", got)
	}
	if got, here := l.of(file, mine); here || got != ofScenarios()["wedge-1pct"].Load || got.CPU == 0 {
		t.Errorf("a server that nobody knows: %+v", got)
	}
	rare := cellOf(t, "mine", "wedge")
	rare.Scenario.Ratio *= 3
	if got, here := l.of(file, rare); here || got.CPU != guessCPU {
		t.Errorf("a scenario that nobody knows: %+v", got)
	}
	measured := pack.Load{CPU: 0.5, Burst: 0.1, Memory: 7}
	for _, c := range []plan.Cell{wedge, mine} {
		if err := l.keep(file, c.Scenario.Name(), loaded(measured)); err != nil {
			t.Fatal(err)
		}
	}
	for name, known := range map[string]*loads{"this run": l, "the next run": {}} {
		if got, here := known.of(file, mine); !here || got != measured {
			t.Errorf("%s: %+v, want what was measured", name, got)
		}
		if got, _ := known.of("", mine); got != ofScenarios()["wedge-1pct"].Load {
			t.Errorf("%s, of another launch: %+v", name, got)
		}
	}
}

// Guesses are careful: a fault that keeps a CPU busy leaves less room beside it, and
// one that never ends leaves none, whether its scenario was measured or not.
func TestGuesses(t *testing.T) {
	l := &loads{limits: bench.Limits{MemoryBytes: 2 << 30}}
	for name, times := range map[string]bench.Ratio{"measured with other servers": 1, "never measured": 3} {
		guess := func(family string) pack.Load {
			c := cellOf(t, "mine", family)
			c.Scenario.Ratio *= times
			got, here := l.of("", c)
			if _, known := scenarioLoad(c); here || known != (times == 1 && !endless(c)) {
				t.Errorf("%s, %s: known %v", name, family, known)
			}
			return got
		}
		light := guess("wedge")
		for _, family := range []string{"cpu", "io", "cpu-io"} {
			if got := guess(family); got.CPU < light.CPU+0.2 || got.Burst <= light.Burst || math.IsInf(got.CPU, 0) {
				t.Errorf("%s, %s: %+v", name, family, got)
			}
		}
		for _, family := range []string{"wedge-spin", "wedge-gil"} {
			if got := guess(family); !(pack.Room{CPUs: 1000}).Full(got) {
				t.Errorf("%s, %s has room for company: %+v", name, family, got)
			}
		}
		if got := guess("leak"); got.Memory != 2<<30 {
			t.Errorf("%s, leak: %+v, want all that it may take", name, got)
		}
	}
}

// What scenarios take is known of most families, and of nothing else.
func TestLoadsOfScenarios(t *testing.T) {
	own := map[string]bool{}
	for _, f := range scenarios.All() {
		own[f.Scenario().Name()] = true
	}
	known := 0
	for name, load := range ofScenarios() {
		if load.CPU <= ownCPU || load.CPU > 2 || load.Burst < 0 || load.Memory <= 0 {
			t.Errorf("%s: %+v", name, load)
		}
		if own[name] {
			known++
		}
	}
	if known < len(own)*2/3 {
		t.Errorf("%d of %d families are known: measure the others and run scripts/loads", known, len(own))
	}
}

// What was measured elsewhere is scaled by its baseline, and a guess is not.
func TestElsewhere(t *testing.T) {
	wedge, mine := cellOf(t, "waitress", "wedge"), cellOf(t, "mine", "wedge")
	if got := elsewhere(wedge, false); got <= 0 || got != publishedBaseline(wedge) || elsewhere(wedge, true) != 0 {
		t.Errorf("published: %.2f, measured here: %.2f", got, elsewhere(wedge, true))
	}
	load, _ := scenarioLoad(mine)
	if got := elsewhere(mine, false); got <= 0 || got > load.CPU {
		t.Errorf("of the scenario: %.2f of %.2f", got, load.CPU)
	}
	mine.Scenario.Ratio *= 3
	if got := elsewhere(mine, false); got != 0 {
		t.Errorf("of a guess: %.2f", got)
	}
	abort := cellOf(t, "waitress", "abort")
	load, _ = scenarioLoad(abort)
	base := publishedBaseline(abort)
	if want := ofScenarios()[abort.Scenario.Name()].CPU - leastOfScenarios() + base; math.Abs(load.CPU-want) > 1e-9 || elsewhere(abort, false) != base {
		t.Errorf("a scenario that only other servers are known under takes %.2f, %.2f of it the baseline; want %.2f and %.2f", load.CPU, elsewhere(abort, false), want, base)
	}
	wedge.Scenario.Ratio *= 3
	if got := elsewhere(wedge, false); got != 0 {
		t.Errorf("of a guess for a server that is published: %.2f", got)
	}
}

// The load of a target that ended before it was under load says nothing.
func TestLoadOfNothingIsNotKept(t *testing.T) {
	wedge, _ := widerUploads(t)
	r := probing(t, wedge)
	u := r.underway(0)
	u.target = r.launched(wedge)
	file := r.keptIn(u.target, wedge).loads
	u.keepLoad(&bench.Record{Marks: []bench.Mark{at(0, bench.MarkBoot), at(1, bench.MarkBaseline), at(3, bench.MarkEnd)}, Vitals: looks(.1, .1, .1)})
	if kept := r.loads.read(file); len(kept) != 0 {
		t.Errorf("of two seconds: %+v", kept)
	}
	u.keepLoad(&bench.Record{Marks: []bench.Mark{at(0, bench.MarkBoot), at(1, bench.MarkBaseline), at(6, bench.MarkEnd)}, Vitals: looks(.1, .1, .1, .1, .1, .1)})
	if kept := r.loads.read(file); kept[wedge.Scenario.Name()].CPU <= ownCPU {
		t.Errorf("of six seconds: %+v", kept)
	}
}

// Whatever is in the file, and however many benchruns write to it, a load is read
// whole or not at all.
func TestLoadsAreReadWholeOrNotAtAll(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.json")
	if err := os.WriteFile(file, []byte(`{"wedge-1pct": {"cpu": 0.`), 0o644); err != nil {
		t.Fatal(err)
	}
	c := cellOf(t, "mine", "wedge")
	if got, here := new(loads).of(file, c); here {
		t.Errorf("of half a file: %+v", got)
	}
	if err := new(loads).keep(file, c.Scenario.Name(), loaded(pack.Load{CPU: 1})); err != nil {
		t.Fatal(err)
	}
	var writers sync.WaitGroup
	for i := range 8 {
		writers.Go(func() {
			own := new(loads) // every benchrun has its own
			for n := range 50 {
				if err := own.keep(file, c.Scenario.Name(), loaded(pack.Load{CPU: float64(i + 1), Memory: int64(n)})); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { writers.Wait(); close(done) }()
	for running := true; running; time.Sleep(time.Millisecond) {
		select {
		case <-done:
			running = false
		default:
		}
		if got, _ := new(loads).of(file, c); got.CPU != math.Trunc(got.CPU) {
			t.Fatalf("read %+v", got)
		}
	}
	if left, _ := filepath.Glob(file + ".*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// An attempt is expected to go like the last valid one here in its mode, or else like the
// published one. What company may have spoiled, and what is invalid, says nothing.
func TestAttemptsGoLikeTheLastOne(t *testing.T) {
	wedge, upload := widerUploads(t)
	r := probing(t, wedge)
	c := cellOf(t, "waitress", "wedge")
	if past, ok := r.loads.past("", c, bench.ModeQuick); !ok || past.Held || past.Took < 10*time.Second {
		t.Errorf("of a published cell: %+v, %v", past, ok)
	}
	if past, ok := r.loads.past("", c, bench.ModeFull); ok {
		t.Errorf("in full mode, which is not published: %+v", past)
	}
	u := r.underway(0)
	u.target = r.launched(wedge)
	u.outlook = plan.Foresee(wedge, r.knowledge())
	byTheory := u.outlook
	u.course = plan.NewCourse(u.outlook, u.timing)
	for _, tt := range []struct {
		what    string
		verdict bench.Verdict
		took    time.Duration
		of      bench.Attempt
		want    time.Duration // of the next run's; 0 = as before
	}{
		{"nothing that is valid", bench.Invalid, 50 * time.Second, bench.Attempt{}, 0},
		{"one that held", bench.Held, 41 * time.Second, bench.Attempt{}, 41 * time.Second},
		{"one that failed, spoiled by company", bench.Failed, 15 * time.Second, bench.Attempt{Disturbed: true}, 0},
		{"one that failed", bench.Failed, 16 * time.Second, bench.Attempt{}, 16 * time.Second},
	} {
		before := plan.CellEstimate(wedge, r.knowledge())
		u.learn(&made{verdict: bench.Judgement{Verdict: tt.verdict}, took: tt.took, attempt: tt.of})
		next := &Run{Host: r.Host, order: r.order, prepared: r.prepared}
		want := tt.want
		if want == 0 {
			want = before
		}
		if got := plan.CellEstimate(wedge, next.knowledge()); got != want {
			t.Errorf("after %s the next run expects %s, want %s", tt.what, got, want)
		}
		if tt.verdict != bench.Invalid && u.ahead() != tt.took {
			t.Errorf("after %s this run expects %s", tt.what, u.ahead())
		}
	}
	next := &Run{Host: r.Host, order: r.order, prepared: r.prepared}
	next.order.Mode = bench.ModeFull
	if got := plan.CellEstimate(wedge, next.knowledge()); got < 40*time.Second {
		t.Errorf("a full attempt is expected to take %s", got)
	}
	if got, _ := next.past(upload); got != (plan.Past{}) {
		t.Errorf("another scenario went %+v", got)
	}
	if byTheory.Chance != 1 {
		t.Errorf("by the theory: %+v", byTheory)
	}
}
