package html

import (
	"fmt"
	"slices"
	"strings"

	"benchrun/internal/bench"
)

// score counts the cells whose verdict claims something.
type score struct {
	name      string
	held, all int
}

// add counts a cell.
func (s *score) add(v bench.Verdict) {
	if v.Claims() {
		s.all++
	}
	if v == bench.Held {
		s.held++
	}
}

func (s score) String() string { return fmt.Sprintf("%d of %d", s.held, s.all) }

// overview is the answer of a run with many scenarios: how many cells held, in all and by
// profile, which targets held all of theirs or most of them, and for how many cells nothing is
// claimed. all are the targets that held everything.
func overview(m matrix, all []name) []clause {
	var sum score
	var profiles, targets []score
	unclaimed := map[bench.Verdict]int{}
	for _, row := range m.Rows {
		target := score{name: row.Name}
		for _, c := range slices.Concat(row.Cells...) {
			target.add(c.Verdict)
			if !c.Verdict.Claims() {
				unclaimed[c.Verdict]++
			}
		}
		targets = append(targets, target)
		sum.held, sum.all = sum.held+target.held, sum.all+target.all
		i := slices.IndexFunc(profiles, func(p score) bool { return p.name == row.Profile })
		if i < 0 {
			i = len(profiles)
			profiles = append(profiles, score{name: row.Profile})
		}
		profiles[i].held, profiles[i].all = profiles[i].held+target.held, profiles[i].all+target.all
	}
	var out []clause
	if sum.all > 0 {
		out = append(out, clause{sum.String() + " cells held", true},
			clause{byProfile(profiles) + ": in each of them, the server kept serving everybody else under one of " + bench.Things(len(m.Scenarios), "scenario", "scenarios") + ". ", false})
		out = append(out, best(targets, all)...)
	}
	if text := claimedOf(unclaimed); text != "" {
		begin := ". Nothing"
		if out == nil {
			begin = "Nothing"
		}
		out = append(out, clause{begin + " is claimed about " + text, false})
	}
	return out
}

// byProfile is, for example, " (hardened 12 of 18, default 4 of 20)", best first; "" if all
// targets have the same profile.
func byProfile(list []score) string {
	if len(list) < 2 {
		return ""
	}
	list = slices.DeleteFunc(list, func(s score) bool { return s.all == 0 })
	rank(list)
	var words []string
	rest := score{name: "others"}
	for i, s := range list {
		if i < few {
			words = append(words, s.name+" "+s.String())
		} else {
			rest.held, rest.all = rest.held+s.held, rest.all+s.all
		}
	}
	if rest.all > 0 {
		words = append(words, rest.name+" "+rest.String())
	}
	return " (" + strings.Join(words, ", ") + ")"
}

// best names the targets that held everything and, if these are few, the next best.
func best(targets []score, all []name) []clause {
	out := []clause{{"No target held in all its cells", true}}
	if len(all) > 0 {
		out = []clause{{bench.Things(len(all), "target", "targets") + " held in all their cells", true}, {named(all), false}}
	}
	near := slices.DeleteFunc(slices.Clone(targets), func(s score) bool {
		return s.held == 0 || slices.ContainsFunc(all, func(n name) bool { return n.row.Name == s.name })
	})
	rank(near)
	var words []string
	for _, s := range near[:min(len(near), max(0, few-len(all)))] {
		words = append(words, s.name+" ("+s.String()+")")
	}
	if len(words) > 0 {
		out = append(out, clause{"; next: " + listed(words), false})
	}
	return out
}

// rank sorts by the share of held cells, largest first, and then by the number of cells.
func rank(list []score) {
	slices.SortStableFunc(list, func(a, b score) int {
		if d := b.held*max(a.all, 1) - a.held*max(b.all, 1); d != 0 {
			return d
		}
		return b.all - a.all
	})
}

// claimedOf is, for example, "9 cells (2 invalid, 7 unsupported)"; "" for none.
func claimedOf(count map[bench.Verdict]int) string {
	var words []string
	total := 0
	for _, v := range []bench.Verdict{bench.Invalid, bench.Unsupported} {
		if n := count[v]; n > 0 {
			total += n
			words = append(words, fmt.Sprintf("%d %s", n, v))
		}
	}
	if total == 0 {
		return ""
	}
	return bench.Things(total, "cell", "cells") + " (" + strings.Join(words, ", ") + ")"
}
