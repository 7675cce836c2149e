package main

import (
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/gate"
	"benchrun/internal/judge"
	"benchrun/results"
	"benchrun/scenarios"
)

// brokenRun stores a run of one cell that is judged broken, measured on testbed
// "here". Its cell is x/default/wedge-1pct.
func brokenRun(t *testing.T) string {
	t.Helper()
	run := bench.Run{Mode: bench.ModeQuick, Environment: bench.Environment{Testbed: "here"}}
	f, err := results.Create(t.TempDir(), run)
	if err != nil {
		t.Fatal(err)
	}
	cell := newCell()
	judge.Conclude(&cell, []bench.Judgement{storeAttempt(t, f, &cell)})
	run.Cells = []bench.Cell{cell}
	if err := f.WriteRun(run); err != nil {
		t.Fatal(err)
	}
	return f.Path()
}

// writeRun writes the run.json of a run and returns its name.
func writeRun(t *testing.T, run bench.Run) string {
	t.Helper()
	var text bytes.Buffer
	if err := run.Encode(&text); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "base.json")
	if err := os.WriteFile(path, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func writeWaivers(t *testing.T, entries string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "w.yaml")
	if err := os.WriteFile(path, []byte("schema: "+gate.WaiverSchema+"\nwaivers:\n"+entries), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const brokenWaiver = "- {cell: x, verdict: broken, reason: not packaged yet, expires: 2999-12-31}\n"

// A stored run is compared with another one, and what is expected is waived.
func TestBaselineOfAStoredRun(t *testing.T) {
	run := brokenRun(t)
	base := func(v bench.Verdict, testbed string, mode bench.Mode) string {
		cell := newCell()
		cell.Verdict, cell.Version = v, "0.9"
		return writeRun(t, bench.Run{Mode: mode, Environment: bench.Environment{Testbed: testbed}, Cells: []bench.Cell{cell}})
	}
	held := base(bench.Held, "here", bench.ModeQuick)
	waived, expired := writeWaivers(t, brokenWaiver), writeWaivers(t, strings.Replace(brokenWaiver, "2999", "2020", 1))
	for _, tt := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"as before", []string{"--baseline", base(bench.Broken, "here", bench.ModeQuick)}, bench.ExitOK, "gate: 1 of 1 checks hold"},
		{"itself", []string{"--baseline", run}, bench.ExitOK, "gate: 1 of 1 checks hold"},
		{"worse", []string{"--baseline", held}, bench.ExitCheckFailed, "broken: x/default/wedge-1pct: want no worse than the baseline: held (0.9), seen broken in 1 of 1 attempt (1.0)"},
		{"another testbed", []string{"--baseline", base(bench.Broken, "there", bench.ModeQuick)}, bench.ExitUsage, "benchrun duel x@0.9 x"},
		{"another mode", []string{"--baseline", base(bench.Broken, "here", bench.ModeFull)}, bench.ExitUsage, "mode full in the baseline, quick in this run"},
		{"another testbed anyway", []string{"--baseline", base(bench.Held, "there", bench.ModeQuick), "--baseline-anyway"}, bench.ExitCheckFailed, "seen broken"},
		{"invalid before", []string{"--baseline", base(bench.Invalid, "here", bench.ModeQuick)}, bench.ExitUsage, "it measured none of this run's cells"},
		{"no such run", []string{"--baseline", held + "x"}, bench.ExitUsage, "base.jsonx"},
		{"nothing to compare with", []string{"--baseline-anyway"}, bench.ExitUsage, "needs --baseline"},
		{"waived", []string{"--baseline", held, "--waivers", waived}, bench.ExitOK, "waived: x/default/wedge-1pct: want no worse than the baseline"},
		{"waived by an entry that has expired", []string{"--baseline", held, "--waivers", expired}, bench.ExitOK, "expired on 2020-12-31 and still waives"},
		{"a rule waived", []string{"--fail-on", "verdict >= held", "--waivers", waived}, bench.ExitOK, "gate: 0 of 1 checks hold, 1 waived"},
		{"a rule and the baseline", []string{"--fail-on", "verdict >= held", "--baseline", run}, bench.ExitCheckFailed, "gate: 1 of 2 checks hold"},
		{"waivers alone", []string{"--waivers", waived}, bench.ExitOK, ""},
		{"no waivers", []string{"--waivers", waived + "x"}, bench.ExitUsage, "no such file"},
		{"a draft waives nothing", []string{"--fail-on", "verdict >= held", "--waivers", writeWaivers(t, "- {cell: x, verdict: broken, reason: 'TODO', expires: 2999-12-31}\n")}, bench.ExitCheckFailed, "w.yaml:3: x is a draft and waives nothing"},
		{"waivers of other cells", []string{"--waivers", writeWaivers(t, strings.Replace(brokenWaiver, "x", "y", 1))}, bench.ExitOK, "y matches no cell of this run"},
	} {
		if stderr := ends(t, tt.code, append([]string{"judge", run}, tt.args...)...); !strings.Contains(stderr, tt.want) {
			t.Errorf("%s: want %q\n%s", tt.name, tt.want, stderr)
		}
	}
	// A merge keeps to the same.
	fails(t, bench.ExitCheckFailed, "merge", run, "--baseline", held)
	fails(t, bench.ExitOK, "merge", run, "--baseline", held, "--waivers", waived)
	fails(t, bench.ExitOK, "merge", run)
}

