package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/ladder"
	"benchrun/internal/plan"
	"benchrun/report"
	"benchrun/results"
	"benchrun/targets"
)

// A server of four slots whose watchdog kills after 1 s holds a few percent of wedges, as
// the theory says, and serves no honest request that is longer, whatever it documents. Two
// of the ratios must do here.
func TestMeasuredLadder(t *testing.T) {
	t.Parallel()
	reg, err := targets.Load(targets.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	all, err := ladder.Cells(reg, "reference/kills-honest", "", []string{"wedge"})
	if err != nil {
		t.Fatal(err)
	}
	var rungs []plan.Cell
	for _, c := range all {
		if p := c.Scenario.Ratio.Percent(); p == 1 || p == 20 {
			rungs = append(rungs, c)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	cmd := newRootCommand()
	var stdout, stderr bytes.Buffer
	cmd.SetContext(ctx)
	cmd.SetOut(&stdout)
	cmd.SetErr(&stderr)
	s := settings{attempts: 1, seed: 1, out: t.TempDir(), format: "json", progress: report.ProgressAuto, most: ladder.Most(len(rungs))}
	if err := s.ladder(cmd, rungs); err != nil {
		t.Fatalf("%v\n%s\n%s", err, stdout.String(), stderr.String())
	}
	var l bench.Ladder
	if err := json.Unmarshal(stdout.Bytes(), &l); err != nil {
		t.Fatal(err)
	}
	if l.Holds == nil || *l.Holds != 1 || l.Fails == nil || *l.Fails != 20 || len(l.Rungs) != 2 {
		t.Errorf("holds %v, fails %v, rungs %+v", l.Holds, l.Fails, l.Rungs)
	}
	if l.Theory == nil || l.Theory.Slots != 4 || l.Theory.Below < 1 || l.Theory.Below > 20 {
		t.Errorf("theory %+v", l.Theory)
	}
	if h := l.Honest; h.Watchdog != 2 || h.Serves >= 1.5 || h.Ends <= 0.5 || h.Ends-h.Serves > 0.6 {
		t.Errorf("its watchdog kills after 1 s, 2 s are documented: %+v", h)
	}
	folder := filepath.Join(s.out, l.Run)
	if page, err := os.ReadFile(filepath.Join(folder, results.ReportFile)); err != nil || !strings.Contains(string(page), `id="ladder"`) {
		t.Errorf("no ladder in the report, %v", err)
	}
	ladderIsResumed(ctx, t, folder, l)
}

// ladderIsResumed resumes a ladder that lacks nothing: what was measured is kept. As a run, it
// is judged like any other, and no command measures all its cells.
func ladderIsResumed(ctx context.Context, t *testing.T, folder string, was bench.Ladder) {
	t.Helper()
	before := contents(t, folder, results.RecordsDir)
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"judge", folder}, bench.ExitOK, was.Rungs[0].Scenario},
		{[]string{"--resume", folder}, bench.ExitUsage, "is a ladder; benchrun ladder --resume " + folder},
		{[]string{"ladder", "--resume", folder, "-c", "wedge"}, bench.ExitUsage, "cannot be combined"},
		{[]string{"ladder", "reference", "--resume", folder}, bench.ExitUsage, "cannot be combined"},
		{[]string{"ladder", "--resume", folder, "--format", "markdown"}, bench.ExitOK, "holds 1 %, fails 20 %"},
	} {
		cmd := benchrunCommand(ctx, t, c.args...)
		out, _ := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != c.code || !strings.Contains(string(out), c.says) || strings.Contains(string(out), "not fully measured") {
			t.Errorf("%q: exit code %d:\n%s", c.args, code, out)
		}
	}
	run, err := results.ReadRun(ctx, folder)
	if err != nil || len(run.Cells) != len(was.Rungs) || len(run.Resumed) != 1 || len(contents(t, folder, results.RecordsDir)) != len(before) {
		t.Errorf("resumed %v, %d cells instead of %d, %v", run.Resumed, len(run.Cells), len(was.Rungs), err)
	}
	f, err := results.OpenFolder(folder)
	if err != nil {
		t.Fatal(err)
	}
	if l, ok := f.Ladder(ctx); !ok || l.Honest != was.Honest {
		t.Errorf("the longest honest request was %+v, and is %+v", was.Honest, l.Honest)
	}
}
