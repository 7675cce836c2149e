package report

import (
	"slices"
	"strings"

	"benchrun/internal/bench"
)

// gutter separates columns.
const gutter = "  "

// column is one column of a table.
type column struct {
	head    string
	right   bool // for figures
	colored bool
	// give is the order in which a narrow terminal loses columns: the highest number
	// first, 0 never. The losses (H, outage, recover) stay longest.
	give int
	text func(Row) string
}

// tableColumns lists the columns at full width.
func tableColumns() []column {
	return []column{
		{head: "target", text: func(r Row) string { return r.Target }},
		{head: "scenario", text: func(r Row) string { return r.Scenario }},
		{head: "verdict", colored: true, text: func(r Row) string { return Badge(r.Verdict) }},
		{head: "H", right: true, give: 1, text: func(r Row) string { return r.H }},
		{head: "reclaimed", right: true, give: 6, text: func(r Row) string { return r.Reclaimed }},
		{head: "collapse", right: true, give: 4, text: func(r Row) string { return r.Collapse }},
		{head: "recover", right: true, give: 2, text: func(r Row) string { return r.Recover }},
		{head: "outage", right: true, give: 3, text: func(r Row) string { return r.Outage }},
		{head: "deaths", right: true, give: 5, text: func(r Row) string { return r.Deaths }},
		{head: "memory", right: true, give: 7, text: func(r Row) string { return r.MemoryPeak }},
		{head: "growth", right: true, give: 9, text: func(r Row) string { return r.MemoryGrowth }},
		{head: "stop", right: true, give: 8, text: func(r Row) string { return r.Stop }},
	}
}

// fit returns the columns that fit into width, and the names of those that do not. Before it
// drops a column, it drops the version from targets (short); the last lines of the table then
// have the version. At last, it reduces verdicts to their glyphs.
func fit(rows []Row, width int) (cols []column, short bool, left []string) {
	cols = tableColumns()
	if width <= 0 || fits(rows, cols, width) {
		return cols, false, nil
	}
	cols[0].text = func(r Row) string { return r.Short }
	var give []int
	for _, c := range cols {
		give = append(give, c.give)
	}
	kept := keep(widths(rows, cols), give, width)
	var chosen []column
	for i, c := range cols {
		if slices.Contains(kept, i) {
			chosen = append(chosen, c)
		} else {
			left = append(left, c.head)
		}
	}
	if !fits(rows, chosen, width) {
		for i := range chosen {
			if chosen[i].colored {
				chosen[i].head, chosen[i].text = "", func(r Row) string { return glyph(r.Verdict) }
			}
		}
	}
	return chosen, true, left
}

func fits(rows []Row, cols []column, width int) bool { return tableWidth(widths(rows, cols)) <= width }

// widths are the widths of the columns.
func widths(rows []Row, cols []column) []int {
	out := make([]int, len(cols))
	for i, c := range cols {
		out[i] = columns(c.head)
		for _, r := range rows {
			out[i] = max(out[i], columns(c.text(r)))
		}
	}
	return out
}

// Badge is a verdict's glyph and word: "✓ held". Each verdict has its own glyph, which
// replaces the word if space is short.
func Badge(v bench.Verdict) string { return glyph(v) + " " + v.String() }

func glyph(v bench.Verdict) string {
	switch v {
	case bench.Held:
		return "✓"
	case bench.Degraded:
		return "~"
	case bench.Failed:
		return "✗"
	case bench.Broken:
		return "⊘"
	case bench.Unsupported:
		return "·"
	}
	return "?"
}

// uncolour ends a colour.
const uncolour = "\x1b[0m"

// paint colours a verdict's text for a terminal: held green, degraded yellow, failed and broken
// red, invalid magenta. unsupported gets no colour.
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
	return "\x1b[" + code + "m" + text + uncolour
}

// tally is, for example, "4 cells: 2 held, 1 degraded, 1 failed", and the same for benchrun's
// own reference server.
func (v View) tally() string {
	if len(v.Rows) == 0 {
		return "no cell was measured"
	}
	text := counted(v.Tally)
	if len(v.Reference) > 0 {
		text += "; counted apart, benchrun's own reference: " + counted(v.Reference)
	}
	return text
}

// counted is, for example, "4 cells: 2 held, 1 degraded, 1 failed".
func counted(list []Tally) string {
	cells := 0
	var parts []string
	for _, t := range list {
		cells += t.Cells
		parts = append(parts, bench.Grouped(t.Cells)+" "+t.Verdict.String())
	}
	return bench.Things(cells, "cell", "cells") + ": " + strings.Join(parts, ", ")
}
