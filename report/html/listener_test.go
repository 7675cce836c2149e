package html

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// The page has the story of the published attempt, in whatever order the events of cells that
// run at the same time come.
func TestListenerWritesThePage(t *testing.T) {
	var page bytes.Buffer
	full := errors.New("disk full")
	l := &Listener{
		Write: func(fill func(io.Writer) error) error { return errors.Join(fill(&page), full) },
		Log:   func(rel string) string { return "said in " + rel },
	}
	var run bench.Run
	for i, name := range []string{"alpha", "beta"} {
		cell := bench.Cell{Server: name, Profile: "default", Scenario: "wedge-1pct", Verdict: bench.Failed}
		for n, published := range []bool{false, true} {
			a := bench.Attempt{Attempt: n + 1, Record: name + string(rune('1'+n)), Log: "logs/" + name + string(rune('1'+n)), Published: published, Verdict: bench.Failed}
			l.Hear(bench.AttemptJudged{Cell: i + 1, Attempt: a, Of: cell, Record: &bench.Record{}})
			cell.Attempts = append(cell.Attempts, a)
		}
		run.Cells = append([]bench.Cell{cell}, run.Cells...)
	}
	if page.Len() > 0 || l.Err() != nil {
		t.Errorf("written before the run was done: %v", l.Err())
	}
	l.Hear(bench.RunDone{Run: run})
	for text, want := range map[string]bool{"said in logs/alpha2": true, "said in logs/beta2": true, "said in logs/alpha1": false} {
		if strings.Contains(page.String(), text) != want {
			t.Errorf("%q is in the page: %v", text, !want)
		}
	}
	if !errors.Is(l.Err(), full) {
		t.Errorf("error %v", l.Err())
	}
}
