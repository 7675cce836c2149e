package cost

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"benchrun/internal/bench"
)

// spread is what several rounds of the same measurement gave.
type spread []float64

// median is the middle value, of an even number the lower one of the two; NaN
// of none.
func (s spread) median() float64 {
	if len(s) == 0 {
		return math.NaN()
	}
	return sorted(s)[(len(s)-1)/2]
}

// in words: the median, and in brackets the least and the most.
func (s spread) in(unit string) string {
	if len(s) == 0 {
		return "not measured"
	}
	text := number(s.median()) + " " + unit
	if len(s) == 1 {
		return text
	}
	o := sorted(s)
	return fmt.Sprintf("%s (%s–%s)", text, number(o[0]), number(o[len(o)-1]))
}

// percentile is the nearest rank: the least value that q percent of them do
// not exceed. 0 of none.
func percentile(values []int64, q float64) int64 {
	if len(values) == 0 {
		return 0
	}
	o := slices.Sorted(slices.Values(values))
	rank := int(math.Ceil(q / 100 * float64(len(o))))
	return o[max(0, rank-1)]
}

func sorted(s spread) spread { return slices.Sorted(slices.Values(s)) }

// number writes a figure with two digits behind the point below 10, one below
// 100, and none above.
func number(v float64) string {
	switch a := math.Abs(v); {
	case a < 10:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case a < 100:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return bench.Grouped(v)
}
