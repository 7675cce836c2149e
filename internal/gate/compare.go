package gate

import (
	"fmt"
	"slices"

	"benchrun/internal/bench"
)

// Comparison is how a run compares with a baseline.
type Comparison struct {
	// Checks has one check for each cell that both measured, and an unmeasured one
	// for each that this run should have and only the baseline has. The latter
	// have Index -1.
	Checks []Check
	// Notes decide nothing. They name new cells, better cells, and figures that
	// fell but were not measured often enough to be sure.
	Notes []string
}

// Compare compares each cell with the baseline's cell of the same server, profile,
// scenario and family version; the server's version may differ. Two things break
// the check: a worse verdict, or a lower h under the same verdict if it fell by more
// than Margin and the fall is significant among all cells that are compared.
func Compare(base, now bench.Run) Comparison {
	var out Comparison
	type pair struct {
		index     int
		base, now bench.Cell
	}
	var pairs []pair
	for i, c := range now.Cells {
		b, why := counterpart(base, c)
		switch {
		case why == "" && measured(c):
			pairs = append(pairs, pair{i, b, c})
		case why == "":
			out.Checks = append(out.Checks, newCheck(i, b, c.Name(), Unmeasured, c.Verdict.String()))
		case why == ambiguous:
			k := newCheck(i, c, c.Name(), Unmeasured, why)
			k.Rule.Text = "no worse than the baseline"
			out.Checks = append(out.Checks, k)
		case c.Verdict != bench.Unsupported:
			out.Notes = append(out.Notes, c.Name()+": "+why)
		}
	}
	for _, p := range pairs {
		outcome, seen, note := compareCells(p.base, p.now, len(pairs))
		out.Checks = append(out.Checks, newCheck(p.index, p.base, p.now.Name(), outcome, seen))
		if note != "" {
			out.Notes = append(out.Notes, p.now.Name()+": "+note)
		}
	}
	gaps, outside := missing(base, now)
	for _, b := range gaps {
		out.Checks = append(out.Checks, newCheck(-1, b, b.Name(), Unmeasured, "no cell "+b.Name()+" in this run"))
	}
	if outside > 0 {
		out.Notes = append(out.Notes, bench.Things(outside, "cell", "cells")+" of the baseline not in this run's selection")
	}
	return out
}

// ambiguous says why no one of several cells in the baseline is the counterpart.
const ambiguous = "the baseline has it in several versions, none of them this one"

// counterpart returns the baseline's cell for a cell of this run, or why there is
// none. If the baseline has several versions, it takes the same version.
func counterpart(base bench.Run, c bench.Cell) (b bench.Cell, why string) {
	all := known(base, c.Name(), c.FamilyVer)
	if len(all) == 0 {
		for _, b := range base.Cells {
			if b.Name() == c.Name() {
				return b, fmt.Sprintf("not compared: version %d of %s in the baseline, %d now", b.FamilyVer, c.Family, c.FamilyVer)
			}
		}
		return b, "new: the baseline has no such cell"
	}
	at := slices.IndexFunc(all, func(b bench.Cell) bool { return b.Version == c.Version })
	switch {
	case at < 0 && len(all) > 1:
		return b, ambiguous
	case at < 0:
		at = 0
	}
	if b = all[at]; !measured(b) {
		return b, fmt.Sprintf("not compared: %s in the baseline", b.Verdict)
	}
	return b, ""
}

func newCheck(index int, base bench.Cell, name string, o Outcome, seen string) Check {
	return Check{
		Rule: Rule{Text: "no worse than the baseline: " + described(base), Place: BaselineFlag, Measure: Verdict, Op: ">=", Least: base.Verdict},
		Cell: name, Index: index, Outcome: o, Seen: seen,
	}
}

// described is, for example, "held in 1 of 2 attempts (23.0.0)".
func described(c bench.Cell) string {
	valid, same := 0, 0
	for _, a := range c.Attempts {
		if a.Verdict >= bench.Broken {
			valid++
		}
		if a.Verdict == c.Verdict {
			same++
		}
	}
	text := c.Verdict.String()
	if valid > 0 {
		text += fmt.Sprintf(" in %d of %s", same, bench.Things(valid, "attempt", "attempts"))
	}
	if c.Version != "" {
		text += " (" + c.Version + ")"
	}
	return text
}

// compareCells compares two measured cells. pairs is how many pairs of cells are
// compared in all.
func compareCells(base, now bench.Cell, pairs int) (o Outcome, seen, note string) {
	seen = described(now)
	switch {
	case now.Verdict < base.Verdict:
		return Broken, seen, ""
	case now.Verdict > base.Verdict:
		return Kept, seen, fmt.Sprintf("better: %s, in the baseline %s", described(now), described(base))
	}
	was, is := figures(base), figures(now)
	if len(was) == 0 || len(is) == 0 {
		return Kept, seen, ""
	}
	fall := median(was) - median(is)
	if fall <= Margin+1e-9 { // with floats, 99.9 − 97.9 is not always 2
		return Kept, seen, ""
	}
	what := fmt.Sprintf("h %.1f %%, in the baseline %.1f %% (medians of %d and %d)", median(is), median(was), len(is), len(was))
	if !lowest(min(len(is), mostRepeats), min(len(was), mostRepeats)).significant(pairs) {
		return Kept, seen, fmt.Sprintf("%s: not enough repeats to tell: %d of each needed among %s; a duel needs fewer",
			what, repeatsNeeded(pairs), bench.Things(pairs, "cell", "cells"))
	}
	t := rankSum(is, was)
	what += fmt.Sprintf(", p = %.2g, compared %s", t.p(), bench.Things(pairs, "cell", "cells"))
	if !t.significant(pairs) {
		return Kept, seen, what + ": chance may do that"
	}
	return Broken, what, ""
}

// figures are the h of all valid attempts of a cell, in percent, including those
// whose verdict differs from the cell's.
func figures(c bench.Cell) []float64 {
	var out []float64
	for _, a := range c.Attempts {
		if a.H != nil && a.Verdict >= bench.Broken {
			out = append(out, *a.H)
		}
	}
	return out
}

// missing finds measured cells of the baseline that this run lacks: gaps, if their
// server, profile and scenario all take part in this run, so that it should have
// them; outside counts the others, which this run was not asked for.
func missing(base, now bench.Run) (gaps []bench.Cell, outside int) {
	has := map[string]bool{}
	for _, c := range now.Cells {
		for _, part := range []string{c.Name(), "server " + c.Server, "profile " + c.Profile, "scenario " + c.Scenario} {
			has[part] = true
		}
	}
	for _, b := range base.Cells {
		switch {
		case !measured(b) || has[b.Name()]:
		case has["server "+b.Server] && has["profile "+b.Profile] && has["scenario "+b.Scenario]:
			gaps = append(gaps, b)
		default:
			outside++
		}
	}
	return gaps, outside
}
