package html

import (
	"fmt"
	"slices"
	"strings"

	"benchrun/internal/bench"
	"benchrun/report"
)

// strips is the figure of one scenario: all its targets on one axis, one below the other.
type strips struct {
	Scenario string
	ID       string
	Box      string
	Ticks    []tick
	Strips   []strip
	Key      []keyed
}

// strip is one target in the figure.
type strip struct {
	cell
	Shape  string // id of the drawn layers, which the cell's story uses again
	Layers []layer
	FaultX string
	FaultW string
	Masked []shade
	Title  string
}

// keyed is an entry in a figure's key.
type keyed struct{ Class, Text string }

var notCounted = keyed{"does-not-count", "does not count"}

// chart is the timeline of one cell.
type chart struct {
	Box, Shape   string // Shape is that of the strip
	Title        string // the phases, which the text beside the chart does not have
	Ticks        []tick
	Fault        shade
	Edges        string // a path: the beginnings of the phases
	Names        []tick // of the phases, as far as they fit
	Masked       []shade
	Born, Died   []mark
	Memory, Peak string // the line, and the label of its top
	MemorySource string
	Key          []keyed
	Sent, Good   string // the lines of a surge; "" = there is none
	Wait         string // how long its requests waited for the app
	Rate, Half   string // labels of the y axis
	StepText     string
	EventsBelow  string // births and deaths in words
}

func newStrips(m matrix, i int) strips {
	f := strips{Scenario: m.Scenarios[i], ID: m.Heads[i].ID}
	var drawn []Story
	for _, row := range m.Rows {
		for _, c := range row.Cells[i] {
			drawn = append(drawn, c.Story)
		}
	}
	a := axisOf(false, drawn...)
	f.Box, f.Ticks = a.box(), a.ticks()
	classes, hatched := map[string]bool{}, false
	for _, row := range m.Rows {
		for _, c := range row.Cells[i] {
			s := strip{cell: c, Shape: "shape~" + c.ID, Layers: layers(c.Story), Masked: masked(c.Story, a)}
			if p, ok := c.Story.phase(bench.MarkFault); ok {
				s.FaultX, s.FaultW = a.pct(p.From), a.wide(p.From, p.To)
			}
			for _, l := range s.Layers {
				classes[l.Class] = true
			}
			s.Title = c.Verdict.String() + ": " + lossText(c.Story)
			hatched = hatched || len(s.Masked) > 0
			f.Strips = append(f.Strips, s)
		}
	}
	for _, b := range bands {
		if classes[b.class] {
			f.Key = append(f.Key, keyed{b.class, b.word})
		}
	}
	if hatched {
		f.Key = append(f.Key, notCounted)
	}
	return f
}

func newChart(c cell) chart {
	s := c.Story
	a := axisOf(true, s)
	f := chart{Box: a.box(), Shape: "shape~" + c.ID, Ticks: a.ticks(), Masked: masked(s, a),
		Born: procMarks(s.Procs, a, false), Died: procMarks(s.Procs, a, true),
		Rate: dec(float64(s.Rate), 0), Half: dec(float64(s.Rate)/2, 1)}
	phases := []string{}
	for i, p := range s.Phases {
		name := string(p.Name)
		if i > 0 {
			f.Edges += "M" + dec(p.From, 2) + " 0v100"
		}
		if p.Name == bench.MarkFault {
			f.Fault = shade{X: a.pct(p.From), W: a.wide(p.From, p.To)}
			name = "faults"
		}
		if (p.To-p.From)/a.span() > 0.13 {
			f.Names = append(f.Names, tick{a.pct((p.From + p.To) / 2), name})
		}
		phases = append(phases, fmt.Sprintf("%s %s to %s s", name, dec(p.From, 1), dec(p.To, 1)))
	}
	path, peak := memoryLine(s.Memory, a)
	f.Memory = path
	if peak > 0 {
		f.Peak = report.Figure(bench.Measure{Value: &peak, Unit: "MiB"})
	}
	for _, l := range slices.Backward(layers(s)) {
		f.Key = append(f.Key, keyed{l.Class, bench.Things(l.Victims, l.Word, l.Word)})
	}
	sent, good, most, best := surgeLines(s)
	if f.Sent, f.Good = sent, good; sent != "" {
		wait, longest := waitLine(s)
		f.Wait, f.Key = wait, append(f.Key, surgeKey(most, best, longest)...)
	}
	if len(f.Masked) > 0 {
		f.Key = append(f.Key, notCounted)
	}
	if per := (len(s.Seconds) + mostSteps - 1) / mostSteps; per > 1 {
		f.StepText = fmt.Sprintf("drawn in steps of %d s", per)
	}
	f.EventsBelow, f.MemorySource = processText(s), report.Clean(s.MemorySource)
	f.Title = "Timeline: " + strings.Join(phases, ", ")
	return f
}
