package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"benchrun/internal/bench"
	"benchrun/internal/judge"
)

// A stored run is judged and gated without anything being run.
func TestGateOfAStoredRun(t *testing.T) {
	run := storedRun(t)
	judged, _, err := judgedAgain(t, run)
	if err != nil {
		t.Fatal(err)
	}
	cell := judged.Cells[0]
	verdict := cell.Verdict.String()
	file := filepath.Join(t.TempDir(), "gate.txt")
	if err := os.WriteFile(file, []byte("verdict >= held\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(t.TempDir(), "gate.bin")
	if err := os.WriteFile(binary, []byte("\x7fELF\x02\x01\x01\x00\x00"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"no gate", nil, bench.ExitOK, ""},
		{"a rule that cannot match", []string{"--fail-on", "waitress: verdict >= held"}, bench.ExitUsage, `rule "waitress: verdict >= held": it selects no cell`},
		{"an unknown measure", []string{"--fail-on", "speed > 9"}, bench.ExitUsage, `unknown measure "speed"`},
		{"a binary file", []string{"--gate", binary}, bench.ExitUsage, binary + ":1: not a text file"},
		{"a missing file", []string{"--gate", file + "x"}, bench.ExitUsage, "no such file"},
	} {
		if stderr := ends(t, tt.code, append([]string{"judge", run}, tt.args...)...); !strings.Contains(stderr, tt.want) {
			t.Errorf("%s: %s", tt.name, stderr)
		}
	}
	want := map[bench.Verdict]int{bench.Held: bench.ExitOK, bench.Invalid: bench.ExitUnmeasured}[cell.Verdict]
	if cell.Verdict != bench.Held && cell.Verdict != bench.Invalid {
		want = bench.ExitCheckFailed
	}
	stderr := ends(t, want, "judge", run, "--gate", file)
	if !strings.Contains(stderr, "of 1 checks hold") || cell.Verdict != bench.Held && !strings.Contains(stderr, "seen "+verdict) {
		t.Errorf("%s", stderr)
	}
}

// Broken comes before unmeasured, and strict checks count only when nothing
// else is wrong.
func TestDecide(t *testing.T) {
	cell := func(v bench.Verdict, flags ...string) bench.Cell {
		return bench.Cell{Server: "s", Profile: "p", Scenario: "wedge-1pct", Family: "wedge", Verdict: v, Flags: flags}
	}
	for _, tt := range []struct {
		name   string
		rules  []string
		strict bool
		cells  []bench.Cell
		want   error
	}{
		{"no rule", nil, false, []bench.Cell{cell(bench.Failed)}, nil},
		{"no rule, invalid", nil, false, []bench.Cell{cell(bench.Invalid)}, errUnmeasured},
		{"kept", []string{"verdict >= held"}, false, []bench.Cell{cell(bench.Held, judge.FlagFlaky)}, nil},
		{"broken", []string{"verdict >= held"}, true, []bench.Cell{cell(bench.Failed, judge.FlagFlaky), cell(bench.Invalid)}, errCheckFailed},
		{"another cell is invalid", []string{"verdict >= failed"}, true, []bench.Cell{cell(bench.Held, judge.FlagFlaky), cell(bench.Invalid)}, errUnmeasured},
		{"missing", []string{"time_to_recover <= 10s"}, false, []bench.Cell{cell(bench.Held)}, errUnmeasured},
		{"strict", []string{"verdict >= held"}, true, []bench.Cell{cell(bench.Held, judge.FlagFlaky)}, errStrict},
		{"strict without rules", nil, true, []bench.Cell{cell(bench.Held, judge.FlagAged)}, nil},
	} {
		g := gateFlags{failOn: tt.rules, strict: tt.strict}
		run := bench.Run{Cells: tt.cells}
		rules, err := g.rules(measuredCells(run))
		if err != nil {
			t.Fatal(err)
		}
		findings, _, got := g.decide(&bytes.Buffer{}, rules, run)
		if got != tt.want { //nolint:errorlint // these very values
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
		if (got == nil) != (len(findings) == 0) { // what CI is shown is what the exit code says
			t.Errorf("%s: %v, but findings %v", tt.name, got, findings)
		}
	}
}

// The flags that --strict minds are flags of the judge.
func TestStrictFlagsExist(t *testing.T) {
	for _, f := range strictFlags {
		if !slices.ContainsFunc(judge.FlagTable, func(s judge.FlagSpec) bool { return s.Name == f }) {
			t.Errorf("no flag %q", f)
		}
	}
}
