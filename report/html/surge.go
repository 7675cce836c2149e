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

// surgeKey explains the lines.
func surgeKey(most, best int) []keyed {
	return []keyed{
		{"surge sent", "load sent, at most " + bench.Grouped(most) + " in a second (logarithmic)"},
		{"surge", "answered right and in time, at most " + bench.Grouped(best)},
	}
}
