package report

import (
	"bytes"
	"strings"
	"testing"
)

// fitsIn checks that no line of a text is wider than the terminal, except commands for copying, which
// are never broken, and the line that names a folder.
func fitsIn(t *testing.T, what, text string, width int) {
	t.Helper()
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		command := strings.Contains(line, "benchrun ") || strings.HasPrefix(line, "results ")
		if columns(line) > width && !command {
			t.Errorf("%s at %d columns: %d wide: %q", what, width, columns(line), line)
		}
	}
}

// On a narrow terminal every table drops columns, so that the terminal need not break its lines.
func TestNarrowTables(t *testing.T) {
	for _, width := range []int{40, 50, 60, 80, 100} {
		var b bytes.Buffer
		for _, color := range []bool{true, false} {
			b.Reset()
			if err := Table(&b, sampleView(), TableOptions{Width: width, Color: color}); err != nil {
				t.Fatal(err)
			}
			fitsIn(t, "table", b.String(), width)
			for line := range strings.Lines(b.String()) {
				if at := strings.LastIndex(line, "\x1b["); at >= 0 && !strings.HasPrefix(line[at:], uncolour) {
					t.Errorf("%q: its colour does not end", line)
				}
			}
		}
		for _, want := range []string{"gunicorn", "wedge-1pct", "✗", "✓", "left out"} {
			if !strings.Contains(b.String(), want) {
				t.Errorf("table at %d columns: no %q\n%s", width, want, b.String())
			}
		}
		b.Reset()
		d := DuelView{A: "gunicorn 26.1.0 hardened", B: "gunicorn 27.0.1 hardened", Bouts: []DuelRow{
			{Scenario: "slow-download-0.5pct", Answer: "worse", A: "held 100.0 %", B: "failed 12.3 %", Loss: "+87.7 %", Pairs: 2, Reasons: []string{strings.Repeat("why ", 40)}},
		}}
		if err := Duel(&b, d, width); err != nil {
			t.Fatal(err)
		}
		fitsIn(t, "duel", b.String(), width)
		if !strings.Contains(b.String(), "slow-download-0.5pct") || !strings.Contains(b.String(), "✗ worse") {
			t.Error(b.String())
		}
		b.Reset()
		if err := CalibrationTable(&b, sampleCalibration(), TableOptions{Width: width, Color: true}); err != nil {
			t.Fatal(err)
		}
		fitsIn(t, "calibration", b.String(), width)
		if !strings.Contains(b.String(), string(AsExpected)) {
			t.Error(b.String())
		}
	}
}

// A duel of a target against itself says so.
func TestDuelOfOneTarget(t *testing.T) {
	for _, same := range []bool{true, false} {
		var b bytes.Buffer
		if err := Duel(&b, DuelView{A: "x", B: "x", Same: same}, 100); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(b.String(), "A/A test") != same || !strings.Contains(b.String(), "no scenario was measured") {
			t.Errorf("same %v: %s", same, b.String())
		}
	}
}
