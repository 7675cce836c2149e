package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/calibrate"
	"benchrun/report"
	"benchrun/results"
	"benchrun/targets"
)

// dailySabotages are those that the gate tries, one of each kind; -every-family
// tries them all, two minutes more.
var dailySabotages = []bench.Sabotage{
	bench.SabotageLateGenerator, bench.SabotageDeadControl, bench.SabotageFaultsUnsent, bench.SabotageAppWithoutFault,
}

// A harness that is spoiled for real, on a sound server and on a flawed one, says
// invalid and names the cause, in the run and when its records are judged again.
// Nothing that it leaves behind could be taken for a result.
func TestSabotages(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	defer cancel()
	var words []string
	for _, s := range bench.SabotageTable {
		if slices.Contains(dailySabotages, s.Sabotage) || *everyFamily {
			words = append(words, string(s.Sabotage))
		}
	}
	out := t.TempDir()
	page := filepath.Join(out, "page.md")
	cmd := benchrunCommand(ctx, t, append([]string{"calibrate", "--out", out, "--write=" + page}, words...)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("calibrate: %v\n%s\n%s", err, stdout.String(), stderr.String())
	}
	folders, err := filepath.Glob(filepath.Join(out, "*", results.RunFile))
	if err != nil || len(folders) != 1 {
		t.Fatalf("runs %v, %v", folders, err)
	}
	folder, err := results.OpenFolder(folders[0])
	if err != nil {
		t.Fatal(err)
	}
	run, err := folder.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	reg, err := targets.Load(targets.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	cases, err := calibrate.Cases(reg, words)
	if err != nil {
		t.Fatal(err)
	}
	if len(run.Cells) != len(cases) {
		t.Fatalf("%d cells of %d cases", len(run.Cells), len(cases))
	}
	written, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range cases {
		cell := run.Cells[i]
		if cell.Name() != c.Cell.Name() || cell.Verdict != bench.Invalid || !strings.Contains(strings.Join(cell.Reasons, "\n"), c.Cause) {
			t.Errorf("%s: %s %q, want %s with %q", cell.Name(), cell.Verdict, cell.Reasons, c.Cell.Name(), c.Cause)
		}
		if !slices.Contains(cell.Flags, "sabotaged") {
			t.Errorf("%s: flags %q do not tell of the sabotage", cell.Name(), cell.Flags)
		}
		for _, a := range cell.Attempts {
			rec, err := folder.ReadRecord(t.Context(), a.Record)
			if err != nil {
				t.Fatal(err)
			}
			if rec.Head.Sabotage != c.Cell.Scenario.Sabotage {
				t.Errorf("%s: the record names the sabotage %q", a.Record, rec.Head.Sabotage)
			}
		}
		if !strings.Contains(string(written), cell.Scenario) || !strings.Contains(stdout.String(), cell.Scenario) {
			t.Errorf("%s is missing in the page or the table", cell.Name())
		}
	}
	judgedTheSame(t, folder.Path())
}

// One wrong verdict outweighs whatever could not be measured.
func TestCalibrationExitCodes(t *testing.T) {
	rows := func(outcomes ...report.CalibrationOutcome) report.Calibration {
		var c report.Calibration
		for _, o := range outcomes {
			c.Rows = append(c.Rows, report.CalibrationRow{Outcome: o})
		}
		return c
	}
	for _, tt := range []struct {
		result report.Calibration
		want   int
	}{
		{rows(report.AsExpected, report.AsExpected), bench.ExitOK},
		{rows(report.AsExpected, report.NotMeasured), bench.ExitUnmeasured},
		{rows(report.NotMeasured, report.WrongVerdict, report.AsExpected), bench.ExitCheckFailed},
	} {
		if got := exitCode(t.Context(), calibrated(tt.result)); got != tt.want {
			t.Errorf("%+v: exit %d, want %d", tt.result.Rows, got, tt.want)
		}
	}
}

func TestRepeat(t *testing.T) {
	c := calibrating{settings: settings{attempts: 2, seed: 7, out: "/mine"}, page: "x.md"}
	for want, got := range map[string]string{
		"benchrun calibrate wedge dead-control --attempts 2 --seed 7": c.repeat([]string{"wedge", "dead-control"}),
		"benchrun calibrate --short --attempts 2 --seed 7":            calibrating{settings: c.settings, short: true}.repeat(nil),
		"benchrun calibrate --attempts 2 --seed 7":                    c.repeat(nil),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// A page that has no place to go to is found out before anything is run.
func TestCheckPage(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for page, ok := range map[string]bool{
		"": true, filepath.Join(dir, "page.md"): true,
		filepath.Join(dir, "absent", "page.md"): false, filepath.Join(file, "page.md"): false, dir: false,
	} {
		err := calibrating{page: page}.checkPage()
		var env *bench.EnvironmentError
		if ok != (err == nil) || err != nil && !errors.As(err, &env) {
			t.Errorf("--write=%s: %v", page, err)
		}
	}
}