// Two old runs can be compared though the family is another one by now.
func TestBaselineOfAnOldFamily(t *testing.T) {
	cell := newCell()
	cell.FamilyVer, cell.Verdict = 0, bench.Held
	run := bench.Run{Mode: bench.ModeQuick, Environment: bench.Environment{Testbed: "here"}, Cells: []bench.Cell{cell}}
	b := baselineFlags{path: writeRun(t, run)}
	if err := b.resolve(t.Context(), measuredCells(run), like(run)); err != nil {
		t.Error(err)
	}
	now := run
	now.Cells = []bench.Cell{newCell()}
	if err := b.resolve(t.Context(), measuredCells(now), like(now)); err == nil {
		t.Error("two versions of a family were compared")
	}
}

// A baseline of another machine is refused before a single cell is measured.
func TestBaselineIsRefusedBeforeAnythingRuns(t *testing.T) {
	cell := bench.Cell{Server: "reference", Profile: "default", Scenario: "wedge-1pct", Family: "wedge", FamilyVer: 1, Verdict: bench.Held}
	base := writeRun(t, bench.Run{Mode: bench.ModeQuick, Environment: bench.Environment{Testbed: "elsewhere"}, Cells: []bench.Cell{cell}})
	out := filepath.Join(t.TempDir(), "out")
	args := []string{"-s", "reference", "-p", "default", "-c", "wedge-1pct", "--out", out, "--baseline", base}
	if stderr := ends(t, bench.ExitUsage, args...); !strings.Contains(stderr, "testbed elsewhere in the baseline") {
		t.Error(stderr)
	}
	if _, err := os.Stat(out); !os.IsNotExist(err) {
		t.Errorf("something was begun: %v", err)
	}
	ends(t, bench.ExitOK, append(args, "--baseline-anyway", "--dry-run")...)
	ends(t, bench.ExitUsage, append(args, "--baseline-anyway", "--dry-run", "--waivers", base)...) // a file of something else
}

// decided is the error that stands for the exit code.
func decided(g *gateFlags, stderr io.Writer, run bench.Run) error {
	rules, err := g.rules(measuredCells(run))
	if err != nil {
		return err
	}
	_, _, err = g.decide(stderr, rules, run)
	return err
}

