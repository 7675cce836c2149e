package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"benchrun/internal/bench"
	"benchrun/internal/judge"
	"benchrun/internal/stored"
	"benchrun/results"
)

// stillborn is the record of a server that ended before it was ready, so it is broken.
func stillborn() *bench.Record {
	return &bench.Record{
		Head: bench.Head{Schema: bench.RecordSchema, Run: "r", Attempt: 1, StartedAt: "2026-11-21T12:00:00Z", Mode: bench.ModeQuick,
			Ratio: 1000, Phases: bench.PhasesFor(bench.ModeQuick, 0, 0), Rate: 100, SLO: 1e9, Timeout: 2e9},
		Boot: bench.Boot{Seconds: 0.2, Exited: &bench.ExitStatus{Code: 1}},
	}
}

// storeAttempt stores an attempt as a campaign does, and adds it to the cell.
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

// judgedAgain is stored.Judge for a run of which everything can be read: what is
// damaged is among the notes.
func judgedAgain(t *testing.T, path string) (bench.Run, []string, error) {
	t.Helper()
	a, err := stored.Judge(t.Context(), path)
	return a.Run, append(a.Notes, a.Damaged...), err
}

func newCell() bench.Cell {
	return bench.Cell{Server: "x", Version: "1.0", Profile: "default", Scenario: "wedge-1pct", Family: "wedge", FamilyVer: 1, Ratio: 1, Seed: 7}
}

// judge also judges what a killed run had measured of its last cell, with and without
// run.json. That confirms nothing that was unconfirmed.
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
			run, notes, err := judgedAgain(t, f.Path())
			if err != nil || len(run.Cells) != 1 {
				t.Fatalf("%d cells, %v", len(run.Cells), err)
			}
			c := run.Cells[0]
			if len(c.Attempts) != attempts+1 || c.Attempts[0].Verdict != bench.Broken || c.Attempts[attempts].Note == "" {
				t.Errorf("attempts %+v", c.Attempts)
			}
			if c.Verdict != bench.Invalid || !slices.Contains(c.Flags, bench.FlagUnconfirmed) || !run.Interrupted {
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

// If the second attempt of a cell could not be made, judging again gives the run's result.
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
	run, notes, err := judgedAgain(t, f.Path())
	if err != nil || len(notes) != 0 || run.Interrupted {
		t.Fatalf("interrupted %v, notes %q, %v", run.Interrupted, notes, err)
	}
	if c := run.Cells[0]; c.Verdict != bench.Invalid || len(c.Attempts) != 2 || c.Attempts[1].Note != "port taken" {
		t.Errorf("%+v", c)
	}
}

// spoil overwrites some bytes in the middle of a file.
func spoil(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)/2] ^= 0xff
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// threeCells is an ended run of three cells with one attempt each.
func threeCells(t *testing.T) (*results.Folder, bench.Run) {
	t.Helper()
	run := bench.Run{Benchrun: benchrunVersion(), Mode: bench.ModeQuick, FinishedAt: "2026-11-21T12:00:00Z", Asked: &bench.Asked{Attempts: 1}}
	f, err := results.Create(t.TempDir(), run)
	if err != nil {
		t.Fatal(err)
	}
	for _, scenario := range []string{"wedge-1pct", "wedge-2pct", "wedge-5pct"} {
		cell := newCell()
		cell.Scenario = scenario
		judge.Conclude(&cell, []bench.Judgement{storeAttempt(t, f, &cell)})
		run.Cells = append(run.Cells, cell)
		run.Asked.Cells = append(run.Asked.Cells, bench.AskedCell{Server: cell.Server, Profile: cell.Profile, Scenario: scenario, Installed: cell.Version})
	}
	if err := f.WriteRun(run); err != nil {
		t.Fatal(err)
	}
	return f, run
}

// An unreadable record makes its own cell invalid, whatever else is known of it, and no other
// cell.
func TestJudgeOfADamagedRecord(t *testing.T) {
	for name, damage := range map[string]func(t *testing.T, path string){
		"flipped": spoil,
		"cut": func(t *testing.T, path string) {
			if err := os.Truncate(path, 100); err != nil {
				t.Fatal(err)
			}
		},
		"gone": func(t *testing.T, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		},
	} {
		f, run := threeCells(t)
		record := run.Cells[1].Attempts[0].Record
		damage(t, f.Join(record))
		page := filepath.Join(t.TempDir(), "page.html")
		stderr := ends(t, bench.ExitUnmeasured, "judge", f.Path(), "--html", page)
		if !strings.Contains(stderr, "damaged: ") || !strings.Contains(stderr, record) || strings.Contains(stderr, "differs") {
			t.Errorf("%s: %s", name, stderr)
		}
		if text, err := os.ReadFile(page); err != nil || !strings.Contains(string(text), "wedge-5pct") {
			t.Errorf("%s: no report: %v", name, err)
		}
		a, err := stored.Judge(t.Context(), f.Path())
		if err != nil || len(a.Run.Cells) != 3 || len(a.Damaged) != 1 {
			t.Fatalf("%s: %v, %v", name, a.Damaged, err)
		}
		for i, c := range a.Run.Cells {
			if spoilt := i == 1; (c.Verdict == bench.Invalid) != spoilt || strings.Contains(strings.Join(c.Reasons, " "), record) != spoilt {
				t.Errorf("%s: %s: %s %q", name, c.Name(), c.Verdict, c.Reasons)
			}
		}
		// A rule that another cell breaks has priority.
		ends(t, bench.ExitCheckFailed, "judge", f.Path(), "--fail-on", "verdict >= held")
	}
}

// A damaged line of cells.ndjson is named. Its cell is invalid if only cells.ndjson knew it,
// and unchanged if run.json does.
func TestJudgeOfADamagedLine(t *testing.T) {
	f, run := threeCells(t)
	text, err := os.ReadFile(f.Join(results.CellsFile))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(text), "\n")
	lines[2] = strings.Replace(lines[2], `"broken"`, `"broke`, 1) + lines[2] // two attempts, one of them lost
	lines[0] = "?" + lines[0]
	if err := os.WriteFile(f.Join(results.CellsFile), []byte(strings.Join(lines, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	run.Cells = run.Cells[:2]
	if err := f.WriteRun(run); err != nil {
		t.Fatal(err)
	}
	a, err := stored.Judge(t.Context(), f.Path())
	if err != nil || len(a.Damaged) != 2 || len(a.Run.Cells) != 3 {
		t.Fatalf("%+v, %v", a, err)
	}
	for i, want := range []bench.Verdict{bench.Broken, bench.Broken, bench.Invalid} {
		if c := a.Run.Cells[i]; c.Verdict != want {
			t.Errorf("%s: %s %q", c.Name(), c.Verdict, c.Reasons)
		}
	}
	if stderr := ends(t, bench.ExitUnmeasured, "judge", f.Path()); !strings.Contains(stderr, "damaged: ") || !strings.Contains(stderr, "cells.ndjson: line 1") {
		t.Error(stderr)
	}
}
