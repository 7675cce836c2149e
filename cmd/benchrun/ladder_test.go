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
	"benchrun/results"
)

// A server of four slots whose watchdog kills after 1 s holds a few percent of wedges, as
// the theory says, and serves no honest request that is longer, whatever it documents.
func TestMeasuredLadder(t *testing.T) {
	measures(t, 1)
	out := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	cmd := benchrunCommand(ctx, t, "ladder", "reference/kills-honest", "-c", "wedge", "--attempts", "1", "--out", out, "--format", "json")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s\n%s", err, stdout.String(), stderr.String())
	}
	var l bench.Ladder
	if err := json.Unmarshal(stdout.Bytes(), &l); err != nil {
		t.Fatal(err)
	}
	if l.Holds == nil || *l.Holds < 1 || l.Fails == nil || *l.Fails > 20 || *l.Fails <= *l.Holds || len(l.Rungs) > 4 {
		t.Errorf("holds %v, fails %v, rungs %+v", l.Holds, l.Fails, l.Rungs)
	}
	if l.Theory == nil || l.Theory.Slots != 4 || l.Theory.Below < *l.Holds/2 || l.Theory.Below > *l.Fails*2 {
		t.Errorf("theory %+v, holds %v, fails %v", l.Theory, l.Holds, l.Fails)
	}
	if h := l.Honest; h.Watchdog != 2 || h.Serves >= 1.5 || h.Ends <= 0.5 || h.Ends-h.Serves > 0.6 {
		t.Errorf("its watchdog kills after 1 s, 2 s are documented: %+v", h)
	}
	run, err := results.ReadRun(t.Context(), filepath.Join(out, l.Run))
	if err != nil || len(run.Cells) != len(l.Rungs) || run.Asked != nil {
		t.Errorf("%d cells in run.json, %v", len(run.Cells), err)
	}
	for _, file := range []string{results.LadderFile, results.ReportFile} {
		if _, err := os.Stat(filepath.Join(out, l.Run, file)); err != nil {
			t.Error(err)
		}
	}
	if strings.Contains(stderr.String(), "--resume") {
		t.Errorf("a ladder cannot be resumed:\n%s", stderr.String())
	}
}
