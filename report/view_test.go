package report

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

func TestViewRows(t *testing.T) {
	v := sampleView()
	r := v.Rows[0]
	if r.Target != "gunicorn 23.0.0 default" || r.Short != "gunicorn default" || r.H != "0.0 %" || r.Recover != "> 5 s" || r.Stop != "killed" ||
		r.MemoryPeak != "31 MiB" || r.MemoryGrowth != "+0.20 MiB" || r.Deaths != "0" {
		t.Errorf("row %+v", r)
	}
	if r := v.Rows[4]; r.H != None || r.Stop != None || r.Deaths != None || r.MemoryGrowth != None {
		t.Errorf("a row without measures is %+v", r)
	}
	want := []Tally{{bench.Held, 2}, {bench.Degraded, 1}, {bench.Failed, 1}, {bench.Broken, 1}, {bench.Unsupported, 1}, {bench.Invalid, 1}}
	if !slices.Equal(v.Tally, want) {
		t.Errorf("tally %v", v.Tally)
	}
	if v.Reproduce != "benchrun run --server gunicorn,waitress --filter 'a b' --seed 42" {
		t.Errorf("reproduce %q", v.Reproduce)
	}
}

func TestViewTellsVersionsApart(t *testing.T) {
	run := sampleRun()
	run.Cells[1].Version = "19.9.0"
	run.Cells[2].Server, run.Cells[2].Front = "waitress+nginx", "nginx"
	v := NewView(run)
	for i, want := range []string{"gunicorn 23.0.0 default", "gunicorn 19.9.0 hardened", "waitress+nginx default"} {
		if v.Rows[i].Short != want {
			t.Errorf("row %d is %q, want %q", i, v.Rows[i].Short, want)
		}
	}
	if v.Rows[2].Target != "waitress+nginx 3.0.2 default" {
		t.Errorf("target %q", v.Rows[2].Target)
	}
}

func TestReproduce(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "benchrun --seed 7"},
		{[]string{"run", "--seed", "9"}, "benchrun run --seed 9"},
		{[]string{"run", "--seed=9"}, "benchrun run --seed=9"},
		{[]string{"run", "it's", "", "$(reboot)"}, `benchrun run 'it'\''s' '' '$(reboot)' --seed 7`},
		{[]string{"merge", "a", "b"}, ""},
		{[]string{"-o", "out", "-s", "x", "--json", "-", "--out=there", "-c", "y"}, "benchrun -s x -c y --seed 7"},
	} {
		if got := reproduce(bench.Run{Args: c.args, Seed: 7}); got != c.want {
			t.Errorf("%q gives %q, want %q", c.args, got, c.want)
		}
	}
}

func TestViewLeavesTheRunAlone(t *testing.T) {
	run := sampleRun()
	run.Cells[0].Reasons[0] = "a\x1bb"
	run.Cells[0].Attempts[0].Record = "r\nr"
	NewView(run)
	if run.Cells[0].Reasons[0] != "a\x1bb" || run.Cells[0].Attempts[0].Record != "r\nr" {
		t.Error("making a view changed the run")
	}
}

// A run that was measured in parts says so.
func TestBegun(t *testing.T) {
	run := bench.Run{StartedAt: "2026-11-21T12:00:00Z", Resumed: []string{"2026-11-21T13:00:00Z", "2026-11-22T09:00:00Z"}}
	want := ", begun 2026-11-21T12:00:00Z, resumed 2026-11-21T13:00:00Z, resumed 2026-11-22T09:00:00Z"
	if got := NewView(run).Begun(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := NewView(bench.Run{}).Begun(); got != "" {
		t.Errorf("of a run that does not say when: %q", got)
	}
}

// A report says which release a range was, and its command lines repeat the range.
func TestResolvedVersions(t *testing.T) {
	run := sampleRun()
	for i := range run.Cells {
		run.Cells[i].Source = nil
	}
	if got := NewView(run).Resolved(); got != "" {
		t.Errorf("without a range: %q", got)
	}
	c := &run.Cells[0]
	c.Source = &bench.Source{Version: ">=23,<28", Resolved: "27.0.1"}
	want := c.Server + "@>=23,<28 is 27.0.1"
	if got := NewView(run).Resolved(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	var table, markdown strings.Builder
	if err := errors.Join(Table(&table, NewView(run), TableOptions{}), Markdown(&markdown, NewView(run))); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(table.String(), want) || !strings.Contains(markdown.String(), "- versions: ") {
		t.Errorf("%s\n%s", table.String(), markdown.String())
	}
	if again := Again(run, *c); !strings.Contains(again, "--server '"+c.Server+"@>=23,<28'") {
		t.Errorf("again: %s", again)
	}
	c.Source.Unasked = "the package index cannot be reached"
	if got := NewView(run).Resolved(); got != want+", the newest that was installed (the package index cannot be reached)" {
		t.Errorf("%q", got)
	}
}
