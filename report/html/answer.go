package html

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"benchrun/internal/bench"
)

// The answer names a few targets with their results, and at most mostNames servers.
const (
	few       = 4
	mostNames = 12
)

// clause is a part of the answer; Strong ones are emphasized.
type clause struct {
	Text   string
	Strong bool
}

// answer is the run in short: who held, who did not, and about whom nothing is claimed. With
// many scenarios nearly every target fails one of them; then the answer is the overview.
func answer(m matrix) []clause {
	if len(m.Rows) == 0 {
		return []clause{{Text: "No cell was measured."}}
	}
	reference := referenceText(m)
	m = m.servers()
	if len(m.Rows) == 1 {
		return append(alone(m.Rows[0], m.Scenarios), clause{reference + ".", false})
	}
	var held, lost, open []name
	for _, row := range m.Rows {
		switch _, bad, unsaid := outcomes(row, m.Scenarios); {
		case len(bad) > 0:
			lost = append(lost, name{row, strings.Join(gathered(bad), "; ")})
		case len(unsaid) > 0:
			open = append(open, name{row, strings.Join(gathered(unsaid), "; ")})
		default:
			held = append(held, name{row: row})
		}
	}
	if len(m.Scenarios) > few {
		return append(overview(m, held), clause{reference + ".", false})
	}
	total := len(m.Rows)
	tested := listed(m.Scenarios)
	first := fmt.Sprintf("%d of %s kept serving everybody else under %s", len(held), bench.Things(total, "target", "targets"), tested)
	if len(held) == 0 {
		first = "No target kept serving everybody else under " + tested
	}
	out := []clause{{first, true}, {named(held), false}}
	if len(lost) > 0 {
		out = append(out, clause{"; ", false}, clause{strconv.Itoa(len(lost)) + " did not", true}, clause{named(lost), false})
	}
	if len(open) > 0 {
		out = append(out, clause{"; ", false}, clause{"nothing is claimed about " + strconv.Itoa(len(open)), true}, clause{named(open), false})
	}
	return append(out, clause{reference + ".", false})
}

// outcomes are the scenarios under which a target held, and the verdicts other than held with
// their scenarios: those that claim something, and those that do not.
func outcomes(row matrixRow, scenarios []string) (held, bad, unsaid []string) {
	for i, cells := range row.Cells {
		for _, c := range cells {
			switch under := c.Verdict.String() + " under " + scenarios[i]; {
			case c.Verdict == bench.Held:
				held = append(held, scenarios[i])
			case !c.Verdict.Claims():
				unsaid = append(unsaid, under)
			default:
				bad = append(bad, under)
			}
		}
	}
	return held, bad, unsaid
}

// alone is the answer of a run with one target.
func alone(row matrixRow, scenarios []string) []clause {
	held, bad, unsaid := outcomes(row, scenarios)
	var out []clause
	switch under := listed(held); {
	case len(held) > few:
		under = fmt.Sprintf("%d of %s", len(held), bench.Things(len(held)+len(bad), "scenario", "scenarios"))
		fallthrough
	case len(held) > 0:
		out = []clause{{row.Name + " kept serving everybody else under " + under, true}}
		if len(bad) > 0 {
			out = append(out, clause{"; " + strings.Join(gathered(bad), "; "), false})
		}
	case len(bad) > 0:
		out = []clause{{row.Name + " did not keep serving everybody else", true}, {": " + strings.Join(gathered(bad), "; "), false}}
	}
	if len(unsaid) > 0 {
		begin := ". Nothing is claimed about the others: "
		if out == nil {
			begin = "Nothing is claimed about " + row.Name + ": "
		}
		out = append(out, clause{begin + strings.Join(gathered(unsaid), "; "), false})
	}
	return out
}

// referenceText is ". Counted apart: benchrun's own reference held 30 of 30 cells"; "" if it
// did not take part, or was alone.
func referenceText(m matrix) string {
	sum := score{}
	for _, row := range m.Rows {
		for _, c := range slices.Concat(row.Cells...) {
			if row.Own {
				sum.add(c.Verdict)
			}
		}
	}
	if sum.all == 0 {
		return ""
	}
	return ". Counted apart: benchrun's own reference held " + sum.String() + " cells"
}

// gathered turns "failed under a", "failed under b" into "failed under a, b".
func gathered(list []string) []string {
	var out []string
	for _, s := range list {
		verdict, scenario, _ := strings.Cut(s, " under ")
		if i := slices.IndexFunc(out, func(o string) bool { return strings.HasPrefix(o, verdict+" under ") }); i >= 0 {
			out[i] += ", " + scenario
		} else {
			out = append(out, s)
		}
	}
	return out
}

// name is a target in the answer, with what the answer says about it.
type name struct {
	row  matrixRow
	said string
}

// named is, for example, ": a default (failed under x), b default". Many targets are grouped by
// server, without their results, which the matrix shows: ": a (default, hardened), b (default)
// and 3 more".
func named(list []name) string {
	if len(list) == 0 {
		return ""
	}
	var words []string
	if len(list) <= few {
		for _, n := range list {
			word := n.row.Name
			if n.said != "" {
				word += " (" + n.said + ")"
			}
			words = append(words, word)
		}
		return ": " + strings.Join(words, ", ")
	}
	var servers []string
	profiles := map[string][]string{}
	for _, n := range list {
		if _, ok := profiles[n.row.Server]; !ok {
			servers = append(servers, n.row.Server)
		}
		profile := strings.TrimPrefix(n.row.Name, n.row.Server+" ")
		profiles[n.row.Server] = append(profiles[n.row.Server], profile)
	}
	more := 0
	for i, s := range servers {
		if i < mostNames {
			words = append(words, s+" ("+strings.Join(profiles[s], ", ")+")")
		} else {
			more += len(profiles[s])
		}
	}
	text := ": " + strings.Join(words, ", ")
	if more > 0 {
		text += " and " + strconv.Itoa(more) + " more"
	}
	return text
}

// listed is, for example, "a, b and c".
func listed(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	last := len(list) - 1
	return strings.Join(list[:last], ", ") + " and " + list[last]
}
