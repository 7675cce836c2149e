package runner

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/targets"
)

func TestProbeIsKept(t *testing.T) {
	file := filepath.Join(t.TempDir(), "probes", "x.json")
	want := bench.Probe{Slots: 8, Watchdog: 10, WatchdogCensored: true}
	if _, ok := loadProbe(file, 1000, bench.ModeQuick, bench.Claims{}); ok {
		t.Error("a probe that was never kept was found")
	}
	if err := keepProbe(file, "gunicorn/default", want, 1000, bench.ModeQuick, bench.Claims{}); err != nil {
		t.Fatal(err)
	}
	if got, ok := loadProbe(file, 1000, bench.ModeQuick, bench.Claims{}); !ok || got != want {
		t.Errorf("got %+v, %v", got, ok)
	}
	for name, at := range map[string]time.Time{"old": time.Now().Add(-probeAge - time.Hour), "of tomorrow": time.Now().Add(24 * time.Hour)} {
		text, err := json.Marshal(cachedProbe{Schema: probeSchema, MeasuredAt: at.Format(time.RFC3339), Patience: 99, Probe: want})
		if err != nil {
			t.Fatal(err)
		}
		other := filepath.Join(filepath.Dir(file), "other.json")
		if err := os.WriteFile(other, text, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, ok := loadProbe(other, 1000, bench.ModeQuick, bench.Claims{}); ok {
			t.Errorf("a probe that is %s was taken", name)
		}
	}
	// A lower ratio fills the pool later, so the watchdog must be waited for longer.
	if _, ok := loadProbe(file, 100, bench.ModeQuick, bench.Claims{}); ok {
		t.Error("a bound of 10 s was taken for a ratio that wants 35 s")
	}
	if err := os.WriteFile(file, []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, ok := loadProbe(file, 1000, bench.ModeQuick, bench.Claims{}); ok {
		t.Error("a broken file was taken for a probe")
	}
	if err := errors.Join(os.Remove(file), syscall.Mkfifo(file, 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, ok := loadProbe(file, 1000, bench.ModeQuick, bench.Claims{}); ok { // and nobody waits for it
		t.Error("a pipe was taken for a probe")
	}
}

func TestDoubtfulProbeIsNotKept(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.json")
	if err := keepProbe(file, "x", bench.Probe{Slots: 1, Note: "not ready"}, 1000, bench.ModeQuick, bench.Claims{}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("a doubtful probe was kept")
	}
}

// Whatever could change a probe must change its file.
func TestProbeFileKey(t *testing.T) {
	lab := &Lab{Self: "/proc/self/exe"}
	prepared := func() *Prepared {
		return &Prepared{
			Server: &targets.Server{Name: "x", App: targets.AppWSGI}, ProfileName: "default",
			Installation: &targets.Installation{Version: "1.0", Python: "/usr/bin/python3"},
		}
	}
	base, err := lab.probeFile("/c", prepared())
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := lab.probeFile("/c", prepared()); again != base {
		t.Error("the same target has two files")
	}
	for what, change := range map[string]func(*Prepared){
		"version": func(p *Prepared) { p.Installation.Version = "1.1" },
		"python":  func(p *Prepared) { p.Installation.Python = "/usr/bin/python3.12" },
		"profile": func(p *Prepared) { p.ProfileName = "hardened" },
		"args":    func(p *Prepared) { p.Profile.Args = []string{"--threads=8"} },
		"builtin": func(p *Prepared) { p.Server.App = targets.AppBuiltin },
	} {
		p := prepared()
		change(p)
		if got, err := lab.probeFile("/c", p); err != nil || got == base {
			t.Errorf("%s does not change the file (%v)", what, err)
		}
	}
}

func TestCrew(t *testing.T) {
	var c crew
	c.end() // nothing to end
	var ended atomic.Int32
	for range 3 {
		c.start(t.Context(), func(ctx context.Context) { <-ctx.Done(); ended.Add(1) })
	}
	c.end()
	if n := ended.Load(); n != 3 {
		t.Errorf("%d of 3 had ended when end returned", n)
	}
	alive := make(chan bool)
	c.start(t.Context(), func(ctx context.Context) { alive <- ctx.Err() == nil; <-ctx.Done() })
	if !<-alive {
		t.Error("a crew that was ended once starts nothing any more")
	}
	c.end()
}

func TestSnapshotStandsStill(t *testing.T) {
	var c collector
	c.sample(bench.Sample{Seq: 1})
	shot := c.snapshot()
	c.sample(bench.Sample{Seq: 2})
	c.mark(3, bench.MarkFault, "")
	if len(shot.Samples) != 1 || len(shot.Marks) != 0 || len(c.snapshot().Samples) != 2 {
		t.Errorf("snapshot has %d samples and %d marks", len(shot.Samples), len(shot.Marks))
	}
}
