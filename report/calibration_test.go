package report

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

func sampleCalibration() Calibration {
	run := sampleRun()
	run.Args = []string{"calibrate", "wedge", "--out", "/a/folder/of/mine"}
	return Calibration{Run: run, Folder: "benchrun-out/x", Attempts: 2, Repeat: "benchrun calibrate wedge --attempts 2", Rows: []CalibrationRow{
		{Scenario: "wedge-1pct", Profile: "default", Expected: bench.Held, Seen: bench.Held, Outcome: AsExpected,
			Reason: "served 1,300 of 1,300 victims while 13 requests wedged; 11 of 11 slots came back after 2.0 s (median)"},
		{Scenario: "wedge-1pct", Profile: "no-watchdog", Planted: true, Expected: bench.Failed, Seen: bench.Held, Outcome: WrongVerdict, Reason: "served all | of them"},
		{Scenario: "segfault-1pct", Profile: "default", Expected: bench.Held, Outcome: NotMeasured, Reason: "not run"},
		{Scenario: "leak-10pct", Profile: "leaks-memory", Planted: true, Expected: bench.Failed, Cause: bench.MemoryKept, Seen: bench.Failed,
			Outcome: AsExpected, Reason: "memory kept: 1,048 of 1,040 MiB"},
		{Scenario: "null-stay-10pct", Profile: "default", Null: true, Expected: bench.Held, Seen: bench.Held,
			Outcome: AsExpected, Reason: "served 1,300 of 1,300 victims while 130 null faults did nothing"},
		{Scenario: "wedge-1pct+dead-control", Profile: "default", Expected: bench.Invalid, Cause: "control-dead", Seen: bench.Invalid,
			Outcome: AsExpected, Reason: "the whole record is in doubt: control-dead (the control server ended)"},
		{Scenario: "wedge-1pct+dead-control", Profile: "no-watchdog", Planted: true, Expected: bench.Invalid, Cause: "control-dead",
			Seen: bench.Failed, Outcome: WrongVerdict, Reason: "4 of 4 slots\x1b[31m held"},
	}}
}

func TestCalibrationTable(t *testing.T) {
	got := golden(t, "calibration-100.txt", func(w io.Writer) error {
		return CalibrationTable(w, sampleCalibration(), TableOptions{Width: 100})
	})
	for _, want := range []string{"4 of 7 as expected, 2 WRONG, 1 not measured", "(expected cause: control-dead)", "judge again"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if strings.Contains(got, "\x1b") {
		t.Error("a server's text steers the terminal")
	}
	var colored bytes.Buffer
	if err := CalibrationTable(&colored, sampleCalibration(), TableOptions{Width: 100, Color: true}); err != nil {
		t.Fatal(err)
	}
	if stripped := uncolored(colored.String()); stripped != got || colored.String() == got {
		t.Errorf("coloured it is another table:\n%s", stripped)
	}
}

func TestCalibrationPage(t *testing.T) {
	got := golden(t, "calibration.md", func(w io.Writer) error { return CalibrationPage(w, sampleCalibration()) })
	if host := sampleRun().Environment.Hostname; strings.Contains(got, host+":") {
		t.Errorf("the page names the host %s", host)
	}
	if strings.Contains(got, "mine") {
		t.Error("the page names a folder of this machine")
	}
	for line := range strings.Lines(got) {
		if n := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|"); strings.HasPrefix(line, "|") && n != 7 {
			t.Errorf("%d cells: %s", n-1, line)
		}
	}
	for _, want := range []string{"k = 2", "- repeat: `benchrun calibrate wedge --attempts 2`", "2026-11-21", "- `dead-control`: "} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing", want)
		}
	}
	families, rest, _ := strings.Cut(got, "\n## Null faults\n")
	nulls, sabotages, _ := strings.Cut(rest, "\n## Sabotages of the harness\n")
	for row, table := range map[string]string{"| leak-10pct ": families, "| null-stay-10pct ": nulls, "+dead-control ": sabotages} {
		if !strings.Contains(table, row) || strings.Count(got, row) != strings.Count(table, row) {
			t.Errorf("%s is not in its table alone", row)
		}
	}
	if strings.Contains(got, "`late-generator`") {
		t.Error("a sabotage that was not tried is described")
	}
}

func uncolored(s string) string {
	for _, code := range []string{"0", "31", "32", "33", "35"} {
		s = strings.ReplaceAll(s, "\x1b["+code+"m", "")
	}
	return s
}

// A wrong verdict has priority over cells that could not be measured.
func TestCalibrationErr(t *testing.T) {
	rows := func(outcomes ...CalibrationOutcome) Calibration {
		var c Calibration
		for _, o := range outcomes {
			c.Rows = append(c.Rows, CalibrationRow{Outcome: o})
		}
		return c
	}
	for _, tt := range []struct {
		result Calibration
		want   error
	}{
		{rows(AsExpected, AsExpected), nil},
		{rows(AsExpected, NotMeasured), bench.ErrUnmeasured},
		{rows(NotMeasured, WrongVerdict, AsExpected), bench.ErrCheckFailed},
	} {
		if got := tt.result.Err(); !errors.Is(got, tt.want) {
			t.Errorf("%+v: %v, want %v", tt.result.Rows, got, tt.want)
		}
	}
}
