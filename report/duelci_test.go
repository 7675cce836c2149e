package report

import (
	"bytes"
	"encoding/xml"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

func duelView() DuelView {
	row := func(scenario string, answer bench.Answer) DuelRow {
		return DuelRow{Scenario: scenario, Answer: answer, A: "held 100.0 %", B: "failed 12.0 %", Loss: "+88.0 %", Pairs: 2, Seconds: 50, Reasons: []string{"because of " + string(answer) + "\n::error::x|"}}
	}
	return DuelView{A: "s 1 p", B: "s 2 p", Target: "s.p", Bouts: []DuelRow{row("a", "worse"), row("b", "same"), row("c", "better"), row("d", "invalid")}}
}

func TestDuelJUnit(t *testing.T) {
	var b bytes.Buffer
	v := duelView()
	v.Broke = "it was interrupted"
	if err := DuelJUnit(&b, v); err != nil {
		t.Fatal(err)
	}
	var got junitSuites
	if err := xml.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Tests != 5 || got.Failures != 1 || got.Errors != 2 || got.Time != "200.000" || len(got.Suites) != 1 || got.Suites[0].Name != "duel.s.p" {
		t.Fatalf("%+v", got)
	}
	want := map[string]string{"a": "failure", "b": "", "c": "", "d": "error", "whole-run": "error"}
	for _, c := range got.Suites[0].Cases {
		is := map[bool]string{c.Failure != nil: "failure", c.Error != nil: "error"}[true]
		if is != want[c.Name] || c.Class != "duel.s.p" || c.Name != "whole-run" && !strings.Contains(c.Out, "because of") {
			t.Errorf("%+v", c)
		}
	}
}

func TestDuelOnGitHub(t *testing.T) {
	var b bytes.Buffer
	if err := DuelAnnotations(&b, duelView()); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "::error title=duel s.p a::B is worse: A held 100.0 %25, B failed") || !strings.Contains(lines[1], "duel s.p d") {
		t.Errorf("%q", lines)
	}
	b.Reset()
	if err := DuelSummary(&b, duelView(), MostSummaryBytes); err != nil {
		t.Fatal(err)
	}
	if text := b.String(); strings.Count(text, "\n| ") != 5 || !strings.Contains(text, "x\\|") {
		t.Errorf("%s", text)
	}
	long := b.Len()
	b.Reset()
	if err := DuelSummary(&b, duelView(), long-1); err != nil || b.Len() >= long || !strings.Contains(b.String(), "Cut here") {
		t.Errorf("%v: %s", err, b.String())
	}
	b.Reset()
	if err := DuelAnnotations(&b, DuelView{}); err != nil || b.Len() != 0 {
		t.Errorf("of nothing: %q, %v", b.String(), err)
	}
}

// If nothing can be said about B, the table shows no loss; for an invalid side it shows no
// figure.
func TestDuelOfAnInvalidSideShowsNoFigure(t *testing.T) {
	h := 12.5
	cell := func(scenario string, v bench.Verdict) bench.Cell {
		return bench.Cell{Scenario: scenario, Verdict: v, Measures: bench.Measures{"h": {Value: &h, Unit: "%"}}}
	}
	run := bench.Run{Cells: []bench.Cell{cell("a", bench.Invalid), cell("a", bench.Failed), cell("b", bench.Held), cell("b", bench.Failed)}}
	d := bench.Duel{Bouts: []bench.Bout{
		{Scenario: "a", Answer: "invalid", Loss: 7.5, Pairs: make([]bench.BoutPair, 1)}, {Scenario: "b", Answer: "worse", Loss: 7.5, Pairs: make([]bench.BoutPair, 1)},
	}}
	v := NewDuelView(run, d)
	if r := v.Bouts[0]; r.A != "invalid" || r.B != "failed 12.5 %" || r.Loss != "–" {
		t.Errorf("%+v", r)
	}
	if r := v.Bouts[1]; r.A != "held 12.5 %" || r.Loss != "+7.5 %" {
		t.Errorf("%+v", r)
	}
}
