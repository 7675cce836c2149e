package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// A stored run is judged and gated without running anything.
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
