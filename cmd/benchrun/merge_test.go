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

// golden is a run as the first version stored it.
const golden = "../../results/testdata/golden/20261121-120000-3fa9"

// copyRun makes a run of another id, an hour later, from the first cells of the
// golden one: those that have records.
func copyRun(t *testing.T, id string, cells int) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), id)
	if err := os.CopyFS(dir, os.DirFS(golden)); err != nil {
		t.Fatal(err)
	}
	run, err := results.ReadRun(dir)
	if err != nil {
		t.Fatal(err)
	}
	run.ID, run.StartedAt, run.Cells = id, "2026-11-21T13:00:00Z", run.Cells[:cells]
	var text bytes.Buffer
	if err := run.Encode(&text); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, results.RunFile), text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestMergeCommand(t *testing.T) {
	out := t.TempDir()
	first := copyRun(t, "20261121-130000-0001", 1)
	cmd := benchrunCommand(t.Context(), t, "merge", first, copyRun(t, "20261121-130000-0002", 1), "--out", out, "--json", "-")
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
	if _, _, err := judgeAgain(folder); err != nil {
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
