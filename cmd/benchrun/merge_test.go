package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"benchrun/internal/bench"
	"benchrun/results"
)

// named changes a stored run's ID, and its start to an hour later.
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

// An impossible rule is found before anything is written.
func TestMergeResolvesRulesFirst(t *testing.T) {
	run, out := storedAs(t, bench.Failed), t.TempDir()
	ends(t, bench.ExitUsage, "merge", run, "--out", out, "--fail-on", "nope == 1")
	if left, err := os.ReadDir(out); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if stderr := ends(t, bench.ExitUsage, "merge", run, "--out", out, "--junit", "-"); !strings.Contains(stderr, "--junit - is not a file") {
		t.Error(stderr)
	}
}

// Runs that were not measured alike are refused, with the differences. If they are joined
// anyway, every report says so, and each cell says where it is from.
func TestMergeOfRunsThatWereNotMeasuredAlike(t *testing.T) {
	const first, later = "20261121-120000-0001", "20261121-130000-0002"
	a := storedRun(t, func(r *bench.Run) { r.ID = first })
	b := storedRun(t, named(later), func(r *bench.Run) {
		r.Environment.Kernel, r.Environment.Limits.CPUs = "6.2.0", 3.5
		r.Cells[0].Profile = "hardened"
	})
	out := t.TempDir()
	stderr := ends(t, bench.ExitUsage, "merge", a, b, "--out", out)
	was, err := results.ReadRun(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	mixed := fmt.Sprintf("kernel %s in %s, 6.2.0 in %s", was.Environment.Kernel, first, later)
	if !strings.Contains(stderr, "not measured alike: "+mixed+"; limits ") || !strings.Contains(stderr, "--anyway") || strings.Contains(stderr, "processes") {
		t.Error(stderr)
	}
	if left, err := os.ReadDir(out); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	var folder string
	for _, format := range []string{"table", "markdown", "matrix", "csv", "json"} {
		out := t.TempDir()
		cmd := benchrunCommand(t.Context(), t, "merge", a, b, "--out", out, "--anyway", "--format", format)
		said, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v", format, err)
		}
		text := strings.NewReplacer("\\", "", "**", "").Replace(strings.Join(strings.Fields(string(said)), " "))
		if !strings.Contains(text, mixed) {
			t.Errorf("%s does not say what is mixed:\n%s", format, said)
		}
		runs, err := filepath.Glob(filepath.Join(out, "*"))
		if err != nil || len(runs) != 1 {
			t.Fatal(runs, err)
		}
		folder = runs[0]
	}
	page, err := os.ReadFile(filepath.Join(folder, results.ReportFile))
	if err != nil || !strings.Contains(string(page), mixed) {
		t.Errorf("report.html does not say what is mixed: %v", err)
	}
	run, err := results.ReadRun(t.Context(), folder)
	if err != nil || len(run.Cells) != 2 || run.Cells[0].Run != first || run.Cells[1].Run != later {
		t.Fatalf("%+v, %v", run.Cells, err)
	}
	if e := run.OriginOf(run.Cells[1]).Environment; e.Kernel != "6.2.0" || e.Limits.CPUs != 3.5 {
		t.Errorf("%+v", e)
	}
	// A mixed run is not accepted as the baseline of one of its parts, unless the user insists.
	if stderr := ends(t, bench.ExitUsage, "judge", a, "--baseline", folder); !strings.Contains(stderr, "kernel") {
		t.Error(stderr)
	}
	if stderr := ends(t, bench.ExitUnmeasured, "judge", a, "--baseline", folder, "--baseline-anyway"); !strings.Contains(stderr, "baseline: not measured alike: kernel") {
		t.Error(stderr)
	}
}

// A damaged record makes its cell of a merged run invalid, and changes the exit code.
func TestMergeOfADamagedRun(t *testing.T) {
	f, run := threeCells(t)
	run.ID, run.Environment.Testbed = "20261121-120000-0001", "here"
	if err := f.WriteRun(run); err != nil {
		t.Fatal(err)
	}
	spoil(t, f.Join(run.Cells[1].Attempts[0].Record))
	out := t.TempDir()
	if stderr := ends(t, bench.ExitUnmeasured, "merge", f.Path(), "--out", out); !strings.Contains(stderr, "damaged: ") || !strings.Contains(stderr, run.Cells[1].Attempts[0].Record) {
		t.Error(stderr)
	}
	merged, err := results.ReadRun(t.Context(), filepath.Join(out, run.ID))
	if err != nil || len(merged.Cells) != 3 {
		t.Fatalf("%+v, %v", merged, err)
	}
	for i, c := range merged.Cells {
		if (c.Verdict == bench.Invalid) != (i == 1) {
			t.Errorf("%s: %s %q", c.Name(), c.Verdict, c.Reasons)
		}
	}
}
