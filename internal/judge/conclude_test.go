package judge

import (
	"slices"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

func TestConclude(t *testing.T) {
	cell := bench.Cell{Server: "demo", Profile: "default", Scenario: "wedge-1pct", Attempts: []bench.Attempt{
		{Attempt: 1, Record: "a"}, {Attempt: 2, Record: "b", Published: true},
	}}
	before := cell
	judged := attempts("failed:60 failed:70")
	Conclude(&cell, judged)
	if cell.Verdict != bench.Failed || !slices.Equal(cell.Reasons, judged[0].Reasons) || *cell.Measures["h"].Value != 60 {
		t.Errorf("the cell is %+v", cell)
	}
	for i, want := range []bool{true, false} {
		a := cell.Attempts[i]
		if a.Published != want || a.Verdict != bench.Failed || *a.H != []float64{60, 70}[i] || a.Record != before.Attempts[i].Record {
			t.Errorf("attempt %d is %+v", i+1, a)
		}
	}
	if !before.Attempts[1].Published {
		t.Error("the copy's attempts were changed")
	}
	Conclude(&cell, nil)
	if cell.Verdict != bench.Invalid || cell.Flags == nil || cell.Measures == nil {
		t.Errorf("without attempts the cell is %+v", cell)
	}
}

// The attempt that stands for a cell is one that no other cells disturbed, if one of these
// has the cell's verdict.
func TestConcludePublishesCalmAttempts(t *testing.T) {
	for _, tt := range []struct {
		made      string
		disturbed []int
		published int
	}{
		{"failed:60 failed:70", nil, 0},
		{"failed:60 failed:70", []int{0}, 1},
		{"failed:50 failed:40 failed:60", []int{0}, 1},
		{"failed:60 failed:70", []int{0, 1}, 0},
		{"failed:60 held:99", []int{1}, 1},
		{"failed:60 failed:70 degraded:96", []int{2}, 2},
		{"failed+:60 failed:70", []int{0}, 0},
	} {
		cell := bench.Cell{Attempts: make([]bench.Attempt, len(strings.Fields(tt.made)))}
		for _, i := range tt.disturbed {
			cell.Attempts[i].Disturbed = true
		}
		judged := attempts(tt.made)
		Conclude(&cell, judged)
		if got := slices.IndexFunc(cell.Attempts, func(a bench.Attempt) bool { return a.Published }); got != tt.published {
			t.Errorf("%s, disturbed %v: attempt %d is published, want %d", tt.made, tt.disturbed, got+1, tt.published+1)
		}
		if h := judged[tt.published].Measures["h"].Value; *cell.Measures["h"].Value != *h {
			t.Errorf("%s, disturbed %v: h %v, want %v", tt.made, tt.disturbed, *cell.Measures["h"].Value, *h)
		}
	}
}

func TestDifferences(t *testing.T) {
	cell := func(words string) bench.Cell {
		c := bench.Cell{Server: "demo", Profile: "default", Scenario: "wedge-1pct", Attempts: make([]bench.Attempt, len(strings.Fields(words)))}
		Conclude(&c, attempts(words))
		return c
	}
	if got := Differences(cell("failed:60 held:99"), cell("failed:60 held:99")); len(got) != 0 {
		t.Errorf("the same cell differs: %q", got)
	}
	got := Differences(cell("failed:60"), cell("held:99"))
	want := []string{
		`demo/default/wedge-1pct: verdict was failed, is held`,
		`demo/default/wedge-1pct: reasons was ["because of failed:60"], is ["because of held:99"]`,
		`demo/default/wedge-1pct: attempt 1 was failed with h 60 (published), is held with h 99 (published)`,
		`demo/default/wedge-1pct: h was 60 (n = 1200), is 99 (n = 1200)`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	got = Differences(cell("failed:60 held:99"), cell("held held:99"))
	for _, want := range []string{"flags was [flaky], is []", "attempt 1 was failed with h 60, is held with h nothing", "h was 99 (n = 1200), is nothing"} {
		if !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, want) }) {
			t.Errorf("no %q in %q", want, got)
		}
	}
	// A judgement that came through JSON is the same.
	a := cell("failed:60")
	b := cell("failed:60")
	v := *b.Measures["h"].Value
	m := b.Measures["h"]
	m.Value = &v
	b.Measures["h"] = m
	if got := Differences(a, b); len(got) != 0 {
		t.Errorf("equal values differ: %q", got)
	}
}
