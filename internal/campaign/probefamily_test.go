package campaign

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"benchrun/internal/bench"
	"benchrun/internal/place"
	"benchrun/internal/plan"
	"benchrun/internal/probe"
	"benchrun/scenarios"
	"benchrun/targets"
)

// widerUploads are two cells of the reference server. Its profile has more workers
// for the family of the second.
func widerUploads(t *testing.T) (wedge, upload plan.Cell) {
	t.Helper()
	profile := targets.Profile{
		Args: []string{"--workers", "2", "--watchdog", "2s"}, Workers: 2,
		Families: map[string]targets.ForFamily{"slow-upload": {Args: []string{"--workers", "5"}}},
	}
	server := &targets.Server{
		Name: "reference", App: targets.AppBuiltin, Profiles: map[string]targets.Profile{"default": profile},
		CommandWords: []string{"{benchrun}", "__reference", "--bind", "{host}:{port}", "--app", "{app}", "{args}"},
	}
	cell := func(id string) plan.Cell {
		f, ok := scenarios.ByID(id)
		if !ok {
			t.Fatalf("no family %s", id)
		}
		return plan.Cell{Server: server, Profile: "default", Scenario: f.Scenario()}
	}
	cells := plan.WithPatience([]plan.Cell{cell("wedge"), cell("slow-upload")}, bench.ModeQuick)
	return cells[0], cells[1]
}

// probing is a run in which the target of a cell is installed.
func probing(t *testing.T, c plan.Cell) *Run {
	t.Helper()
	t.Setenv(targets.CacheVariable, t.TempDir())
	host, err := place.NewHost(t.Context(), bench.Environment{MemoryBytes: 4 << 30}, "test", 0)
	if err != nil {
		t.Fatal(err)
	}
	r := newRun(Order{Cells: []plan.Cell{c}, Mode: bench.ModeQuick, Attempts: 1})
	r.Host, r.Folder = host, earlierRun(t, 1).Folder
	r.prepared = map[string]*place.Target{c.Target(): {
		Server: c.Server, Profile: c.Server.Profiles[c.Profile], ProfileName: c.Profile,
		Installation: &targets.Installation{Version: "1.0"},
	}}
	return r
}

// The probe launches the same command as the attempts, with the family's arguments.
func TestProbeUnderAFamily(t *testing.T) {
	_, upload := widerUploads(t)
	r := probing(t, upload)
	u := r.underway(0)
	u.target = r.launched(upload)
	target, err := u.target, u.probe(t.Context())
	if errors.Is(err, probe.ErrHostStalled) {
		t.Skip(err)
	}
	if err != nil || target.Probe.Slots != 5 {
		t.Errorf("%+v, %v: five workers were launched for uploads", target.Probe, err)
	}
	if k := r.knowledge(); k.Probes[upload.Launch()] != target.Probe {
		t.Errorf("known for the estimate: %+v", k.Probes)
	}
}

// The probe of one launch is not used for another launch, in this run or a later one.
func TestProbesOfFamiliesAreApart(t *testing.T) {
	wedge, upload := widerUploads(t)
	if wedge.Target() != upload.Target() || wedge.Launch() == upload.Launch() {
		t.Fatalf("%s and %s", wedge.Launch(), upload.Launch())
	}
	r := probing(t, wedge)
	narrow := bench.Probe{Slots: 2, Watchdog: 2}
	r.know(r.launched(wedge), wedge, narrow)
	if got := r.launched(upload); got.Probe.Slots != 0 || !slices.Equal(got.Profile.Args, []string{"--workers", "2", "--watchdog", "2s", "--workers", "5"}) {
		t.Errorf("%+v with %q", got.Probe, got.Profile.Args)
	}
	if got := r.launched(wedge); got.Probe != narrow {
		t.Errorf("of a wedge: %+v", got.Probe)
	}
	file := r.keptIn(r.launched(wedge), wedge).probe
	if err := probe.Keep(file, wedge.Launch(), narrow); err != nil {
		t.Fatal(err)
	}
	r.probes = nil
	recalled := func(c plan.Cell) bool { return r.recallProbe(r.launched(c), c) }
	if !recalled(wedge) || recalled(upload) {
		t.Errorf("recalled from %s: %+v", filepath.Base(file), r.probes)
	}
}

// A run looks for stored probes once; what another benchrun stores meanwhile is found
// before it would be measured again.
func TestStoredProbesAreLookedForOnce(t *testing.T) {
	wedge, _ := widerUploads(t)
	r := probing(t, wedge)
	stored := bench.Probe{Slots: 2, Watchdog: 2}
	file := r.keptIn(r.launched(wedge), wedge).probe
	r.recallProbes()
	unprobed := r.estimate([]plan.Cell{wedge})
	if err := probe.Keep(file, wedge.Launch(), stored); err != nil {
		t.Fatal(err)
	}
	if again := r.estimate([]plan.Cell{wedge}); again != unprobed || len(r.probes) > 0 {
		t.Errorf("estimated %s, then %s with %+v known: it was looked for again", unprobed, again, r.probes)
	}
	u := r.underway(0)
	u.target = r.launched(wedge)
	if err := u.probe(t.Context()); err != nil || u.target.Probe != stored {
		t.Errorf("%+v, %v, want what is stored", u.target.Probe, err)
	}
	r.probes = nil
	if r.recallProbes(); r.launched(wedge).Probe != stored {
		t.Errorf("the next run knows %+v", r.probes)
	}
}

// The files of a launch are named once: a run finds what it has stored, even if what
// the names depend on has changed meanwhile.
func TestFilesOfALaunchAreNamedOnce(t *testing.T) {
	wedge, upload := widerUploads(t)
	r := probing(t, wedge)
	was := r.keptIn(r.launched(wedge), wedge)
	if was.err != nil || was.probe == "" || was.loads == "" || was.loads == was.probe {
		t.Fatalf("%+v", was)
	}
	r.Host.Environment.Testbed = "another"
	if is := r.keptIn(r.launched(wedge), wedge); is != was {
		t.Errorf("%+v, then %+v", was, is)
	}
	if other := r.keptIn(r.launched(upload), upload); other.probe == was.probe || other.loads == was.loads {
		t.Errorf("two launches share %+v", other)
	}
}
