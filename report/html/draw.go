package html

import (
	"math"
	"strconv"
	"strings"

	"benchrun/internal/bench"
)

// band is a layer of the stack of victims. Outcomes that mean the same to a user share one. The
// text below a figure lists the outcomes separately.
type band struct {
	class    string // in style.css
	word     string
	outcomes []bench.Outcome
}

// bands lists the layers from the bottom up. Their colours get darker (in dark mode: lighter)
// upwards, so that they differ in grey too.
var bands = []band{
	{"ok", "served", []bench.Outcome{bench.OK}},
	{"late", "late", []bench.Outcome{bench.Late}},
	{"timeout", "timeout", []bench.Outcome{bench.TimedOut}},
	{"answer", "error answer", []bench.Outcome{bench.HTTP5xx, bench.HTTPOther}},
	{"broken-off", "connection refused or broken", []bench.Outcome{bench.Refused, bench.Reset, bench.Truncated}},
	{"wrong", "wrong body", []bench.Outcome{bench.Wrong}},
	{"unsent", "never sent", []bench.Outcome{bench.Unsent}},
}

// mostSteps is how many steps a curve has at most: the steps of a longer story are several
// seconds.
const mostSteps = 240

// axis is a period of a story's time, in seconds.
type axis struct{ from, to float64 }

// pct is the position of a time on the axis, as a length in SVG: "37.5%".
func (a axis) pct(t float64) string { return dec((a.clip(t)-a.from)/a.span()*100, 1) + "%" }

// wide is the width of a period on the axis.
func (a axis) wide(from, to float64) string {
	return dec(max(0, a.clip(to)-a.clip(from))/a.span()*100, 1) + "%"
}

func (a axis) clip(t float64) float64 { return min(max(t, a.from), a.to) }
func (a axis) span() float64          { return max(a.to-a.from, 0.001) }

// box is the viewBox in which x is a time and the height is 100 %.
func (a axis) box() string { return dec(a.from, 2) + " 0 " + dec(a.span(), 2) + " 100" }

// tick is a labelled position on an axis.
type tick struct{ X, Label string }

// ticks are at most ten round numbers of seconds.
func (a axis) ticks() []tick {
	step := 1.0
	for _, s := range []float64{1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 3600, 7200} {
		if step = s; a.span()/s <= 9 {
			break
		}
	}
	var out []tick
	for t := math.Ceil(a.from/step) * step; t <= a.to && len(out) < 20; t += step {
		out = append(out, tick{a.pct(t), dec(t, 0) + " s"})
	}
	return out
}

// axisOf covers the victims of all stories; with ends, also what came after them.
func axisOf(ends bool, stories ...Story) axis {
	a := axis{math.Inf(1), math.Inf(-1)}
	for _, s := range stories {
		for _, sec := range s.Seconds {
			a.from, a.to = min(a.from, sec.From), max(a.to, sec.To)
		}
		for _, p := range s.Phases {
			if ends {
				a.from, a.to = min(a.from, p.From), max(a.to, p.To)
			}
		}
	}
	if !(a.from < a.to) { // nothing was measured, or a forged story has no number
		return axis{0, 1}
	}
	return a
}

// layer is a band with its drawing.
type layer struct {
	Class, Word string
	Victims     int
	Path        string // in axis.box
}

// layers draws the stack. The first layer has the height of the whole stack, and each layer
// covers its part of the one before. Bands without victims are left out.
func layers(s Story) []layer {
	steps := steps(s)
	var out []layer
	for i := len(bands) - 1; i >= 0; i-- {
		n := victims(s, bands[i])
		var path strings.Builder
		y := 100.0
		open := false
		for j, st := range steps {
			top := 0
			for _, c := range st.counts[:i+1] {
				top += c
			}
			next := 100.0
			if st.due > 0 {
				next = math.Round(max(0, 100-100*float64(top)/st.due)*10) / 10
			}
			if !open {
				path.WriteString("M" + dec(st.from, 1) + " 100")
				open = true
			}
			if next != y {
				path.WriteString("V" + dec(next, 1))
				y = next
			}
			if j+1 < len(steps) && sameStep(steps[j+1], i, next) {
				continue // the height does not change
			}
			path.WriteString("H" + dec(st.to, 1))
		}
		if n > 0 {
			out = append(out, layer{bands[i].class, bands[i].word, n, path.String() + "V100Z"})
		}
	}
	return out
}

// victims counts a band over the whole story, including seconds that are too short to be drawn.
func victims(s Story, b band) int {
	n := 0
	for _, sec := range s.Seconds {
		for _, o := range b.outcomes {
			n += sec.Counts[o]
		}
	}
	return n
}

func sameStep(st step, band int, y float64) bool {
	top := 0
	for _, c := range st.counts[:band+1] {
		top += c
	}
	return st.due > 0 && math.Round(max(0, 100-100*float64(top)/st.due)*10)/10 == y
}

// step is one or more seconds, by band. due is how many victims they should have.
type step struct {
	from, to float64
	due      float64
	counts   []int
}

func steps(s Story) []step {
	per := max(1, (len(s.Seconds)+mostSteps-1)/mostSteps)
	var out []step
	for i := 0; i < len(s.Seconds); i += per {
		group := s.Seconds[i:min(i+per, len(s.Seconds))]
		st := step{from: group[0].From, to: group[len(group)-1].To, counts: make([]int, len(bands))}
		if len(group) == 1 && st.to-st.from < 0.25 {
			continue // a very short rest: its share means nothing
		}
		total := 0
		for _, sec := range group {
			for b := range bands {
				for _, o := range bands[b].outcomes {
					st.counts[b] += sec.Counts[o]
					total += sec.Counts[o]
				}
			}
		}
		// In a part of a second, one victim more or less depends on where it was cut.
		st.due = max(float64(s.Rate)*(st.to-st.from), 1)
		if st.to-st.from < float64(per) && math.Abs(float64(total)-st.due) < 2 {
			st.due = float64(total)
		}
		out = append(out, st)
	}
	return out
}

// dec writes a number with at most digits decimal places.
func dec(v float64, digits int) string {
	s := strconv.FormatFloat(v, 'f', digits, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	if s == "-0" {
		return "0"
	}
	return s
}
