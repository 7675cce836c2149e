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

// Every cell of the run stands in the line of its target and the column of its
// scenario, with its own glyph.
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
		want     string
	}{
		{bench.Held, h(100), "✓ 100%"},
		{bench.Held, h(99.99), "✓ 99%"}, // cut: 100 means all of them
		{bench.Degraded, h(97.9), "~ 97%"},
		{bench.Failed, h(94.99), "✗ 94%"},
		{bench.Failed, h(100), "✗ 100% †"},
		{bench.Failed, collapsed(47, 512, ""), "✗ 512 s"},
		{bench.Failed, collapsed(19, 0.04, ""), "✗ at once"},
		{bench.Failed, collapsed(47, 13, ">"), "✗ 47%"},
		{bench.Broken, h(0), "⊘ broken"},
		{bench.Invalid, h(50), "? invalid"},
		{bench.Held, nil, "✓ held"},
		{bench.Unsupported, nil, "·"},
	} {
		got, other := matrixCell(Row{Verdict: tt.verdict, Cell: bench.Cell{Measures: tt.measures}})
		if got != tt.want || other != strings.HasSuffix(tt.want, "†") {
			t.Errorf("%s: %q, %v, want %q", tt.verdict, got, other, tt.want)
		}
	}
}
