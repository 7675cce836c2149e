package bench

import (
	"math"
	"strconv"
)

// Grouped is a whole number with a comma before every group of three digits: "1,200". A
// fraction is rounded.
func Grouped[N int | int64 | uint64 | float64](n N) string {
	v := float64(n)
	digits := strconv.FormatFloat(math.Abs(v), 'f', 0, 64)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	if v < 0 && digits != "0" {
		return "-" + digits
	}
	return digits
}

// Things is a number and what it counts: "1 worker", "1,200 workers".
func Things(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Grouped(n) + " " + many
}
