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

// A load measured here counts before a published one, and that before a guess.
func TestLoadsOfACell(t *testing.T) {
	file := filepath.Join(t.TempDir(), "loads", "a.json")
	l := &loads{limits: bench.Limits{MemoryBytes: 2 << 30}}
	wedge, mine := cellOf(t, "waitress", "wedge"), cellOf(t, "mine", "wedge")
	if got, here := l.of(file, wedge); here || got != published()["waitress/default/wedge-1pct"] || got.CPU == 0 {
		t.Errorf("waitress before it was measured: %+v", got)
	}
	if got, here := l.of(file, mine); here || got.CPU != guessCPU {
		t.Errorf("a server that nobody knows: %+v", got)
	}
	measured := pack.Load{CPU: 0.5, Burst: 0.1, Memory: 7}
	for _, c := range []plan.Cell{wedge, mine} {
		if err := l.keep(file, c.Scenario.Name(), measured); err != nil {
			t.Fatal(err)
		}
	}
	for name, known := range map[string]*loads{"this run": l, "the next run": {}} {
		if got, here := known.of(file, mine); !here || got != measured {
			t.Errorf("%s: %+v, want what was measured", name, got)
		}
		if got, _ := known.of("", mine); got.CPU != guessCPU {
			t.Errorf("%s, of another launch: %+v", name, got)
		}
	}
}

// Guesses are careful: a fault that keeps a CPU busy leaves less room beside it, and
// one that never ends leaves none.
func TestGuesses(t *testing.T) {
	l := &loads{limits: bench.Limits{MemoryBytes: 2 << 30}}
	light, _ := l.of("", cellOf(t, "mine", "wedge"))
	for _, family := range []string{"cpu", "io", "cpu-io"} {
		if got, _ := l.of("", cellOf(t, "mine", family)); got.CPU < light.CPU+0.4 || got.Burst <= light.Burst || math.IsInf(got.CPU, 0) {
			t.Errorf("%s: %+v", family, got)
		}
	}
	for _, family := range []string{"wedge-spin", "wedge-gil"} {
		if got, _ := l.of("", cellOf(t, "mine", family)); !(pack.Room{CPUs: 1000}).Full(got) {
			t.Errorf("%s has room for company: %+v", family, got)
		}
	}
	if got, _ := l.of("", cellOf(t, "mine", "leak")); got.Memory != 2<<30 {
		t.Errorf("leak: %+v, want all that it may take", got)
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
	if got, _ := new(loads).of(file, c); got.CPU != guessCPU {
		t.Errorf("of half a file: %+v", got)
	}
	if err := new(loads).keep(file, c.Scenario.Name(), pack.Load{CPU: 1}); err != nil {
		t.Fatal(err)
	}
	var writers sync.WaitGroup
	for i := range 8 {
		writers.Go(func() {
			own := new(loads) // every benchrun has its own
			for n := range 50 {
				if err := own.keep(file, c.Scenario.Name(), pack.Load{CPU: float64(i + 1), Memory: int64(n)}); err != nil {
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
