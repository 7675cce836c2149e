package html

import (
	"slices"
	"strconv"
	"strings"

	"benchrun/internal/bench"
	"benchrun/report"
)

// matrix is targets × scenarios, both in the order of the run. benchrun's own reference comes
// last.
type matrix struct {
	Scenarios []string
	Heads     []head // one for each scenario
	Rows      []matrixRow
}

// head is the heading of a scenario's column.
type head struct {
	ID     string   // of the scenario's figure
	Pieces []string // the name, divided where a line may break: "slow-", "upload-", "1pct"
	Held   string   // "5/10 held", counting the servers' cells with a claim; "" = there are none
}

// mostRoomy is how many scenarios may have wide columns.
const mostRoomy = 6

// Wide says that a matrix needs the whole width of a window. Its cells then show only the glyph
// of a verdict.
func (m matrix) Wide() bool { return len(m.Scenarios) > mostRoomy }

// style is the part of the style sheet that depends on the matrix: its width, and below which
// width the page needs a hint that the matrix scrolls. Its columns have fixed widths in rem, so
// no script is needed. Fifteen narrow columns fit into a window of 1,280 pixels.
func (m matrix) style() string {
	target, column := 8.0, 8.4
	if m.Wide() {
		target, column = 7.5, 4.6
	}
	width := dec(target+column*float64(len(m.Scenarios)), 2) + "rem"
	return ".matrix table{width:" + width + "}.matrix thead th:first-child{width:" + dec(target, 2) + "rem}\n" +
		"@container (width<" + width + "){.hint{display:block}}"
}

// servers is the matrix without benchrun's own reference.
func (m matrix) servers() matrix {
	m.Rows = slices.DeleteFunc(slices.Clone(m.Rows), matrixRow.own)
	return m
}

// matrixRow is one target.
type matrixRow struct {
	ID                       string
	Name                     string // without the version, if that is unambiguous
	Server, Version, Profile string
	Own                      bool     // benchrun's own reference
	Cells                    [][]cell // by scenario; empty = not measured, two = an oddly merged run
}

func (r matrixRow) own() bool { return r.Own }

// cell is one cell of the run, in words.
type cell struct {
	ID      string // of its story on the page
	Back    string // id of its row in the matrix
	Class   string // its verdict
	Verdict bench.Verdict
	Glyph   string
	Row     report.Row
	Story   Story
	Drawn   bool // the story has a drawing
}

// Main is the main text in the matrix: H, or why the cell failed if not because of its victims.
func (c cell) Main() string {
	if c.Row.Other != "" {
		return c.Row.Other
	}
	return c.Row.H
}

// Detail is the time to recover. It is "" if there is none, if the victims are not the reason, or
// if they were not served even before the faults.
func (c cell) Detail() string {
	if c.Row.Recover == report.None || c.Row.Other != "" || c.Verdict == bench.Broken {
		return ""
	}
	return c.Row.Recover
}

// cells joins the rows of a view with their stories.
func cells(run bench.Run, v report.View, stories []Story) []cell {
	type key struct {
		server, version, profile, front, scenario string
		family                                    int
	}
	by := map[key]Story{}
	for _, s := range stories {
		by[key{s.Server, s.Version, s.Profile, s.Front, s.Scenario, s.FamilyVer}] = s
	}
	var out []cell
	for i, row := range v.Rows {
		c := run.Cells[i]
		s := by[key{c.Server, c.Version, c.Profile, c.Front, c.Scenario, c.FamilyVer}]
		out = append(out, cell{
			Class: row.Verdict.String(), Verdict: row.Verdict, Glyph: glyph(row.Verdict),
			Row: row, Story: s, Drawn: len(s.Seconds) > 0,
		})
	}
	return out
}

// newMatrix arranges cells. It gives everything that links lead to its name, and tells each cell
// its row.
func newMatrix(cells []cell) matrix {
	var m matrix
	for _, c := range cells {
		if !slices.Contains(m.Scenarios, c.Row.Scenario) {
			m.Scenarios = append(m.Scenarios, c.Row.Scenario)
		}
	}
	at := map[string]int{} // by target
	for _, own := range []bool{false, true} {
		for _, c := range cells {
			if _, ok := at[c.Row.Target]; ok || c.Row.Own != own {
				continue
			}
			at[c.Row.Target] = len(m.Rows)
			row := matrixRow{Name: c.Row.Short, Server: c.Row.Cell.Server, Version: c.Row.Cell.Version, Profile: c.Row.Cell.Profile,
				Own: own, Cells: make([][]cell, len(m.Scenarios))}
			m.Rows = append(m.Rows, row)
		}
	}
	m.name(cells, at)
	for k, c := range cells {
		i, s := at[c.Row.Target], slices.Index(m.Scenarios, c.Row.Scenario)
		c.Back = m.Rows[i].ID
		cells[k].Back = c.Back
		m.Rows[i].Cells[s] = append(m.Rows[i].Cells[s], c)
	}
	for i := range m.Scenarios {
		sum := score{}
		for _, row := range m.servers().Rows {
			for _, c := range row.Cells[i] {
				sum.add(c.Verdict)
			}
		}
		if sum.all > 0 {
			m.Heads[i].Held = strconv.Itoa(sum.held) + "/" + strconv.Itoa(sum.all) + " held"
		}
	}
	return m
}

// name names cells, rows and scenarios. A name has a version only if the run has a server in more
// than one.
func (m *matrix) name(cells []cell, at map[string]int) {
	words := make([][]string, len(cells)+len(m.Rows), len(cells)+len(m.Rows)+len(m.Scenarios))
	for k, c := range cells {
		r := c.Row.Cell
		target := []string{r.Server, "", r.Profile}
		if c.Row.Short == c.Row.Target {
			target[1] = r.Version
		}
		words[k] = append(slices.Clone(target), r.Scenario)
		words[len(cells)+at[c.Row.Target]] = target
	}
	for _, s := range m.Scenarios {
		words = append(words, []string{s})
	}
	names := anchors(words)
	for k := range cells {
		cells[k].ID = names[k]
	}
	for i := range m.Rows {
		m.Rows[i].ID = names[len(cells)+i]
	}
	for i, s := range m.Scenarios {
		m.Heads = append(m.Heads, head{ID: names[len(cells)+len(m.Rows)+i], Pieces: strings.SplitAfter(s, "-")})
	}
}
