package report

import (
	"fmt"

	"benchrun/internal/bench"
)

// Beside says how many other cells ran beside attempt i of a cell, and whether it was made
// again because of them; "" = none ran beside it.
func Beside(c bench.Cell, i int) string {
	a := c.Attempts[i]
	if a.Company == 0 {
		return ""
	}
	text := besideWords(a.Company)
	if repeatedAlone(c, i) {
		text += " and may have disturbed it, so the next one ran alone"
	}
	return text
}

func besideWords(n int) string {
	if n == 1 {
		return "1 other cell ran beside it"
	}
	return fmt.Sprintf("%d other cells at most ran beside it", n)
}

// repeatedAlone says that an attempt was made after attempt i because other cells may have
// disturbed that.
func repeatedAlone(c bench.Cell, i int) bool {
	return c.Attempts[i].Disturbed && i+1 < len(c.Attempts) && c.Attempts[i+1].Record != ""
}

// SideBySide says how many attempts of the run other cells ran beside, and what that led to;
// "" = every attempt ran alone.
func (v View) SideBySide() string {
	all, beside, most, again := 0, 0, 0, 0
	for _, r := range v.Rows {
		for i, a := range r.Cell.Attempts {
			if a.Record == "" {
				continue
			}
			all++
			if a.Company > 0 {
				beside++
				most = max(most, a.Company)
			}
			if repeatedAlone(r.Cell, i) {
				again++
			}
		}
	}
	if beside == 0 {
		return ""
	}
	text := fmt.Sprintf("other cells ran beside %d of %d attempts, up to %d cells at once", beside, all, most+1)
	switch again {
	case 0:
		return text + "; none was made again because of that"
	case 1:
		return text + "; 1 was made again alone, because they may have disturbed it"
	}
	return text + fmt.Sprintf("; %d were made again alone, because they may have disturbed them", again)
}
