package html

import (
	"slices"
	"strconv"

	"benchrun/internal/bench"
	"benchrun/report"
)

// matrix is targets × scenarios, both in the order of the run.
type matrix struct {
	Scenarios []string
	Held      []string // by scenario: "5 of 10 held"
	Rows      []matrixRow
}

// Wide says that a matrix needs all the room that a window has: its cells then
// leave the verdict's word to the glyph.
func (m matrix) Wide() bool { return len(m.Scenarios) > 6 }

// matrixRow is one target.
type matrixRow struct {
	Name                           string // without the version, where that is not ambiguous
	Server, Version, Profile, Tail string
	Cells                          [][]cell // by scenario; empty = not asked for, two = a run that was merged oddly
}

// cell is one cell of the run, in words.
type cell struct {
	ID      string // of its story on the page
	Back    string // id of its row in the matrix
	Class   string // its verdict
	Verdict bench.Verdict
	Glyph   string
	Row     report.Row
	Story   Story
	Drawn   bool // the story has something to draw
}

// Recovery is the time to recover; "" where there is none.
func (c cell) Recovery() string {
	if c.Row.Recover == report.None {
		return ""
	}
	return c.Row.Recover
}

// cells pairs the rows of a view with their stories.
func cells(run bench.Run, v report.View, stories []Story) []cell {
	type key struct{ server, version, profile, front, scenario string }
	by := map[key]Story{}
	for _, s := range stories {
		by[key{s.Server, s.Version, s.Profile, s.Front, s.Scenario}] = s
	}
	var out []cell
	for i, row := range v.Rows {
		c := run.Cells[i]
		s := by[key{c.Server, c.Version, c.Profile, c.Front, c.Scenario}]
		glyph := []rune(report.Badge(row.Verdict))[0]
		out = append(out, cell{
			ID: "cell-" + strconv.Itoa(i+1), Class: row.Verdict.String(), Verdict: row.Verdict, Glyph: string(glyph),
			Row: row, Story: s, Drawn: len(s.Seconds) > 0,
		})
	}
	return out
}

// newMatrix lays cells out, and tells each which row it stands in.
func newMatrix(cells []cell) matrix {
	var m matrix
	for _, c := range cells {
		if !slices.Contains(m.Scenarios, c.Row.Scenario) {
			m.Scenarios = append(m.Scenarios, c.Row.Scenario)
		}
	}
	at := map[string]int{} // by target
	for k, c := range cells {
		i, ok := at[c.Row.Target]
		if !ok {
			i = len(m.Rows)
			at[c.Row.Target] = i
			row := matrixRow{Name: c.Row.Short, Server: c.Row.Cell.Server, Version: c.Row.Cell.Version, Profile: c.Row.Cell.Profile,
				Cells: make([][]cell, len(m.Scenarios))}
			if c.Row.Cell.Front != "" {
				row.Tail = "behind " + c.Row.Cell.Front
			}
			m.Rows = append(m.Rows, row)
		}
		c.Back = "r" + strconv.Itoa(i)
		cells[k].Back = c.Back
		s := slices.Index(m.Scenarios, c.Row.Scenario)
		m.Rows[i].Cells[s] = append(m.Rows[i].Cells[s], c)
	}
	for i := range m.Scenarios {
		held, all := 0, 0
		for _, row := range m.Rows {
			for _, c := range row.Cells[i] {
				all++
				if c.Verdict == bench.Held {
					held++
				}
			}
		}
		m.Held = append(m.Held, strconv.Itoa(held)+" of "+strconv.Itoa(all)+" held")
	}
	return m
}
