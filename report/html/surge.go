package html

import (
	"math"
	"slices"
	"strings"

	"benchrun/internal/bench"
)

// surgeLines draws a surge, in axis.box and in steps of a second: the requests that were
// sent, and the right answers in time. The scale is logarithmic, because a rising load is a
// hundred times as high at its top as at its beginning. most is the highest of the first
// line, best that of the second. Without a surge there is nothing to draw.
func surgeLines(s Story) (sent, good string, most, best int) {
	drawn := func(sec Second) bool { return sec.Offered > 0 || sec.Good > 0 }
	from := slices.IndexFunc(s.Seconds, drawn)
	if from < 0 {
		return "", "", 0, 0
	}
	to := len(s.Seconds)
	for to > from && !drawn(s.Seconds[to-1]) {
		to--
	}
	shown := s.Seconds[from:to]
	for _, sec := range shown {
		most, best = max(most, sec.Offered), max(best, sec.Good)
	}
	line := func(n func(Second) int) string {
		var path strings.Builder
		path.WriteString("M" + dec(shown[0].From, 1) + " 100")
		for _, sec := range shown {
			path.WriteString("V" + dec(100-100*math.Log1p(float64(n(sec)))/math.Log1p(float64(max(most, best))), 1) + "H" + dec(sec.To, 1))
		}
		return path.String() + "V100"
	}
	return line(func(s Second) int { return s.Offered }), line(func(s Second) int { return s.Good }), most, best
}

// waitLine draws how long the requests of a surge waited before the app began them, in
// axis.box: a step for each second in which some were due that ever began, and a gap for
// the others. The scale ends at longest, seconds. "" = there is nothing to draw.
func waitLine(s Story) (path string, longest float64) {
	for _, sec := range s.Seconds {
		longest = max(longest, sec.Waited)
	}
	if longest == 0 {
		return "", 0
	}
	var line strings.Builder
	for _, sec := range s.Seconds {
		if sec.Waited > 0 {
			line.WriteString("M" + dec(sec.From, 1) + " " + dec(100-100*sec.Waited/longest, 1) + "H" + dec(sec.To, 1))
		}
	}
	return line.String(), longest
}

// surgeKey explains the lines.
func surgeKey(most, best int, longest float64) []keyed {
	key := []keyed{
		{"surge sent", "load sent, at most " + bench.Grouped(most) + " in a second (logarithmic)"},
		{"surge", "answered right and in time, at most " + bench.Grouped(best)},
	}
	if longest > 0 {
		key = append(key, keyed{"surge wait", "wait for the app, at most " + dec(longest, 2) + " s (median of a second's requests)"})
	}
	return key
}
