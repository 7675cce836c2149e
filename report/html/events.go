package html

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"benchrun/internal/bench"
	"benchrun/report"
)

// mark is a position on the axis. If several births or deaths are there, Text says how many.
type mark struct{ X, Text string }

// procMarks joins births or deaths whose marks would overlap.
func procMarks(procs []ProcEvent, a axis, died bool) []mark {
	width := a.span() / 40
	var out []mark
	for i := 0; i < len(procs); {
		if procs[i].Died != died {
			i++
			continue
		}
		at, n := procs[i].At, 0
		for ; i < len(procs) && procs[i].At < at+width; i++ {
			if procs[i].Died == died {
				n++
			}
		}
		m := mark{X: a.pct(at)}
		if n > 1 {
			m.Text = strconv.Itoa(n)
		}
		out = append(out, m)
	}
	return out
}

// bySignal is, for example, " (12 by SIGSEGV)"; "" if no signal ended any.
func bySignal(signals map[string]int) string {
	var parts []string
	for name, n := range signals {
		if name != "" {
			parts = append(parts, strconv.Itoa(n)+" by "+report.Clean(name))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	slices.Sort(parts)
	return " (" + strings.Join(parts, ", ") + ")"
}

// memoryLine draws memory in a box of 100 by 50, as a share of the peak, and returns the peak in
// MiB. Of points at the same position it keeps the highest, because the peak matters.
func memoryLine(points []Point, a axis) (path string, peak float64) {
	width := a.span() / 100
	var kept []Point // At is in hundredths of the axis
	for _, p := range points {
		if p.At < a.from || p.At > a.to {
			continue
		}
		peak = max(peak, p.Value)
		p.At = math.Round((p.At - a.from) / width)
		if last := len(kept) - 1; last < 0 || kept[last].At != p.At {
			kept = append(kept, p)
		} else if p.Value > kept[last].Value {
			kept[last] = p
		}
	}
	if len(kept) < 2 || peak <= 0 {
		return "", peak
	}
	height := func(p Point) int { return 50 - int(math.Round(p.Value/peak*50)) }
	// Lines are relative to where they begin, in integers: "h12", "l3-1".
	at, y := int(kept[0].At), height(kept[0])
	path = fmt.Sprintf("M%d %d", at, y)
	for i, p := range kept[1:] {
		next := height(p)
		if i+2 < len(kept) && next == y && height(kept[i+2]) == y {
			continue // the point is on the level line
		}
		if next == y {
			path += fmt.Sprintf("h%d", int(p.At)-at)
		} else {
			path += strings.ReplaceAll(fmt.Sprintf("l%d %d", int(p.At)-at, next-y), " -", "-")
		}
		at, y = int(p.At), next
	}
	return path, peak
}

// shade is a hatched period on the axis.
type shade struct{ X, W, Text string }

// masked are the seconds that do not count, with adjacent ones joined.
func masked(s Story, a axis) []shade {
	var out []shade
	for i := 0; i < len(s.Seconds); i++ {
		if s.Seconds[i].Why == "" {
			continue
		}
		from, to, why := s.Seconds[i].From, s.Seconds[i].To, s.Seconds[i].Why
		for ; i+1 < len(s.Seconds) && s.Seconds[i+1].Why != ""; i++ {
			to = s.Seconds[i+1].To
		}
		out = append(out, shade{a.pct(from), a.wide(from, to), "does not count: " + report.Clean(why)})
	}
	return out
}

// losses counts a story's lost victims by outcome, the most frequent first, and the served ones.
func losses(s Story) (served int, lost []loss) {
	all := map[bench.Outcome]int{}
	for _, sec := range s.Seconds {
		for o, n := range sec.Counts {
			all[o] += n
		}
	}
	for o, n := range all {
		if o == bench.OK {
			served = n
		} else {
			lost = append(lost, loss{o, n})
		}
	}
	slices.SortFunc(lost, func(a, b loss) int { return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.outcome, b.outcome)) })
	return served, lost
}

type loss struct {
	outcome bench.Outcome
	n       int
}

// lossText is, for example, "434 timeout, 12 refused", for the whole attempt.
func lossText(s Story) string {
	if len(s.Seconds) == 0 {
		return "nothing was recorded"
	}
	_, lost := losses(s)
	if len(lost) == 0 {
		return "none lost"
	}
	var parts []string
	for _, l := range lost {
		parts = append(parts, bench.Things(l.n, outcomeWord(l.outcome), outcomeWord(l.outcome)))
	}
	return strings.Join(parts, ", ")
}

// known says whether some band has an outcome.
func known(o bench.Outcome) bool {
	return slices.ContainsFunc(bands, func(b band) bool { return slices.Contains(b.outcomes, o) })
}

// outcomeWord is an outcome in words for readers. A damaged record may contain any outcome.
func outcomeWord(o bench.Outcome) string {
	if !known(o) {
		return "unknown"
	}
	return strings.ReplaceAll(string(o), "_", " ")
}

// processText is, for example, "13 processes born, 13 died (13 by SIGSEGV) before shutdown".
func processText(s Story) string {
	born, died, signals := 0, 0, map[string]int{}
	end, ok := s.phase(bench.MarkShutdown)
	for _, p := range s.Procs {
		switch {
		case ok && p.At >= end.From:
		case p.Died:
			died++
			signals[p.Signal]++
		default:
			born++
		}
	}
	if born+died == 0 {
		return "No process was born or died before shutdown"
	}
	return bench.Things(born, "process", "processes") + " born, " + bench.Things(died, "died", "died") + bySignal(signals) + " before shutdown"
}
