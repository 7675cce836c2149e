package results

import (
	"errors"
	"reflect"
	"slices"
	"strings"
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

// If runs were not measured alike, Merge names the differences and their runs. It joins them
// only if anyway is set; then the run says what it mixes, and each cell where it is from.
func TestMergeOfRunsThatWereNotMeasuredAlike(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*bench.Run)
		say    string
		joined func(bench.Run) any // what the mixed run should say
		want   any
	}{
		"mode":        {func(r *bench.Run) { r.Mode = bench.ModeFull }, "mode quick in a, full in b", func(r bench.Run) any { return r.Mode }, bench.Mode("quick + full")},
		"testbed":     {func(r *bench.Run) { r.Environment.Testbed = "bed2" }, "testbed bed in a, bed2 in b", func(r bench.Run) any { return r.Environment.Testbed }, "bed + bed2"},
		"kernel":      {func(r *bench.Run) { r.Environment.Kernel = "6.2" }, "kernel unknown in a, 6.2 in b", func(r bench.Run) any { return r.Environment.Kernel }, "unknown + 6.2"},
		"benchrun":    {func(r *bench.Run) { r.Benchrun = "0.2.0" }, "benchrun 0.1.0 in a, 0.2.0 in b", func(r bench.Run) any { return r.Benchrun }, "0.1.0 + 0.2.0"},
		"supervision": {func(r *bench.Run) { r.Environment.Supervision = "subreaper" }, "supervision unknown in a, subreaper in b", func(r bench.Run) any { return r.Environment.Supervision }, "unknown + subreaper"},
		"limits":      {func(r *bench.Run) { r.Environment.Limits.CPUs = 3 }, "limits 1.5 CPUs in a, 3 CPUs in b", func(r bench.Run) any { return r.Environment.Limits }, bench.Limits{}},
		"Python":      {func(r *bench.Run) { r.Environment.Python = "3.12" }, "Python 3.11 in a, 3.12 in b", func(r bench.Run) any { return r.Environment.Python }, "3.11 + 3.12"},
	} {
		a := oneCell("a", "bed", "2026-11-21T12:00:00Z", bench.Held, "x")
		a.Environment.Limits, a.Environment.Python = bench.Limits{CPUs: 1.5, PIDs: 4096}, "3.11"
		b := oneCell("b", "bed", "2026-11-21T13:00:00Z", bench.Failed, "y")
		b.Environment.Limits, b.Environment.Python = a.Environment.Limits, a.Environment.Python
		tt.change(&b)
		_, err := Merge(false, a, b)
		var usage *bench.UsageError
		if !errors.As(err, &usage) || usage.Problem != "these runs were not measured alike: "+tt.say {
			t.Errorf("%s: %v, want %q", name, err, tt.say)
		}
		m, err := Merge(true, a, b)
		if err != nil || len(m.Cells) != 2 {
			t.Fatalf("%s: %+v, %v", name, m, err)
		}
		if got := tt.joined(m); got != tt.want || !slices.Equal(m.Environment.Mixed, []string{tt.say}) {
			t.Errorf("%s: mixed to %v, want %v; %q", name, got, tt.want, m.Environment.Mixed)
		}
		for i, was := range []bench.Run{a, b} {
			if o := m.OriginOf(m.Cells[i]); m.Cells[i].Run != was.ID || !reflect.DeepEqual(o, was.Origins()[0]) {
				t.Errorf("%s: %s is from %+v", name, m.Cells[i].Name(), o)
			}
		}
		// A mixed run stays mixed when it is merged again, and differs from each of its parts.
		more := b
		more.ID, more.StartedAt = "c", "2026-11-21T14:00:00Z"
		if _, err := Merge(false, m, more); err == nil {
			t.Errorf("%s: a mixed run was merged without a word", name)
		}
		again, err := Merge(true, m, more)
		if err != nil || len(again.Merged) != 3 || again.Cells[0].Run != "a" || again.Cells[1].Run != "c" || !strings.HasSuffix(again.Environment.Mixed[0], " in b and c") {
			t.Errorf("%s: merged again: %+v, %v", name, again.Environment.Mixed, err)
		}
	}
}

// The host's name and load do not matter for figures, and a run without Python goes
// together with any.
func TestMergeOfRunsThatDifferInWhatDoesNotMatter(t *testing.T) {
	a := oneCell("a", "bed", "2026-11-21T12:00:00Z", bench.Held, "x")
	b := oneCell("b", "bed", "2026-11-21T13:00:00Z", bench.Held, "y")
	a.Environment.Load1, b.Environment.Load1, b.Environment.Python = 0.1, 0.9, "3.11"
	m, err := Merge(false, a, b)
	if err != nil || len(m.Environment.Mixed) != 0 || m.Environment.Hostname != "host of b" || m.Environment.Load1 != 0.9 || len(m.Merged) != 2 {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestMergeLaterWins(t *testing.T) {
	later := oneCell("later", "bed", "2026-11-21T13:00:00+02:00", bench.Degraded, "y", "z") // 11:00 UTC
	latest := oneCell("latest", "bed", "2026-11-21T12:00:00Z", bench.Invalid, "z", "w")
	first := oneCell("first", "bed", "2026-11-21T10:30:00Z", bench.Failed, "x", "y")
	first.Interrupted = true
	m, err := Merge(false, latest, first, later)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"x failed first/records/x", "y degraded later/records/y", "z degraded later/records/z", "w invalid latest/records/w"}
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
	got, err := Merge(false, m, more)
	want[3] = "w held more/records/w"
	if err != nil || !slices.Equal(outcome(got), want) || got.Seed != 0 {
		t.Errorf("merged twice: %v, seed %d, %q", err, got.Seed, outcome(got))
	}
}

func TestMergeTellsCellsApart(t *testing.T) {
	a := oneCell("a", "bed", "2026-11-21T12:00:00Z", bench.Held, "x")
	for name, change := range map[string]func(*bench.Cell){
		"server":         func(c *bench.Cell) { c.Server = "t" },
		"version":        func(c *bench.Cell) { c.Version = "2" },
		"profile":        func(c *bench.Cell) { c.Profile = "q" },
		"front":          func(c *bench.Cell) { c.Server, c.Front = "s+nginx", "nginx" },
		"family version": func(c *bench.Cell) { c.FamilyVer = 2 },
	} {
		b := oneCell("b", "bed", "2026-11-21T13:00:00Z", bench.Failed, "x")
		change(&b.Cells[0])
		got, err := Merge(false, a, b)
		if err != nil || len(got.Cells) != 2 {
			t.Errorf("another %s: %v, %+v", name, err, got)
		}
	}
}

func TestMergeRefuses(t *testing.T) {
	a := oneCell("a", "bed", "2026-11-21T12:00:00Z", bench.Held, "x")
	for _, runs := range [][]bench.Run{{a, a}, {a, oneCell("b", "", "2026-11-21T12:00:00Z", bench.Held, "x")}, nil} {
		var usage *bench.UsageError
		if got, err := Merge(true, runs...); got.ID != "" || !errors.As(err, &usage) {
			t.Errorf("gave %+v, %v", got, err)
		}
	}
}
