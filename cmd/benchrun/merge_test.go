package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"benchrun/internal/bench"
	"benchrun/results"
)

// named gives a stored run another id, an hour later.
func named(id string) func(*bench.Run) {
	return func(r *bench.Run) { r.ID, r.StartedAt = id, "2026-11-21T13:00:00Z" }
}

func TestMergeCommand(t *testing.T) {
	out := t.TempDir()
	first := storedRun(t, named("20261121-130000-0001"))
	cmd := benchrunCommand(t.Context(), t, "merge", first, storedRun(t, named("20261121-130000-0002")), "--out", out, "--json", "-")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	var run bench.Run
	if err := json.Unmarshal(stdout.Bytes(), &run); err != nil {
		t.Fatal(err)
	}
	if len(run.Cells) != 1 || run.ID == "" || strings.Contains(run.ID, "+") {
		t.Errorf("%d cells under id %s", len(run.Cells), run.ID)
	}
	folder := filepath.Join(out, run.ID)
	page, err := os.ReadFile(filepath.Join(folder, results.ReportFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range run.Cells {
		if !strings.Contains(string(page), c.Scenario) {
			t.Errorf("report.html does not tell of %s", c.Name())
		}
	}
	if _, _, err := judgedAgain(t, folder); err != nil {
		t.Errorf("the merged run cannot be judged: %v", err)
	}
}

func TestMergeUsage(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"merge"}, "wants the folders"},
		{[]string{"merge", t.TempDir()}, "run.json"},
		{[]string{"merge", golden, golden}, "twice"},
	} {
		if stderr := fails(t, bench.ExitUsage, tt.args...); !strings.Contains(stderr, tt.want) {
			t.Errorf("%v: %s", tt.args, stderr)
		}
	}
}

// A rule that cannot be is found before anything is written.
func TestMergeResolvesRulesFirst(t *testing.T) {
	run, out := storedAs(t, bench.Failed), t.TempDir()
	ends(t, bench.ExitUsage, "merge", run, "--out", out, "--fail-on", "nope == 1")
	if left, err := os.ReadDir(out); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if stderr := ends(t, bench.ExitUsage, "merge", run, "--out", out, "--junit", "-"); !strings.Contains(stderr, "--junit - is no file") {
		t.Error(stderr)
	}
}
