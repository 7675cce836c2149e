package results

import (
	"errors"
	"os"
	"testing"

	"benchrun/internal/bench"
)

func TestRecover(t *testing.T) {
	cell := func(scenario string) bench.Cell {
		return bench.Cell{Server: "x", Profile: "default", Scenario: scenario, Seed: 3, Verdict: bench.Held}
	}
	f := newFolder(t)
	for _, line := range []struct {
		scenario string
		attempt  int
	}{{"wedge-1pct", 1}, {"cpu-1pct", 1}, {"cpu-1pct", 2}, {"io-1pct", 1}} {
		a := bench.Attempt{Attempt: line.attempt}
		if err := f.AppendAttempt(NewAttemptLine(cell(line.scenario), a, bench.Judgement{})); err != nil {
			t.Fatal(err)
		}
	}
	ended := cell("wedge-1pct")
	ended.Attempts = []bench.Attempt{{Attempt: 1}}
	if err := f.WriteRun(bench.Run{ID: "r", Cells: []bench.Cell{ended}}); err != nil {
		t.Fatal(err)
	}
	got, err := f.Recover(t.Context())
	if err != nil || got.Begun != 2 || len(got.Run.Cells) != 3 || len(got.Notes) != 1 || !got.Run.Interrupted {
		t.Fatalf("%+v, %v", got, err)
	}
	if c := got.Run.Cells[0]; c.Verdict != bench.Held || len(c.Attempts) != 1 {
		t.Errorf("the cell that ended: %+v", c)
	}
	if c := got.Run.Cells[1]; c.Scenario != "cpu-1pct" || len(c.Attempts) != 2 || c.Attempts[0].Attempt != 1 || c.Attempts[1].Attempt != 2 {
		t.Errorf("the first cell that was begun: %+v", c)
	}

	if err := os.Remove(f.Join(RunFile)); err != nil {
		t.Fatal(err)
	}
	if f, err = OpenFolder(f.Path()); err != nil {
		t.Fatal(err)
	}
	if got, err = f.Recover(t.Context()); err != nil || got.Begun != 3 || got.Run.Seed != 3 || got.Run.ID == "" || len(got.Notes) != 2 {
		t.Errorf("without run.json: %+v, %v", got, err)
	}
	if err := os.Remove(f.Join(CellsFile)); err != nil {
		t.Fatal(err)
	}
	var usage *bench.UsageError
	if _, err := f.Recover(t.Context()); !errors.As(err, &usage) {
		t.Errorf("with neither: %v", err)
	}
	if _, err := OpenFolder(f.Path()); !errors.As(err, &usage) {
		t.Errorf("with neither: %v", err)
	}
}

// A run that ended is recovered as its run.json says, without notes.
func TestRecoverWholeRun(t *testing.T) {
	f, err := OpenFolder("testdata/golden/" + goldenID)
	if err != nil {
		t.Fatal(err)
	}
	got, err := f.Recover(t.Context())
	if err != nil || got.Begun != 0 || len(got.Notes) != 0 || got.Run.Interrupted || len(got.Run.Cells) != 3 {
		t.Errorf("%+v, %v", got, err)
	}
}
