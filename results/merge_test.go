package results

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"benchrun/internal/bench"
)

// oneCell is a run with one cell per scenario given.
func oneCell(id, testbed, started string, v bench.Verdict, scenarios ...string) bench.Run {
	run := bench.Run{
		Schema: bench.RunSchema, ID: id, StartedAt: started, FinishedAt: started, Mode: bench.ModeQuick, Seed: 1,
		Benchrun: "0.1.0", Environment: bench.Environment{Testbed: testbed, Hostname: "host of " + id},
	}
	for _, s := range scenarios {
		run.Cells = append(run.Cells, bench.Cell{Server: "s", Version: "1", Profile: "p", Scenario: s, FamilyVer: 1, Verdict: v,
			Attempts: []bench.Attempt{{Attempt: 1, Verdict: v, Record: "records/" + s, Log: "logs/" + s}}})
	}
	return run
}

// outcome lists scenario, verdict and record of a run's cells.
func outcome(r bench.Run) []string {
	var out []string
	for _, c := range r.Cells {
		out = append(out, c.Scenario+" "+c.Verdict.String()+" "+c.Attempts[0].Record)
	}
	return out
}

func TestMergeKeepsTestbedsAndModesApart(t *testing.T) {
	full := oneCell("c", "bed1", "2026-11-21T12:00:00Z", bench.Held, "x")
	full.Mode = bench.ModeFull
	runs := []bench.Run{
		oneCell("a", "bed1", "2026-11-21T12:00:00Z", bench.Held, "x"),
		oneCell("b", "bed2", "2026-11-21T12:00:00Z", bench.Failed, "x"),
		full,
	}
	got, err := Merge(runs...)
	if err != nil || !reflect.DeepEqual(got, runs) {
		t.Errorf("%v\n got %+v\nwant %+v", err, got, runs)
	}
}

func TestMergeLaterWins(t *testing.T) {
	later := oneCell("later", "bed", "2026-11-21T13:00:00+02:00", bench.Degraded, "y", "z") // 11:00 UTC
	latest := oneCell("latest", "bed", "2026-11-21T12:00:00Z", bench.Invalid, "z", "w")
	first := oneCell("first", "bed", "2026-11-21T10:30:00Z", bench.Failed, "x", "y")
	first.Interrupted = true
	got, err := Merge(latest, first, later)
	if err != nil || len(got) != 1 {
		t.Fatalf("%d runs, %v", len(got), err)
	}
	want := []string{"x failed first/records/x", "y degraded later/records/y", "z degraded later/records/z", "w invalid latest/records/w"}
	m := got[0]
	if !slices.Equal(outcome(m), want) {
		t.Errorf("cells %q, want %q", outcome(m), want)
	}
	if m.ID != "first+later+latest" || m.StartedAt != first.StartedAt || m.FinishedAt != latest.FinishedAt ||
		m.Interrupted || m.Environment.Hostname != "host of latest" || m.Seed != 1 || m.Schema != bench.RunSchema {
		t.Errorf("merged run is %+v", m)
	}
	if first.Cells[0].Attempts[0].Record != "records/x" {
		t.Error("merging changed what was merged")
	}
	more := oneCell("more", "bed", "2026-11-22T00:00:00Z", bench.Held, "w")
	more.Seed = 2
	got, err = Merge(m, more)
	want[3] = "w held more/records/w"
	if err != nil || !slices.Equal(outcome(got[0]), want) || got[0].Seed != 0 {
		t.Errorf("merged twice: %v, seed %d, %q", err, got[0].Seed, outcome(got[0]))
	}
}

func TestMergeTellsCellsApart(t *testing.T) {
	a := oneCell("a", "bed", "2026-11-21T12:00:00Z", bench.Held, "x")
	for name, change := range map[string]func(*bench.Cell){
		"server":         func(c *bench.Cell) { c.Server = "t" },
		"version":        func(c *bench.Cell) { c.Version = "2" },
		"profile":        func(c *bench.Cell) { c.Profile = "q" },
		"front":          func(c *bench.Cell) { c.Front = "nginx" },
		"family version": func(c *bench.Cell) { c.FamilyVer = 2 },
	} {
		b := oneCell("b", "bed", "2026-11-21T13:00:00Z", bench.Failed, "x")
		change(&b.Cells[0])
		got, err := Merge(a, b)
		if err != nil || len(got) != 1 || len(got[0].Cells) != 2 {
			t.Errorf("another %s: %v, %+v", name, err, got)
		}
	}
}

func TestMergeRefuses(t *testing.T) {
	a := oneCell("a", "bed", "2026-11-21T12:00:00Z", bench.Held, "x")
	for _, runs := range [][]bench.Run{{a, a}, {a, oneCell("b", "", "2026-11-21T12:00:00Z", bench.Held, "x")}} {
		var usage *bench.UsageError
		if got, err := Merge(runs...); got != nil || !errors.As(err, &usage) {
			t.Errorf("gave %+v, %v", got, err)
		}
	}
	if got, err := Merge(); err != nil || len(got) != 0 {
		t.Errorf("no runs gave %+v, %v", got, err)
	}
}
