package report

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

func TestMatrixGolden(t *testing.T) {
	golden(t, "matrix.md", func(w io.Writer) error { return Matrix(w, sampleView()) })
}

// Every cell of the run is in the line of its target and the column of its scenario, with its own
// glyph.
func TestMatrixHasEveryCell(t *testing.T) {
	v := sampleView()
	var b bytes.Buffer
	if err := Matrix(&b, v); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(b.String(), "\n")
	head := strings.Split(lines[0], " | ")
	for _, r := range v.Rows {
		column := -1
		for i, h := range head {
			if strings.Trim(h, "| ") == escaped(r.Scenario) {
				column = i
			}
		}
		found := false
		for _, line := range lines[2:] {
			cells := strings.Split(line, " | ")
			if column < len(cells) && strings.TrimPrefix(cells[0], "| ") == escaped(r.Target) {
				text, _ := matrixCell(r)
				found = strings.Contains(cells[column], text)
			}
		}
		if !found {
			t.Errorf("%s %s is not in its place", r.Target, r.Scenario)
		}
	}
}

func TestMatrixCell(t *testing.T) {
	h := func(v float64) bench.Measures { return bench.Measures{"h": {Value: &v, Unit: "%"}} }
	collapsed := func(served, after float64, censored string) bench.Measures {
		m := h(served)
		m["time_to_collapse"] = bench.Measure{Value: &after, Unit: "s", Censored: censored}
		return m
	}
	for _, tt := range []struct {
		verdict  bench.Verdict
		measures bench.Measures
		reason   string
		want     string
	}{
		{bench.Held, h(100), "", "✓ 100%"},
		{bench.Held, h(99.99), "", "✓ 99%"}, // cut: 100 means all
		{bench.Degraded, h(97.9), "", "~ 97%"},
		{bench.Failed, h(94.99), "", "✗ 94%"},
		{bench.Failed, h(100), "memory kept: 9 of 9 MiB", "✗ 100% †"},
		{bench.Failed, h(96), "honest requests lost: 12 of 12", "✗ 96% †"},
		{bench.Failed, h(91), "memory kept: 9 of 9 MiB", "✗ 91% †"}, // one dead second decides nothing
		{bench.Failed, collapsed(47, 512, ""), "", "✗ 512 s"},
		{bench.Failed, collapsed(19, 0.04, ""), "", "✗ at once"},
		{bench.Failed, collapsed(47, 13, ">"), "", "✗ 47%"},
		{bench.Broken, h(0), "", "⊘ broken"},
		{bench.Invalid, h(50), "", "? invalid"},
		{bench.Held, nil, "", "✓ held"},
		{bench.Held, h(100), "memory kept: says the server", "✓ 100%"},
		{bench.Unsupported, nil, "", "·"},
	} {
		got, other := matrixCell(newRow(bench.Cell{Verdict: tt.verdict, Measures: tt.measures, Reasons: []string{tt.reason}}, false))
		if got != tt.want || other != strings.HasSuffix(tt.want, "†") {
			t.Errorf("%s: %q, %v, want %q", tt.verdict, got, other, tt.want)
		}
	}
}

// benchrun's own reference is last and counts separately wherever verdicts are counted. If nothing
// else was measured, it is what counts.
func TestReferenceCountsApart(t *testing.T) {
	run := sampleRun()
	own := run.Cells[1]
	own.Server, own.Own = bench.ReferenceServer, true
	run.Cells = append([]bench.Cell{own}, run.Cells...)
	v := NewView(run)
	for name, render := range map[string]func(io.Writer) error{
		"table":    func(w io.Writer) error { return Table(w, v, TableOptions{}) },
		"markdown": func(w io.Writer) error { return Markdown(w, v) },
	} {
		var b strings.Builder
		if err := render(&b); err != nil {
			t.Fatal(err)
		}
		const want = "7 cells: 2 held, 1 degraded, 1 failed, 1 broken, 1 unsupported, 1 invalid; counted apart, benchrun's own reference: 1 cell: 1 held"
		if !strings.Contains(b.String(), want) {
			t.Errorf("%s does not say %q\n%s", name, want, b.String())
		}
	}
	var b strings.Builder
	if err := Matrix(&b, v); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(b.String(), "\n")
	if !strings.Contains(b.String(), "✓ held 2, ~ degraded 1, ✗ failed 1, ⊘ broken 1, · unsupported 1, ? invalid 1; counted apart, benchrun's own reference: ✓ held 1. ") ||
		!strings.HasPrefix(lines[len(lines)-4], "| reference 23.0.0 hardened |") {
		t.Error(b.String())
	}

	run.Cells = run.Cells[:1]
	if v := NewView(run); v.tally() != "1 cell: 1 held" || v.Rows[0].Own {
		t.Errorf("alone it is %q", v.tally())
	}
}
