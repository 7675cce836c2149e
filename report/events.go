package report

import (
	"encoding/json"
	"io"
	"math"
	"sync"
	"time"

	"benchrun/internal/bench"
)

// EventsSchema is the format of EventLines.
const EventsSchema = "benchrun.events/v1"

// eventLine is an event as a line of JSON (docs/contract.md, "Events"). Members that an event
// does not have are omitted.
type eventLine struct {
	Schema      string         `json:"schema,omitempty"` // only in the first line
	Event       string         `json:"event"`
	Run         string         `json:"run,omitempty"`
	Cell        int            `json:"cell,omitempty"`
	Name        string         `json:"name,omitempty"`
	Attempt     int            `json:"attempt,omitempty"`
	Phase       string         `json:"phase,omitempty"`
	Cells       int            `json:"cells,omitempty"`
	Seconds     *float64       `json:"seconds,omitempty"`
	AtMost      bool           `json:"at_most,omitempty"`
	Least       *float64       `json:"seconds_least,omitempty"`
	Longest     *float64       `json:"seconds_most,omitempty"`
	IfQuiet     float64        `json:"if_quiet,omitempty"`
	Others      float64        `json:"others_cpus,omitempty"`
	H           *float64       `json:"h,omitempty"`
	Verdict     *bench.Verdict `json:"verdict,omitempty"`
	Why         string         `json:"why,omitempty"`
	Kept        bool           `json:"kept,omitempty"`
	Most        int            `json:"most,omitempty"`
	Company     int            `json:"company,omitempty"`
	Again       string         `json:"again,omitempty"`
	Text        string         `json:"text,omitempty"`
	Interrupted bool           `json:"interrupted,omitempty"`
}

// EventLines returns a listener that writes each event to w as one line of JSON. It ignores
// write errors, as progress does.
func EventLines(w io.Writer) bench.Listener {
	var mu sync.Mutex
	schema := EventsSchema
	return func(e bench.Event) {
		line := lineOf(e)
		mu.Lock()
		defer mu.Unlock()
		line.Schema, schema = schema, ""
		text, err := json.Marshal(line)
		if err != nil { // a number that JSON cannot express: the H of nothing
			return
		}
		_, _ = w.Write(append(bench.HarmlessJSON(text), '\n'))
	}
}

func lineOf(e bench.Event) eventLine {
	switch e := e.(type) {
	case bench.RunBegun:
		line := expecting("run-begun", e.Estimate, e.Open)
		line.Run, line.Cells, line.IfQuiet = e.Run, e.Cells, e.IfQuiet.Seconds()
		return line
	case bench.CellBegun:
		return eventLine{Event: "cell-begun", Cell: e.Cell, Name: e.Name}
	case bench.PhaseBegun:
		s := e.Length.Seconds()
		return eventLine{Event: "phase-begun", Cell: e.Cell, Attempt: e.Attempt, Phase: e.Phase, Seconds: &s, AtMost: e.AtMost}
	case bench.ServedSoFar:
		return eventLine{Event: "served-so-far", Cell: e.Cell, Attempt: e.Attempt, H: &e.H}
	case bench.AttemptJudged:
		line := eventLine{Event: "attempt-judged", Cell: e.Cell, Attempt: e.Attempt.Attempt, Verdict: &e.Attempt.Verdict,
			H: e.Attempt.H, Seconds: &e.Attempt.Seconds, Why: e.Why, Kept: e.Kept, Most: e.Most, Company: e.Attempt.Company}
		if e.Later {
			line.Again = "later"
		}
		if e.Alone {
			line.Again = "alone"
		}
		return line
	case bench.CellConcluded:
		return eventLine{Event: "cell-concluded", Cell: e.Cell, Name: e.Result.Name(), Verdict: &e.Result.Verdict}
	case bench.Noted:
		return eventLine{Event: "note", Text: e.Text}
	case bench.Remaining:
		line := expecting("remaining", e.Left, e.Open)
		line.Others = math.Round(10*e.Others) / 10
		return line
	case bench.RunDone:
		return eventLine{Event: "run-done", Run: e.Run.ID, Cells: len(e.Run.Cells), Interrupted: e.Run.Interrupted}
	}
	return eventLine{}
}

// expecting is an event that says how long something is expected to take.
func expecting(event string, d time.Duration, open bench.Range) eventLine {
	seconds := d.Seconds()
	line := eventLine{Event: event, Seconds: &seconds}
	if open != (bench.Range{}) {
		least, most := open.Least.Seconds(), open.Most.Seconds()
		line.Least, line.Longest = &least, &most
	}
	return line
}
