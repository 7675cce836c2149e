package report

import (
	"encoding/csv"
	"io"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// measuredCell is a run of one cell that has figures, whatever its verdict.
func measuredCell(v bench.Verdict) bench.Run {
	run := sampleRun()
	c := run.Cells[0]
	c.Verdict, c.Reasons = v, []string{"why"}
	h := 12.5
	c.Measures = figures(h, 12.5, 7.5, 7.5, 3, 77, 77, 7.5)
	c.Measures.SetCensored("time_to_recover", 7.5, 1)
	c.Attempts = []bench.Attempt{{Attempt: 1, Verdict: v, H: &h, Record: "r"}, {Attempt: 2, Verdict: v, H: &h, Published: true, Record: "r"}}
	run.Cells = []bench.Cell{c}
	return run
}

// If a verdict claims nothing about the server, no renderer shows its figures. With other
// verdicts they are shown, which proves that the test looks for the right ones.
func TestNothingClaimedShowsNoFigure(t *testing.T) {
	renderers := map[string]func(io.Writer, bench.Run) error{
		"table": func(w io.Writer, r bench.Run) error { return Table(w, NewView(r), TableOptions{}) },
		"verbose": func(w io.Writer, r bench.Run) error {
			return Table(w, NewView(r), TableOptions{Width: 100, Verbose: true})
		},
		"markdown": func(w io.Writer, r bench.Run) error { return Markdown(w, NewView(r)) },
		"summary":  func(w io.Writer, r bench.Run) error { return StepSummary(w, NewView(r), nil, nil, MostSummaryBytes) },
		"matrix":   func(w io.Writer, r bench.Run) error { return Matrix(w, NewView(r)) },
		"csv":      func(w io.Writer, r bench.Run) error { return CSV(w, NewView(r)) },
		"junit": func(w io.Writer, r bench.Run) error {
			return JUnit(w, r, []bench.Finding{{Cell: 0, By: "invalid", Text: "not measured"}})
		},
		"annotations": func(w io.Writer, r bench.Run) error {
			return Annotations(w, r, []bench.Finding{{Cell: 0, Text: "x"}}, nil)
		},
		"duel": func(w io.Writer, r bench.Run) error { _, err := io.WriteString(w, outcome(r.Cells[0])); return err },
		"progress": func(w io.Writer, r bench.Run) error {
			p := NewProgress(w, false, 80, 24)
			for _, a := range r.Cells[0].Attempts {
				p.Hear(bench.AttemptJudged{Cell: 1, Attempt: a})
			}
			p.Hear(bench.RunDone{})
			return nil
		},
	}
	figures := []string{"12.5", "7.5", "77", "7 s"}
	has := func(text string) bool {
		for _, f := range figures {
			if strings.Contains(text, f) {
				return true
			}
		}
		return false
	}
	for name, render := range renderers {
		for _, v := range []bench.Verdict{bench.Failed, bench.Invalid, bench.Unsupported} {
			run := measuredCell(v)
			var b strings.Builder
			if err := render(&b, run); err != nil {
				t.Fatal(name, err)
			}
			if got, want := has(b.String()), v.Claims() && name != "annotations"; got != want {
				t.Errorf("%s of a cell that is %s shows figures: %v\n%s", name, v, got, b.String())
			}
			if h := run.Cells[0].Measures["h"].Value; h == nil || run.Cells[0].Attempts[0].H == nil {
				t.Errorf("%s took the run's own figures away", name)
			}
		}
	}

	var b strings.Builder
	if err := CSV(&b, NewView(measuredCell(bench.Invalid))); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
	if err != nil || len(rows) != 2 {
		t.Fatal(rows, err)
	}
	for i := len(rows[0]) - len(bench.MeasureTable) - 1; i < len(rows[0]); i++ { // includes the column "censored"
		if rows[1][i] != "" {
			t.Errorf("column %s of an invalid cell is %q", rows[0][i], rows[1][i])
		}
	}
}

// A valid attempt keeps its figure, even if the cell is invalid because another attempt is
// missing.
func TestUnconfirmedAttemptKeepsItsFigure(t *testing.T) {
	run := measuredCell(bench.Invalid)
	run.Cells[0].Attempts[0].Verdict = bench.Failed
	var b strings.Builder
	if err := Table(&b, NewView(run), TableOptions{Verbose: true}); err != nil {
		t.Fatal(err)
	}
	if text := b.String(); !strings.Contains(text, "attempt 1 failed, H 12.5 %") || strings.Count(text, "12.5") != 1 {
		t.Error(text)
	}
}