// Broken comes before unmeasured with baselines too, and what is waived counts
// as kept.
func TestDecideWithBaselineAndWaivers(t *testing.T) {
	cell := func(profile string, v bench.Verdict, flags ...string) bench.Cell {
		return bench.Cell{Server: "s", Profile: profile, Scenario: "wedge-1pct", Family: "wedge", FamilyVer: 1, Verdict: v, Flags: flags}
	}
	base := bench.Run{Cells: []bench.Cell{cell("p", bench.Held), cell("q", bench.Held)}}
	failed := gate.Waiver{Cell: "s/p", Verdict: bench.Failed, Reason: "known"}
	for _, tt := range []struct {
		name    string
		strict  bool
		waivers []gate.Waiver
		cells   []bench.Cell
		want    error
	}{
		{"as before", false, nil, []bench.Cell{cell("p", bench.Held), cell("q", bench.Held)}, nil},
		{"worse", false, nil, []bench.Cell{cell("p", bench.Failed), cell("q", bench.Invalid)}, errCheckFailed},
		{"worse, waived", false, []gate.Waiver{failed}, []bench.Cell{cell("p", bench.Failed), cell("q", bench.Held)}, nil},
		{"worse than waived", false, []gate.Waiver{failed}, []bench.Cell{cell("p", bench.Broken)}, errCheckFailed},
		{"waived, but another is not measured", false, []gate.Waiver{failed}, []bench.Cell{cell("p", bench.Failed), cell("q", bench.Invalid)}, errUnmeasured},
		{"what is waived may be flagged", true, []gate.Waiver{failed}, []bench.Cell{cell("p", bench.Failed, judge.FlagSurvivors)}, errStrict},
		{"an unexpected pass", true, []gate.Waiver{failed}, []bench.Cell{cell("p", bench.Held)}, nil},
		{"nothing could be compared", false, nil, []bench.Cell{cell("r", bench.Held)}, errUnmeasured},
	} {
		g := gateFlags{strict: tt.strict, baseline: baselineFlags{run: &base}, waivers: waiverFlags{list: tt.waivers}}
		if got := decided(&g, io.Discard, bench.Run{Cells: tt.cells}); got != tt.want { //nolint:errorlint // these very values
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// Time alone changes no exit code: whatever the run, the rules, the baseline and
// the waivers, the outcome is the same on every day.
func TestExpiryAloneChangesNoExitCode(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	pick := func(words ...string) string { return words[random.IntN(len(words))] }
	start := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	someRun := func() bench.Run {
		var run bench.Run
		for range 1 + random.IntN(6) {
			f, _ := scenarios.ByID(pick("wedge", "segfault"))
			run.Cells = append(run.Cells, bench.Cell{
				Server: pick("a", "b"), Profile: pick("p", "q"), Scenario: f.ID + "-1pct", Family: f.ID, FamilyVer: 1,
				Verdict: bench.Verdict(random.IntN(int(bench.Held) + 1)),
			})
		}
		run.Cells[0].Verdict = max(run.Cells[0].Verdict, bench.Broken) // rules must have something to be about
		return run
	}
	outcomes, toldDiffers := map[error]int{}, false
	for range 2000 {
		run, base := someRun(), someRun()
		g := gateFlags{strict: random.IntN(2) == 0}
		if random.IntN(3) > 0 {
			g.failOn = []string{"verdict >= " + pick("failed", "degraded", "held")}
		}
		if random.IntN(2) == 0 {
			g.baseline.run = &base
		}
		for range random.IntN(4) {
			g.waivers.list = append(g.waivers.list, gate.Waiver{
				Cell: pick("a", "*/q", "*/*/wedge-*", "b/p/segfault-1pct"), Reason: "r",
				Verdict: bench.Broken + bench.Verdict(random.IntN(4)), Expires: start.AddDate(0, 0, random.IntN(200)),
			})
		}
		var first error
		var said string
		for i, days := range []int{-1000, random.IntN(200), 10_000} {
			g.waivers.now = func() time.Time { return start.AddDate(0, 0, days) }
			var stderr bytes.Buffer
			got := decided(&g, &stderr, run)
			if i == 0 {
				first, said = got, stderr.String()
				outcomes[got]++
			}
			if got != first { //nolint:errorlint // these very values
				t.Fatalf("day %d: %v, before %v\n%+v", days, got, first, g)
			}
			toldDiffers = toldDiffers || stderr.String() != said
		}
	}
	for _, want := range []error{nil, errCheckFailed, errUnmeasured} {
		if outcomes[want] < 50 {
			t.Errorf("%v came out %d times: the runs are not various", want, outcomes[want])
		}
	}
	if !toldDiffers {
		t.Error("no waiver ever expired")
	}
}
