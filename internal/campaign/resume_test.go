package campaign

import (
	"context"
	"fmt"
	"testing"

	"benchrun/internal/bench"
	"benchrun/results"
)

// A run is finished when every cell has the attempts that it needs.
func TestFinished(t *testing.T) {
	cell := bench.Cell{Server: "a", Version: "1.0", Profile: "p", Scenario: "wedge-1pct"}
	line := results.NewAttemptLine(cell, bench.Attempt{Attempt: 1, Verdict: bench.Failed}, bench.Judgement{Verdict: bench.Failed})
	unsupported := cell
	unsupported.Profile, unsupported.Verdict = "gthread", bench.Unsupported
	whole := bench.Run{FinishedAt: "2026-11-21T12:00:00Z", Cells: []bench.Cell{cell, unsupported}, Asked: &bench.Asked{Attempts: 1, Cells: make([]bench.AskedCell, 2)}}
	if e := (&Earlier{Run: whole, Attempts: []results.AttemptLine{line}}); !e.finished() {
		t.Error("a finished run is not")
	}
	for name, spoil := range map[string]func(e *Earlier){
		"killed":            func(e *Earlier) { e.Run.FinishedAt = "" },
		"interrupted":       func(e *Earlier) { e.Run.Interrupted = true },
		"a cell is missing": func(e *Earlier) { e.Run.Cells = e.Run.Cells[:1] },
		"not confirmed":     func(e *Earlier) { e.Run.Asked = &bench.Asked{Attempts: 2, Cells: make([]bench.AskedCell, 2)} },
		"disturbed by other cells": func(e *Earlier) {
			e.Attempts = []results.AttemptLine{results.NewAttemptLine(cell, bench.Attempt{Attempt: 1, Verdict: bench.Failed, Disturbed: true}, bench.Judgement{Verdict: bench.Failed})}
		},
		"not measured at all": func(e *Earlier) { e.Attempts = nil },
	} {
		e := &Earlier{Run: whole, Attempts: []results.AttemptLine{line}}
		if spoil(e); e.finished() {
			t.Errorf("%s: finished", name)
		}
	}
}

// Attempts of cells that have a verdict are not counted: they are in the table.
func TestKeptAttempts(t *testing.T) {
	r := earlierRun(t, 1)
	line := r.order.Earlier.Attempts[0]
	if n := KeptAttempts(t.Context(), r.Folder, r.run); n != 0 {
		t.Errorf("%d of none", n)
	}
	if err := r.Folder.AppendAttempt(line); err != nil {
		t.Fatal(err)
	}
	if n := KeptAttempts(t.Context(), r.Folder, r.run); n != 1 {
		t.Errorf("%d of one", n)
	}
	for verdict, want := range map[bench.Verdict]int{bench.Broken: 0, bench.Invalid: 1} {
		cell := line.Cell
		cell.Verdict = verdict
		if n := KeptAttempts(t.Context(), r.Folder, bench.Run{Cells: []bench.Cell{cell}}); n != want {
			t.Errorf("its cell is %s: %d, want %d", verdict, n, want)
		}
	}
}

// benchrun offers --resume if it can do something.
func TestResumeIsOfferedWhereItHelps(t *testing.T) {
	interrupted, cancel := context.WithCancel(t.Context())
	cancel()
	measured := bench.Run{Cells: []bench.Cell{{}}}
	for _, tt := range []struct {
		name  string
		ctx   context.Context
		run   bench.Run
		broke error
		want  bool
	}{
		{"interrupted in its first cell", interrupted, bench.Run{}, context.Canceled, true},
		{"some could not be installed", t.Context(), measured, &bench.EnvironmentError{Problem: "no network"}, true},
		{"out of time", t.Context(), measured, nil, true},
		{"nothing could be installed", t.Context(), bench.Run{}, &bench.EnvironmentError{Problem: "no network"}, false},
		{"no such version", t.Context(), measured, fmt.Errorf("wrapped: %w", &bench.UsageError{Problem: "no such version"}), false},
	} {
		if got := mendable(tt.ctx, tt.run, tt.broke); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}
