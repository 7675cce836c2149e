package report

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"benchrun/internal/bench"
)

// Each event is a line, the first line names the format, and events of a cell have its number
// and the number of their attempt.
func TestEventLines(t *testing.T) {
	var out bytes.Buffer
	hear := EventLines(&out)
	h := 97.5
	for _, e := range []bench.Event{
		bench.Noted{Text: "a note\u202e"},
		bench.RunBegun{Run: "r1", Cells: 2, Estimate: time.Minute, IfQuiet: 20 * time.Second},
		bench.CellBegun{Cell: 2, Name: "a/b/c"},
		bench.PhaseBegun{Cell: 2, Attempt: 1, Phase: "boot", Length: 15 * time.Second, AtMost: true},
		bench.PhaseBegun{Cell: 2, Attempt: 1, Phase: "fault", Length: 12 * time.Second},
		bench.ServedSoFar{Cell: 2, Attempt: 1, H: 12.5},
		bench.ServedSoFar{Cell: 2, Attempt: 1, H: math.NaN()},
		bench.Remaining{Left: 30 * time.Second},
		bench.Remaining{Left: 30 * time.Second, Open: bench.Range{Most: 50 * time.Second}},
		bench.Remaining{Left: 30 * time.Second, Others: 1.62},
		bench.AttemptJudged{Cell: 2, Attempt: bench.Attempt{Attempt: 1, Verdict: bench.Failed, H: &h, Seconds: 4}, Record: &bench.Record{}, Most: 2},
		bench.AttemptJudged{Cell: 2, Attempt: bench.Attempt{Attempt: 2, Verdict: bench.Failed, H: &h, Seconds: 4, Company: 3}, Alone: true},
		bench.AttemptJudged{Cell: 2, Attempt: bench.Attempt{Attempt: 3, Verdict: bench.Invalid, H: &h, Seconds: 4, Company: 3}, Later: true},
		bench.CellConcluded{Cell: 2, Result: bench.Cell{Server: "a", Profile: "b", Scenario: "c", Verdict: bench.Failed}},
		bench.RunDone{Run: bench.Run{ID: "r1", Interrupted: true}},
	} {
		hear(e)
	}
	want := `{"schema":"benchrun.events/v1","event":"note","text":"a note\u202e"}
{"event":"run-begun","run":"r1","cells":2,"seconds":60,"if_quiet":20}
{"event":"cell-begun","cell":2,"name":"a/b/c"}
{"event":"phase-begun","cell":2,"attempt":1,"phase":"boot","seconds":15,"at_most":true}
{"event":"phase-begun","cell":2,"attempt":1,"phase":"fault","seconds":12}
{"event":"served-so-far","cell":2,"attempt":1,"h":12.5}
{"event":"remaining","seconds":30}
{"event":"remaining","seconds":30,"seconds_least":0,"seconds_most":50}
{"event":"remaining","seconds":30,"others_cpus":1.6}
{"event":"attempt-judged","cell":2,"attempt":1,"seconds":4,"h":97.5,"verdict":"failed","most":2}
{"event":"attempt-judged","cell":2,"attempt":2,"seconds":4,"h":97.5,"verdict":"failed","company":3,"again":"alone"}
{"event":"attempt-judged","cell":2,"attempt":3,"seconds":4,"h":97.5,"verdict":"invalid","company":3,"again":"later"}
{"event":"cell-concluded","cell":2,"name":"a/b/c","verdict":"failed"}
{"event":"run-done","run":"r1","interrupted":true}
`
	if out.String() != want {
		t.Errorf("lines:\n%s", out.String())
	}
}

// Lines of cells that run at the same time are never mixed.
func TestEventLinesFromManyGoroutines(t *testing.T) {
	var out bytes.Buffer
	hear := EventLines(&out)
	var all sync.WaitGroup
	for cell := range 8 {
		all.Go(func() {
			for range 50 {
				hear(bench.CellBegun{Cell: cell + 1, Name: strings.Repeat("x", 200)})
			}
		})
	}
	all.Wait()
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	schemas := 0
	for _, l := range lines {
		var got struct{ Schema, Event, Name string }
		if err := json.Unmarshal([]byte(l), &got); err != nil || got.Event != "cell-begun" || len(got.Name) != 200 {
			t.Fatalf("%q: %v", l, err)
		}
		if got.Schema != "" {
			schemas++
		}
	}
	if len(lines) != 400 || schemas != 1 {
		t.Errorf("%d lines, %d of them name the format", len(lines), schemas)
	}
}
