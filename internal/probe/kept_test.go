package probe

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/place"
	"benchrun/internal/plan"
	"benchrun/targets"
)

// patience is that of a cell at a ratio, on a server that claims no watchdog.
func patience(ratio bench.Ratio) plan.Patience {
	return plan.WithPatience([]plan.Cell{{Server: &targets.Server{}, Scenario: bench.Scenario{Ratio: ratio}}}, bench.ModeQuick)[0].Patience
}

func TestProbeIsKept(t *testing.T) {
	file := filepath.Join(t.TempDir(), "probes", "x.json")
	want := bench.Probe{Slots: 8, Watchdog: 10, WatchdogCensored: true}
	if _, ok := Load(file, patience(1000)); ok {
		t.Error("a probe that was never kept was found")
	}
	if err := Keep(file, "gunicorn/default", want); err != nil {
		t.Fatal(err)
	}
	if got, ok := Load(file, patience(1000)); !ok || got != want {
		t.Errorf("got %+v, %v", got, ok)
	}
	for name, at := range map[string]time.Time{"old": time.Now().Add(-mostAge - time.Hour), "of tomorrow": time.Now().Add(24 * time.Hour)} {
		text, err := json.Marshal(kept{Schema: schema, MeasuredAt: at.Format(time.RFC3339), Probe: want})
		if err != nil {
			t.Fatal(err)
		}
		other := filepath.Join(filepath.Dir(file), "other.json")
		if err := os.WriteFile(other, text, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, ok := Load(other, patience(1000)); ok {
			t.Errorf("a probe that is %s was taken", name)
		}
	}
	// A lower ratio fills the pool later, so the watchdog must be waited for longer.
	if _, ok := Load(file, patience(100)); ok {
		t.Error("a bound of 10 s was taken for a ratio that wants 35 s")
	}
	if err := os.WriteFile(file, []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, ok := Load(file, patience(1000)); ok {
		t.Error("a broken file was taken for a probe")
	}
	if err := errors.Join(os.Remove(file), syscall.Mkfifo(file, 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, ok := Load(file, patience(1000)); ok { // and so the watchdog is not waited for
		t.Error("a pipe was taken for a probe")
	}
}

func TestDoubtfulProbeIsNotKept(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.json")
	if err := Keep(file, "x", bench.Probe{Slots: 1, Note: "not ready"}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("a doubtful probe was kept")
	}
}

// Whatever could change a probe must change its file.
func TestProbeFileKey(t *testing.T) {
	host := &place.Host{Self: "/proc/self/exe"}
	prepared := func() *place.Target {
		return &place.Target{
			Server: &targets.Server{Name: "x", App: targets.AppWSGI, Profiles: map[string]targets.Profile{"default": {}, "hardened": {}}}, ProfileName: "default",
			Installation: &targets.Installation{Version: "1.0", Python: "/usr/bin/python3"},
		}
	}
	base, err := File("/c", host, prepared())
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := File("/c", host, prepared()); again != base {
		t.Error("the same target has two files")
	}
	for what, change := range map[string]func(*place.Target){
		"version": func(p *place.Target) { p.Installation.Version = "1.1" },
		"python":  func(p *place.Target) { p.Installation.Python = "/usr/bin/python3.12" },
		"profile": func(p *place.Target) { p.ProfileName = "hardened" },
		"args":    func(p *place.Target) { p.Profile.Args = []string{"--threads=8"} },
		"builtin": func(p *place.Target) { p.Server.App = targets.AppBuiltin },
	} {
		p := prepared()
		change(p)
		if got, err := File("/c", host, p); err != nil || got == base {
			t.Errorf("%s does not change the file (%v)", what, err)
		}
	}
}

// However many benchruns want a probe at once, one of them measures it, and the
// others take the stored one.
func TestOneBenchrunMeasures(t *testing.T) {
	file := filepath.Join(t.TempDir(), "probes", "x.json")
	want := bench.Probe{Slots: 8, Watchdog: 10}
	var measured, waited atomic.Int32
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			err := Exclusive(t.Context(), file, func() { waited.Add(1) }, func() error {
				if got, ok := Load(file, patience(1000)); ok {
					if got != want {
						t.Errorf("got %+v", got)
					}
					return nil
				}
				measured.Add(1)
				for deadline := time.Now().Add(time.Minute); waited.Load() < 3 && time.Now().Before(deadline); {
					time.Sleep(5 * time.Millisecond)
				}
				return Keep(file, "gunicorn/default", want)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if measured.Load() != 1 || waited.Load() != 3 {
		t.Errorf("%d measured and %d waited, want 1 and 3", measured.Load(), waited.Load())
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(file), "*"))
	if err != nil || len(left) != 2 { // the probe and its lock
		t.Errorf("in the folder: %v (%v)", left, err)
	}
	// Waiting ends with the run.
	ended, cancel := context.WithCancelCause(t.Context())
	over := errors.New("over")
	err = Exclusive(t.Context(), file, nil, func() error {
		return Exclusive(ended, file, func() { cancel(over) }, func() error { return errors.New("two at once") })
	})
	if !errors.Is(err, over) {
		t.Errorf("got %v, want %v", err, over)
	}
}
