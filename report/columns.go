package report

import (
	"slices"
	"strings"

	"benchrun/internal/bench"
)

// gutter is what stands between columns.
const gutter = "  "

// column is one column of a table.
type column struct {
	head    string
	right   bool // figures end at the same place
	colored bool
	// give says when the column is given up on a narrow terminal: the highest
	// first, 0 never. The losses (H, outage, recover) stay longest.
	give int
	text func(Row) string
}

// tableColumns lists the columns, widest form.
func tableColumns() []column {
	return []column{
		{head: "target", text: func(r Row) string { return r.Target }},
		{head: "scenario", text: func(r Row) string { return r.Scenario }},
		{head: "verdict", colored: true, text: func(r Row) string { return Badge(r.Verdict) }},
		{head: "H", right: true, text: func(r Row) string { return r.H }},
		{head: "reclaimed", right: true, give: 5, text: func(r Row) string { return r.Reclaimed }},
		{head: "collapse", right: true, give: 3, text: func(r Row) string { return r.Collapse }},
		{head: "recover", right: true, give: 1, text: func(r Row) string { return r.Recover }},
		{head: "outage", right: true, give: 2, text: func(r Row) string { return r.Outage }},
		{head: "deaths", right: true, give: 4, text: func(r Row) string { return r.Deaths }},
		{head: "memory", right: true, give: 6, text: func(r Row) string { return r.MemoryPeak }},
		{head: "growth", right: true, give: 8, text: func(r Row) string { return r.MemoryGrowth }},
		{head: "stop", right: true, give: 7, text: func(r Row) string { return r.Stop }},
	}
}

// fit chooses the columns that fit into width, and names those that do not.
// Before a column goes, targets lose their version (short), which the last
// lines of the table then give.
func fit(rows []Row, width int) (cols []column, short bool, left []string) {
	cols = tableColumns()
	if width <= 0 || needed(rows, cols) <= width {
		return cols, false, nil
	}
	cols[0].text = func(r Row) string { return r.Short }
	for needed(rows, cols) > width {
		last := 0
		for i, c := range cols {
			if c.give > cols[last].give {
				last = i
			}
		}
		if cols[last].give == 0 {
			break
		}
		cols = append(cols[:last:last], cols[last+1:]...)
	}
	for _, c := range tableColumns() {
		if !slices.ContainsFunc(cols, func(kept column) bool { return kept.head == c.head }) {
			left = append(left, c.head)
		}
	}
	return cols, true, left
}

// needed is the width of a table.
func needed(rows []Row, cols []column) int {
	total := -len(gutter)
	for _, c := range cols {
		w := columns(c.head)
		for _, r := range rows {
			w = max(w, columns(c.text(r)))
		}
		total += w + len(gutter)
	}
	return total
}

// Badge is a verdict's glyph and word: "✓ held". No two verdicts share a
// glyph: where there is no room for the word, the glyph says it.
func Badge(v bench.Verdict) string {
	glyph := "?"
	switch v {
	case bench.Held:
		glyph = "✓"
	case bench.Degraded:
		glyph = "~"
	case bench.Failed:
		glyph = "✗"
	case bench.Broken:
		glyph = "⊘"
	case bench.Unsupported:
		glyph = "·"
	}
	return glyph + " " + v.String()
}

// paint colours a verdict's text for a terminal: held green, degraded yellow,
// failed and broken red, invalid magenta; unsupported stays as it is.
func paint(text string, v bench.Verdict) string {
	code := ""
	switch v {
	case bench.Held:
		code = "32"
	case bench.Degraded:
		code = "33"
	case bench.Failed, bench.Broken:
		code = "31"
	case bench.Invalid:
		code = "35"
	default:
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// tally is "4 cells: 2 held, 1 degraded, 1 failed", and what benchrun's own
// reference came to.
func (v View) tally() string {
	if len(v.Rows) == 0 {
		return "no cell was measured"
	}
	text := counted(v.Tally)
	if len(v.Reference) > 0 {
		text += "; apart from them, benchrun's own reference: " + counted(v.Reference)
	}
	return text
}

// counted is "4 cells: 2 held, 1 degraded, 1 failed".
func counted(list []Tally) string {
	cells := 0
	var parts []string
	for _, t := range list {
		cells += t.Cells
		parts = append(parts, grouped(float64(t.Cells))+" "+t.Verdict.String())
	}
	noun := " cells: "
	if cells == 1 {
		noun = " cell: "
	}
	return grouped(float64(cells)) + noun + strings.Join(parts, ", ")
}
