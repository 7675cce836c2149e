package main

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/calibrate"
	"benchrun/results"
	"benchrun/scenarios"
	"benchrun/targets"
)

// everyCase is for changes to the instrument itself. Otherwise the tests take one pair and one
// sabotage of each kind.
var everyCase = flag.Bool("every-case", false, "measure all that calibrate can, which takes minutes more")

var dailySabotages = []bench.Sabotage{
	bench.SabotageLateGenerator, bench.SabotageDeadControl, bench.SabotageFaultsUnsent, bench.SabotageAppWithoutFault,
}

// The sound reference server is held, and each flaw is found. A harness that is sabotaged for
// real says invalid and names the cause, on a sound and on a flawed server, in the run and
// when the records are judged again. Nothing that it leaves behind looks like a result.
func TestMeasuredCalibration(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Minute)
	defer cancel()
	// Beside them: an act that is no request, and clients and acts that do nothing. Slow uploads
	// take minutes, and TestMeasuredServers has real servers that hold them and that do not.
	words := slices.DeleteFunc(append(scenarios.Short(), "reload", "null"), func(word string) bool { return word == "slow-upload" })
	for _, s := range dailySabotages {
		words = append(words, string(s))
	}
	if *everyCase {
		words = nil
	}
	out := t.TempDir()
	page := filepath.Join(out, "page.md")
	cmd := benchrunCommand(ctx, t, append([]string{"calibrate", "--attempts", "1", "--jobs", "auto", "--out", out, "--write=" + page}, words...)...)
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
	cases := calibrationCases(t, words...)
	wantCalibrated(t, cases, run)
	written, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	schedules := map[string]string{}
	for i, c := range cases {
		cell := run.Cells[i]
		for _, a := range cell.Attempts {
			rec, err := folder.ReadRecord(t.Context(), a.Record)
			if err != nil {
				t.Fatal(err)
			}
			if rec.Head.Sabotage != c.Cell.Scenario.Sabotage {
				t.Errorf("%s: the record names the sabotage %q", a.Record, rec.Head.Sabotage)
			}
		}
		if cell.ScheduleHash == "" || len(cell.Command) == 0 || c.Planted && schedules[cell.Scenario] != cell.ScheduleHash {
			t.Errorf("%s: schedule %q, under one seed %q; command %q", cell.Name(), cell.ScheduleHash, schedules[cell.Scenario], cell.Command)
		}
		schedules[cell.Scenario] = cell.ScheduleHash
		if !strings.Contains(string(written), cell.Scenario) || !strings.Contains(stdout.String(), cell.Scenario) {
			t.Errorf("%s is missing in the page or the table", cell.Name())
		}
	}
	judgedTheSame(t, folder.Path())
}

func calibrationCases(t *testing.T, words ...string) []calibrate.Case {
	t.Helper()
	reg, err := targets.Load(targets.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	cases, err := calibrate.Cases(reg, words)
	if err != nil {
		t.Fatal(err)
	}
	return cases
}

// wantCalibrated checks that each cell of a run has the verdict of its case, for the right
// reason.
func wantCalibrated(t *testing.T, cases []calibrate.Case, run bench.Run) {
	t.Helper()
	if len(run.Cells) != len(cases) {
		t.Fatalf("%d cells of %d cases", len(run.Cells), len(cases))
	}
	for i, c := range cases {
		cell := run.Cells[i]
		if cell.Name() != c.Cell.Name() || cell.Verdict != c.Expected || !strings.Contains(strings.Join(cell.Reasons, "\n"), c.Cause) || len(cell.Reasons) == 0 {
			t.Errorf("%s: %s %q, want %s %s with %q", cell.Name(), cell.Verdict, cell.Reasons, c.Cell.Name(), c.Expected, c.Cause)
		}
		if sabotaged := c.Cell.Scenario.Sabotage != ""; sabotaged != slices.Contains(cell.Flags, "sabotaged") {
			t.Errorf("%s: flags %q", cell.Name(), cell.Flags)
		}
	}
}
