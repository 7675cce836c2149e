package report

import "slices"

// leastText is how many columns of the terminal a cut text keeps at least.
const leastText = 6

// tableWidth is the width of a table with columns of these widths.
func tableWidth(widths []int) int {
	total := -len(gutter)
	for _, w := range widths {
		total += w + len(gutter)
	}
	return total
}

// textWidths are the widths of a table's columns.
func textWidths(heads []string, rows [][]string) []int {
	widths := make([]int, len(heads))
	for i := range heads {
		widths[i] = columns(heads[i])
		for _, r := range rows {
			widths[i] = max(widths[i], columns(r[i]))
		}
	}
	return widths
}

// keep returns the indexes of the columns that fit into width, in order. give is the order in which
// columns are dropped, the highest number first, 0 never. width 0 means no limit.
func keep(widths, give []int, width int) []int {
	var kept []int
	for i := range widths {
		kept = append(kept, i)
	}
	for width > 0 {
		left := make([]int, len(kept))
		for i, at := range kept {
			left[i] = widths[at]
		}
		last := slices.MaxFunc(kept, func(a, b int) int { return give[a] - give[b] })
		if tableWidth(left) <= width || give[last] == 0 {
			break
		}
		kept = slices.DeleteFunc(kept, func(at int) bool { return at == last })
	}
	return kept
}

// cutTexts shortens the texts of some columns, the widest first, until the table fits into width, so
// that the terminal need not break its lines. The texts must not contain colours.
func cutTexts(heads []string, rows [][]string, cut []int, width int) {
	if width <= 0 || len(cut) == 0 {
		return
	}
	widths := textWidths(heads, rows)
	for tableWidth(widths) > width {
		widest := slices.MaxFunc(cut, func(a, b int) int { return widths[a] - widths[b] })
		if widths[widest] <= leastText {
			break // too narrow to read: the terminal may break the lines
		}
		widths[widest]--
	}
	for _, i := range cut {
		heads[i] = shorten(heads[i], widths[i])
		for _, r := range rows {
			r[i] = shorten(r[i], widths[i])
		}
	}
}

// narrowed drops the columns of a table that do not fit into width and, if necessary, shortens the
// texts of the first one. give is as for keep.
func narrowed[T any](heads []string, rows [][]string, align []T, give []int, width int) ([]string, [][]string, []T) {
	widths := textWidths(heads, rows)
	kept := keep(widths, give, width)
	heads, align = choose(heads, kept), choose(align, kept)
	out := make([][]string, len(rows))
	for i, r := range rows {
		out[i] = choose(r, kept)
	}
	cutTexts(heads, out, []int{0}, width)
	return heads, out, align
}

// choose returns the items at some indexes.
func choose[T any](list []T, at []int) []T {
	out := make([]T, len(at))
	for i, a := range at {
		out[i] = list[a]
	}
	return out
}
