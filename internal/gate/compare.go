package gate

import (
	"fmt"
	"slices"

	"benchrun/internal/bench"
)

// Comparison is what a run is, as against a baseline.
type Comparison struct {
	// Checks has one for each cell that both measured, and for each that only
	// the baseline has where this run should: those are unmeasured. Their Index
	// is -1 where the run has no such cell.
	Checks []Check
	// Notes are told and decide nothing: new cells, better ones, and figures
	// that fell where too few repeats stand behind them.
	Notes []string
}

// Compare sets each cell beside the baseline's of the same server, profile,
// scenario and family version; the server's version may differ. A worse verdict
// breaks the check, and so does a lower h under the same verdict, where the fall
// is above Margin and significant among all cells that are compared.
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
		out.Notes = append(out.Notes, cellsWord(outside)+" of the baseline not in this run's selection")
	}
	return out
}

// ambiguous is why a cell of several in the baseline cannot be told.
const ambiguous = "the baseline has it in several versions, none of them this one"

// counterpart is the baseline's cell for one of this run; else why says what is
// the matter. Of several versions it is the same one.
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

// described is "held in 1 of 2 attempts (23.0.0)".
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
		text += fmt.Sprintf(" in %d of %s", same, attempts(valid))
	}
	if c.Version != "" {
		text += " (" + c.Version + ")"
	}
	return text
}

func attempts(n int) string {
	if n == 1 {
		return "1 attempt"
	}
	return fmt.Sprintf("%d attempts", n)
}

// compareCells compares two measured cells, one of so many pairs.
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
	if fall <= Margin+1e-9 { // figures are quotients: 99.9 − 97.9 is not always 2
		return Kept, seen, ""
	}
	what := fmt.Sprintf("h %.1f %%, in the baseline %.1f %% (medians of %d and %d)", median(is), median(was), len(is), len(was))
	if !lowest(min(len(is), mostRepeats), min(len(was), mostRepeats)).significant(pairs) {
		return Kept, seen, fmt.Sprintf("%s: not enough repeats to tell: %d of each needed among %s; a duel needs fewer",
			what, repeatsNeeded(pairs), cellsWord(pairs))
	}
	t := rankSum(is, was)
	what += fmt.Sprintf(", p = %.2g, compared %s", t.p(), cellsWord(pairs))
	if !t.significant(pairs) {
		return Kept, seen, what + ": chance may do that"
	}
	return Broken, what, ""
}

func cellsWord(n int) string {
	if n == 1 {
		return "1 cell"
	}
	return fmt.Sprintf("%d cells", n)
}

// figures are the h of a cell's valid attempts, in percent. All of them, also
// of those that said something else than the cell does in the end.
func figures(c bench.Cell) []float64 {
	var out []float64
	for _, a := range c.Attempts {
		if a.H != nil && a.Verdict >= bench.Broken {
			out = append(out, *a.H)
		}
	}
	return out
}

// missing finds measured cells of the baseline that this run does not have:
// gaps, whose server, profile and scenario all take part in it, so that it
// should have them; and how many others, which nobody asked for this time.
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
