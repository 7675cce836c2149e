package html

import (
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// If a verdict claims nothing about the server, the page shows no figure of the cell, although
// the run has some.
func TestNothingClaimedShowsNoFigure(t *testing.T) {
	for _, v := range []bench.Verdict{bench.Failed, bench.Invalid, bench.Unsupported} {
		c := cellOf("alpha", "default", "wedge-1pct", bench.Failed, 12.5)
		c.Verdict, c.Attempts[0].Verdict = v, v
		for _, name := range []string{"time_to_collapse", "longest_outage", "time_to_recover", "stop_time", "memory_peak"} {
			c.Measures.Set(name, 77, 1)
		}
		drawn := render(t, bench.Run{ID: "x", Cells: []bench.Cell{c}}, []Story{story(c, record(4, 6, 3), "")})
		if got := strings.Contains(drawn, "benchrun claims nothing about the server here."); got == v.Claims() {
			t.Errorf("the figure of a cell that is %s stands without a word: %v", v, got)
		}
		page := render(t, bench.Run{ID: "x", Cells: []bench.Cell{c}}, nil)
		for _, figure := range []string{"12.5", "77"} {
			if got := strings.Contains(textOf(find(parse(t, page), "main")[0]), figure); got != v.Claims() {
				t.Errorf("the page of a cell that is %s shows %s: %v", v, figure, got)
			}
		}
		if tile := textOf(find(parse(t, page), "a.v")[0]); v == bench.Invalid && tile != "? – invalid" {
			t.Errorf("an invalid cell reads %q", tile)
		}
	}
}

// If a cell failed although its victims were served, the matrix says why.
func TestMatrixGivesTheOtherReason(t *testing.T) {
	for reason, want := range map[string]string{
		"memory kept: 9 of 9 MiB":                "✗ memory kept failed",
		"disk filled: its files took all":        "✗ disk filled failed",
		"honest requests lost: 3 of 3 (3 cut)":   "✗ honest lost failed",
		"served 1 of 2 victims":                  "✗ 100.0 % failed · 0 s",
		"the server says: memory kept: 9 of 9 M": "✗ 100.0 % failed · 0 s",
	} {
		c := cellOf("alpha", "default", "leak-10pct", bench.Failed, 100)
		c.Reasons = []string{reason}
		c.Measures.Set("time_to_recover", 0, 1)
		run := bench.Run{Cells: []bench.Cell{c}}
		page := render(t, run, nil)
		if got := textOf(find(parse(t, page), "a.v")[0]); got != want {
			t.Errorf("%q reads %q, want %q", reason, got, want)
		}
		content(t, page, run)
	}
}

// benchrun's own reference is last in the matrix and in no count of servers.
func TestReferenceStandsApart(t *testing.T) {
	run, _ := sample()
	for _, scenario := range []string{"wedge-1pct", "segfault-1pct"} {
		own := cellOf(bench.ReferenceServer, "default", scenario, bench.Held, 100)
		own.Own = true
		run.Cells = append([]bench.Cell{own}, run.Cells...)
	}
	page := render(t, run, nil)
	content(t, page, run)
	doc := parse(t, page)
	rows := find(doc, "tr.own")
	if all := find(doc, "tr"); len(rows) != 1 || all[len(all)-1] != rows[0] || !strings.HasPrefix(textOf(rows[0]), "reference default") {
		t.Errorf("%d rows are benchrun's own", len(rows))
	}
	answer := textOf(find(doc, "h1")[0])
	if !strings.HasPrefix(answer, "1 of 4 targets kept serving") || !strings.HasSuffix(answer, ". Counted apart: benchrun's own reference held 2 of 2 cells.") {
		t.Error(answer)
	}
	if tally := textOf(find(doc, "p.tally")[0]); !strings.Contains(tally, "✓ held 3 cells ") || !strings.Contains(tally, "apart: benchrun's own reference, ✓ held 2 cells") {
		t.Error(tally)
	}
	if head := textOf(find(doc, "th")[1]); head != "segfault- 1pct 2/3 held" {
		t.Error(head)
	}
	if title := textOf(find(doc, "title")[0]); !strings.HasPrefix(title, "3 servers, 3 of 6 cells held: alpha, beta, gamma") {
		t.Error(title)
	}
	run.Cells = run.Cells[:2]
	if answer := answerOf(run); answer != "reference default kept serving everybody else under segfault-1pct and wedge-1pct." {
		t.Error("alone: " + answer)
	}
}
