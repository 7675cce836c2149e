package campaign

import (
	"path/filepath"
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/campaign/pack"
	"benchrun/internal/launch"
	"benchrun/internal/place"
	"benchrun/internal/plan"
	"benchrun/internal/probe"
	"benchrun/targets"
)

// A dry run and the run that follows say the same, whatever is stored, whatever others use,
// and with or without cgroups.
func TestDryRunKnowsWhatTheRunKnows(t *testing.T) {
	cache := t.TempDir()
	t.Setenv(targets.CacheVariable, cache)
	found, err := place.NewHost(t.Context(), bench.Environment{CPUs: 2, MemoryBytes: 4 << 30}, "test", 0)
	if err != nil {
		t.Fatal(err)
	}
	host := &place.Host{Caps: found.Caps, User: found.User, Limits: found.Limits, Self: found.Self, Version: "test", Environment: found.Environment}
	host.Caps.CPU = true
	wedge, upload := widerUploads(t)
	wedge.Server.VersionCommand = []string{"/bin/echo", "mine 1.2"}
	var cells []plan.Cell
	for n := range 6 {
		for _, c := range []plan.Cell{wedge, upload} {
			c.Scenario.Ratio *= bench.Ratio(n + 1)
			cells = append(cells, c)
		}
	}
	order := Order{Cells: cells, Mode: bench.ModeQuick, Attempts: 1}
	estimates := func() (dry, run time.Duration) {
		t.Helper()
		before, err := order.wouldBegin(t.Context(), host, new(targets.Outlook))
		if err != nil {
			t.Fatal(err)
		}
		span, _ := expected(before.foresee(1))
		dry = span.Likely
		r, release, err := Open(host, order, Opening{Out: t.TempDir(), Benchrun: "test"})
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		r.Tell = func(e bench.Event) {
			if e, ok := e.(bench.RunBegun); ok {
				run = e.Estimate
			}
		}
		if err := r.begin(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		return dry, run
	}
	was, began := estimates()
	if was != began || was == 0 {
		t.Errorf("nothing is stored: the dry run says %s, the run %s", was, began)
	}
	target := recallInstalled(t.Context(), host, new(targets.Outlook), wedge, "")
	if target == nil || target.Installation.Version != "1.2" {
		t.Fatalf("after a run the dry run knows %+v", target)
	}
	notices := launch.NewNotices(filepath.Join(cache, "notices"))
	defer notices.Leave()
	for _, step := range []struct {
		what   string
		change func() error
		less   bool // it takes less time after the change, otherwise more
	}{
		{"loads are stored", func() error {
			for _, c := range cells {
				file, err := probe.File(cache, host, target.Under(c.Scenario.Family.ID))
				if err != nil {
					return err
				}
				if err := new(loads).keep(filepath.Join(cache, "loads", filepath.Base(file)), c.Scenario.Name(), loaded(pack.Load{CPU: 0.2, Burst: 0.01, Memory: 1 << 20})); err != nil {
					return err
				}
			}
			return nil
		}, true},
		{"probes are stored", func() error {
			for _, c := range []plan.Cell{wedge, upload} {
				file, err := probe.File(cache, host, target.Under(c.Scenario.Family.ID))
				if err != nil {
					return err
				}
				if err := probe.Keep(file, c.Launch(), bench.Probe{Slots: 4, Watchdog: 2}); err != nil {
					return err
				}
			}
			return nil
		}, true},
		{"no cgroup counts what targets use", func() error { host.Caps.CPU = false; return nil }, false},
		{"another benchrun fills most of the machine", func() error {
			host.Notices = filepath.Join(cache, "notices")
			return notices.Turn(func([][]byte) []byte { return []byte(`{"runs": {"cpu": 0.9}, "cpus": 1.7}`) })
		}, false},
	} {
		if err := step.change(); err != nil {
			t.Fatal(err)
		}
		dry, run := estimates()
		if dry != run {
			t.Errorf("%s: the dry run says %s, the run %s", step.what, dry, run)
		}
		if dry == was || (dry < was) != step.less {
			t.Errorf("%s: %s, before that %s", step.what, dry, was)
		}
		was = dry
	}
}
