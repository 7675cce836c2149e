package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"benchrun/internal/bench"
)

// Beside says how many other cells ran beside attempt i of a cell, and whether it was made
// again because of them; "" = none ran beside it. It names those that may have disturbed it.
func (r Row) Beside(i int) string {
	a := r.Cell.Attempts[i]
	if a.Company == 0 {
		return ""
	}
	text := besideWords(a.Company)
	if repeatedAlone(r.Cell, i) {
		text += " and may have disturbed it, so the next one ran alone"
	}
	if names := r.neighbours[i]; names != "" {
		text += "; measured meanwhile: " + names
	}
	return text
}

const (
	// mostNamed is how many cells a report names that ran beside an attempt.
	mostNamed = 8
	// mostDisturbed is of how many attempts of a run it looks for them.
	mostDisturbed = 1000
)

// made is when an attempt of a cell was made, in Unix time, ns. The start is known to the
// second.
type made struct {
	cell, attempt int // their indices
	from, to      int64
}

// neighbours names, for each cell of a run and each attempt of it that others may have
// disturbed, the cells that were measured meanwhile for more than a second.
func neighbours(run bench.Run) []map[int]string {
	var all []made
	for i, c := range run.Cells {
		for n, a := range c.Attempts {
			if began, err := time.Parse(time.RFC3339, a.StartedAt); err == nil && a.Record != "" {
				length := min(max(a.Seconds, 0), bench.Horizon.Seconds())
				all = append(all, made{i, n, began.UnixNano(), began.Add(bench.Seconds(length)).UnixNano()})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b made) int { return cmp.Compare(a.from, b.from) })
	out := make([]map[int]string, len(run.Cells))
	looked := 0
	for _, m := range all {
		if !run.Cells[m.cell].Attempts[m.attempt].Disturbed || looked == mostDisturbed {
			continue
		}
		looked++
		if out[m.cell] == nil {
			out[m.cell] = map[int]string{}
		}
		out[m.cell][m.attempt] = meanwhile(run, all, m)
	}
	return out
}

// meanwhile names the other cells of the same run that were measured while m was, in the
// order of the run. all is ordered by start.
func meanwhile(run bench.Run, all []made, m made) string {
	var beside []int
	for _, other := range all {
		if other.from >= m.to {
			break
		}
		if other.cell != m.cell && min(other.to, m.to)-max(other.from, m.from) > int64(time.Second) && run.Cells[other.cell].Run == run.Cells[m.cell].Run {
			beside = append(beside, other.cell)
		}
	}
	slices.Sort(beside)
	beside = slices.Compact(beside)
	var names []string
	for _, i := range beside[:min(len(beside), mostNamed)] {
		names = append(names, clean(run.Cells[i].Name()))
	}
	text := strings.Join(names, ", ")
	if more := len(beside) - len(names); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
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
