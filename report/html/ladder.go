package html

import (
	"fmt"
	"math"

	"benchrun/internal/bench"
	"benchrun/report"
)

// ladder is a ladder as the page shows it: in words, and as strips on two scales, one of
// ratios and one of seconds. The second one has what a watchdog weighs against each other:
// how long a fault holds its slot, and how long an honest request may last.
type ladder struct {
	Title  string
	Words  []string
	Key    []keyed
	Scales []scale
}

// scale is some strips above one axis.
type scale struct {
	Rows  []span
	Ticks []tick
}

// span is one strip: parts from left to right, the glyphs of verdicts on them, and lines
// across at values that were not measured.
type span struct {
	What, Figure, Title string
	Parts               []part
	Glyphs              []tick
	Lines               []line
	None                string // why there is nothing to draw
}

// part is an area of a strip, with its class in style.css.
type part struct{ Class, X, W string }

// line is a line across a strip, with its label on the side where there is room.
type line struct{ X, Label, Side string }

// ratioAxis is logarithmic: from below the lowest ratio that a scenario may have to all
// requests.
var ratioAxis = axis{math.Log10(0.05), 2}

func newLadder(l bench.Ladder) *ladder {
	return &ladder{
		Title: report.LadderTitle(l), Words: report.LadderWords(l), Scales: []scale{ratios(l), lengths(l)},
		Key: []keyed{{"ok", "holds, or is served"}, {"timeout", "does not hold, or is not served"}, {"does-not-count", "not known"}, {"late", "a fault holds a slot"}},
	}
}

// ratios is the strip of the ratios that hold and fail, with the theory.
func ratios(l bench.Ladder) scale {
	a, at := ratioAxis, func(percent float64) float64 { return math.Log10(max(percent, math.SmallestNonzeroFloat64)) }
	holds, fails, figure := a.from, a.to, report.None
	if l.Holds != nil {
		holds, figure = at(*l.Holds), report.Digits(*l.Holds)+" %"
	}
	if l.Fails != nil {
		fails = at(*l.Fails)
	}
	row := span{What: "ratio that holds", Figure: figure, Parts: a.parts(holds, fails), Title: report.LadderWords(l)[0]}
	for _, r := range l.Rungs {
		row.Glyphs = append(row.Glyphs, tick{a.pct(at(r.Ratio)), glyph(r.Verdict)})
	}
	if t := l.Theory; t != nil {
		row.Lines = []line{a.line(at(t.Below), "theory: "+report.Digits(t.Below)+" %")}
	}
	var ticks []tick
	for _, r := range bench.RatioLadder {
		ticks = append(ticks, tick{a.pct(at(r.Percent())), report.Digits(r.Percent()) + " %"})
	}
	return scale{[]span{row}, ticks}
}

// lengths are the strips of how long faults and honest requests last, with the documented
// watchdog.
func lengths(l bench.Ladder) scale {
	seconds := func(v float64) float64 { return min(max(v, 0), bench.Horizon.Seconds()) }
	h, hold := l.Honest, 0.0
	if l.Theory != nil {
		hold = seconds(l.Theory.Hold)
	}
	serves, ends, watchdog := seconds(h.Serves), seconds(h.Ends), seconds(h.Watchdog)
	a := axis{0, 1.15 * max(serves, ends, watchdog, hold, 1)}
	if ends == 0 {
		ends = a.to
	}
	var lines []line
	if watchdog > 0 {
		lines = []line{a.line(watchdog, "documented watchdog: "+report.Digits(watchdog)+" s")}
	}
	var rows []span
	if l.Theory != nil {
		row := span{What: "a fault holds its slot", Figure: report.Digits(hold) + " s", Lines: lines}
		if hold == 0 {
			hold, row.Figure = a.to, "no end"
		}
		row.Title = row.What + ": " + row.Figure
		row.Parts = []part{{"b late", a.pct(0), a.wide(0, hold)}}
		rows = append(rows, row)
	}
	row := span{What: "longest honest request"}
	if h.Note != "" {
		row.Figure, row.None = report.None, report.Clean(h.Note)
	} else {
		row.Figure, row.Title = fmt.Sprintf("%.1f s", serves), report.HonestWords(h)
		row.Parts, row.Lines = a.parts(serves, ends), lines
	}
	return scale{append(rows, row), a.ticks()}
}

// parts are a strip that is good up to a value, bad from another one on, and not known in
// between.
func (a axis) parts(good, bad float64) []part {
	return []part{
		{"b ok", a.pct(a.from), a.wide(a.from, good)},
		{"masked", a.pct(good), a.wide(good, bad)},
		{"b timeout", a.pct(bad), a.wide(bad, a.to)},
	}
}

// line is a line at a value, as far as it lies on the axis.
func (a axis) line(at float64, label string) line {
	side := ""
	switch place := (a.clip(at) - a.from) / a.span(); {
	case place < 0.2:
		side = "from"
	case place > 0.8:
		side = "to"
	}
	return line{a.pct(at), label, side}
}

// glyph stands for a verdict.
func glyph(v bench.Verdict) string { return string([]rune(report.Badge(v))[0]) }
