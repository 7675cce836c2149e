package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"benchrun/internal/bench"
	"benchrun/internal/gate"
	"benchrun/internal/judge"
	"benchrun/internal/stored"
	"benchrun/results"
)

// brokenRun stores a run of one broken cell, x/default/wedge-1pct, measured on testbed
// "here".
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

// A stored run can be compared with another one, and waivers apply.
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
	// merge compares in the same way.
	fails(t, bench.ExitCheckFailed, "merge", run, "--baseline", held)
	fails(t, bench.ExitOK, "merge", run, "--baseline", held, "--waivers", waived)
	fails(t, bench.ExitOK, "merge", run)
}

// Two old runs can be compared even if the family has a new version.
func TestBaselineOfAnOldFamily(t *testing.T) {
	cell := newCell()
	cell.FamilyVer, cell.Verdict = 0, bench.Held
	run := bench.Run{Mode: bench.ModeQuick, Environment: bench.Environment{Testbed: "here"}, Cells: []bench.Cell{cell}}
	s := settings{gate: gate.Demands{Baseline: writeRun(t, run)}}
	if _, err := s.resolveGate(t.Context(), io.Discard, stored.Selected(run), like(run)); err != nil {
		t.Error(err)
	}
	now := run
	now.Cells = []bench.Cell{newCell()}
	if _, err := s.resolveGate(t.Context(), io.Discard, stored.Selected(now), like(now)); err == nil {
		t.Error("two versions of a family were compared")
	}
}

// A baseline from another machine is refused before any cell is measured.
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
	ends(t, bench.ExitUsage, append(args, "--baseline-anyway", "--dry-run", "--waivers", base)...) // not a file of waivers
}
