package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"benchrun/internal/bench"
	"benchrun/internal/judge"
	"benchrun/results"
)

// stillborn is the record of a server that ended before it was ready: broken.
func stillborn() *bench.Record {
	return &bench.Record{
		Head: bench.Head{Schema: bench.RecordSchema, Run: "r", Attempt: 1, StartedAt: "2026-11-21T12:00:00Z", Mode: bench.ModeQuick,
			Ratio: 1000, Phases: bench.PhasesFor(bench.ModeQuick, 0, 0), Rate: 100, SLO: 1e9, Timeout: 2e9},
		Boot: bench.Boot{Seconds: 0.2, Exited: &bench.ExitStatus{Code: 1}},
	}
}

// storeAttempt stores an attempt as the runner does, and adds it to the cell.
func storeAttempt(t *testing.T, f *results.Folder, cell *bench.Cell) bench.Judgement {
	t.Helper()
	n := len(cell.Attempts) + 1
	rel := f.RecordPath(results.CellID(*cell), n)
	if err := f.WriteRecord(rel, stillborn()); err != nil {
		t.Fatal(err)
	}
	j := judge.Judge(stillborn())
	a := bench.Attempt{Attempt: n, Verdict: j.Verdict, Record: rel}
	if err := f.AppendAttempt(results.NewAttemptLine(*cell, a, j)); err != nil {
		t.Fatal(err)
	}
	cell.Attempts = append(cell.Attempts, a)
	return j
}

func newCell() bench.Cell {
	return bench.Cell{Server: "x", Version: "1.0", Profile: "default", Scenario: "wedge-1pct", Family: "wedge", FamilyVer: 1, Ratio: 1, Seed: 7}
}

// What a killed run had measured of its last cell is judged, with run.json and
// without, and confirms nothing that was not confirmed.
func TestJudgeTakesUpAKilledRun(t *testing.T) {
	for _, attempts := range []int{1, 2} {
		for _, missing := range []bool{false, true} {
			f, err := results.Create(t.TempDir(), bench.Run{Mode: bench.ModeQuick, Seed: 7})
			if err != nil {
				t.Fatal(err)
			}
			cell := newCell()
			for range attempts {
				if j := storeAttempt(t, f, &cell); j.Verdict != bench.Broken {
					t.Fatalf("%v %q", j.Verdict, j.Reasons)
				}
			}
			half, err := os.OpenFile(f.Join(results.CellsFile), os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = half.WriteString(`{"cell":"x@1.0`) // the one that the kill cut off
			if err := half.Close(); err != nil {
				t.Fatal(err)
			}
			if missing {
				if err := os.Remove(f.Join(results.RunFile)); err != nil {
					t.Fatal(err)
				}
			}
			run, notes, err := judgeAgain(t.Context(), f.Path())
			if err != nil || len(run.Cells) != 1 {
				t.Fatalf("%d cells, %v", len(run.Cells), err)
			}
			c := run.Cells[0]
			if len(c.Attempts) != attempts+1 || c.Attempts[0].Verdict != bench.Broken || c.Attempts[attempts].Note == "" {
				t.Errorf("attempts %+v", c.Attempts)
			}
			if c.Verdict != bench.Invalid || !slices.Contains(c.Flags, judge.FlagUnconfirmed) || !run.Interrupted {
				t.Errorf("%v %q, interrupted %v", c.Verdict, c.Flags, run.Interrupted)
			}
			if run.Mode != bench.ModeQuick || run.Seed != 7 || run.StartedAt == "" && missing {
				t.Errorf("run %+v", run)
			}
			said := strings.Join(notes, "\n")
			if !strings.Contains(said, "breaks off") || !strings.Contains(said, "in the middle of a cell, or was ended there") || strings.Contains(said, "is missing") != missing {
				t.Errorf("notes %q", notes)
			}
		}
	}
}

// A cell whose second attempt benchrun could not make is judged again to what
// the run made of it.
func TestJudgeOfAnAttemptThatCouldNotBeMade(t *testing.T) {
	f, err := results.Create(t.TempDir(), bench.Run{})
	if err != nil {
		t.Fatal(err)
	}
	cell := newCell()
	j := storeAttempt(t, f, &cell)
	cell.Attempts = append(cell.Attempts, bench.Attempt{Attempt: 2, Note: "port taken"})
	judge.Conclude(&cell, []bench.Judgement{j, judge.Unmade("port taken")})
	if err := f.WriteRun(bench.Run{Cells: []bench.Cell{cell}}); err != nil {
		t.Fatal(err)
	}
	run, notes, err := judgeAgain(t.Context(), f.Path())
	if err != nil || len(notes) != 0 || run.Interrupted {
		t.Fatalf("interrupted %v, notes %q, %v", run.Interrupted, notes, err)
	}
	if c := run.Cells[0]; c.Verdict != bench.Invalid || len(c.Attempts) != 2 || c.Attempts[1].Note != "port taken" {
		t.Errorf("%+v", c)
	}
}
