package judge

import (
	"fmt"
	"slices"
	"strconv"

	"benchrun/internal/bench"
)

// Conclude writes what the attempts of a cell come to into the cell: verdict,
// reasons, flags and measures, and of each of the cell's attempts its verdict,
// its h and whether it is the published one. judged[i] is the judgement of
// cell.Attempts[i]. Slices that the cell shares with a copy stay as they were.
func Conclude(cell *bench.Cell, judged []bench.Judgement) {
	f := fold(judged, cell.Attempts)
	cell.Verdict, cell.Reasons, cell.Flags, cell.Measures = f.Verdict, f.Reasons, f.Flags, f.Measures
	cell.Attempts = slices.Clone(cell.Attempts)
	for i := range min(len(judged), len(cell.Attempts)) {
		a := &cell.Attempts[i]
		a.Verdict, a.H, a.Published = judged[i].Verdict, judged[i].Measures["h"].Value, i == f.Published
	}
}

// Unmade is the judgement of an attempt that could not be made, and has no
// record; why says what was in the way.
func Unmade(why string) bench.Judgement {
	return bench.Judgement{Reasons: []string{why}, Flags: []string{}, Measures: noMeasures()}
}

// Differences lists in words where two judgements of the same cell differ, in a
// fixed order; none means that they are the same.
func Differences(was, is bench.Cell) []string {
	var out []string
	differ := func(what string, a, b any) {
		out = append(out, fmt.Sprintf("%s: %s was %v, is %v", is.Name(), what, a, b))
	}
	if was.Verdict != is.Verdict {
		differ("verdict", was.Verdict, is.Verdict)
	}
	if !slices.Equal(was.Flags, is.Flags) {
		differ("flags", was.Flags, is.Flags)
	}
	if !slices.Equal(was.Reasons, is.Reasons) {
		differ("reasons", quoted(was.Reasons), quoted(is.Reasons))
	}
	for i := range min(len(was.Attempts), len(is.Attempts)) {
		a, b := was.Attempts[i], is.Attempts[i]
		if a.Verdict != b.Verdict || a.Published != b.Published || !sameValue(a.H, b.H) {
			differ(fmt.Sprintf("attempt %d", i+1), attemptWords(a), attemptWords(b))
		}
	}
	for _, spec := range bench.MeasureTable {
		a, b := was.Measures[spec.Name], is.Measures[spec.Name]
		if !sameValue(a.Value, b.Value) || a.N != b.N || a.Censored != b.Censored {
			differ(spec.Name, measureWords(a), measureWords(b))
		}
	}
	return out
}

func sameValue(a, b *float64) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

func quoted(s []string) string { return fmt.Sprintf("%q", s) }

func valueWords(v *float64) string {
	if v == nil {
		return "nothing"
	}
	return strconv.FormatFloat(*v, 'g', -1, 64) // in full: what differs must look different
}

func attemptWords(a bench.Attempt) string {
	s := a.Verdict.String() + " with h " + valueWords(a.H)
	if a.Published {
		s += " (published)"
	}
	return s
}

func measureWords(m bench.Measure) string {
	if m.Value == nil {
		return "nothing"
	}
	return fmt.Sprintf("%s%s (n = %d)", m.Censored, valueWords(m.Value), m.N)
}
