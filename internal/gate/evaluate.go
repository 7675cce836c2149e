package gate

import (
	"fmt"
	"slices"
	"strings"

	"benchrun/internal/bench"
)

// Outcome is the result of a rule for one cell. The zero value says that nothing
// was measured, and never passes.
type Outcome int

// The outcomes.
const (
	Unmeasured Outcome = iota // the cell is invalid or has no figure
	Broken
	Kept
	Waived // broken, and expected to be
)

// String is the outcome's word.
func (o Outcome) String() string { return [...]string{"unmeasured", "broken", "kept", "waived"}[o] }

// withinGrace is what is seen of a server that had not ended when benchrun stopped waiting.
const withinGrace = "nothing to measure, for its documented grace is longer than benchrun waited; --full waits longer"

// Check is a rule applied to one cell.
type Check struct {
	Rule    Rule
	Cell    string // server/profile/scenario
	Index   int    // of the cell in the slice that Evaluate got: two versions share a name
	Outcome Outcome
	Seen    string  // "12.4 s", "> 5 s", "failed", "nothing to measure"
	Waiver  *Waiver // the waiver that waives it; nil = none
}

// String is, for example, "gunicorn/default/wedge-1pct: want time_to_recover <=
// 10s, seen > 5 s". If the check is waived, it also says why.
func (c Check) String() string {
	_, wanted, ok := strings.Cut(c.Rule.Text, ":")
	if !ok || c.Rule.Selector == "" {
		wanted = c.Rule.Text
	}
	text := fmt.Sprintf("%s: want %s, seen %s", c.Cell, strings.TrimSpace(wanted), c.Seen)
	if w := c.Waiver; w != nil {
		text += fmt.Sprintf("; expected until %s: %s (%s)", w.Expires.Format(dayForm), strings.Join(strings.Fields(w.Reason+" "+w.Link), " "), w.Place)
	}
	return text
}

// Evaluate applies each rule in turn to the cells of a run. family finds a cell's
// family by its ID. Evaluate skips unsupported cells: benchrun reported them before
// anything ran.
func Evaluate(rules []Rule, cells []bench.Cell, family func(id string) (bench.Family, bool)) []Check {
	var out []Check
	for _, r := range rules {
		for i, c := range cells {
			if !r.Selects(c.Name()) || c.Verdict == bench.Unsupported {
				continue
			}
			if f, _ := family(c.Family); !Applies(r.Measure, f) {
				continue
			}
			k := r.check(c)
			k.Index = i
			out = append(out, k)
		}
	}
	return out
}

// check applies the rule to a cell. A lower bound ("> 5 s") keeps the rule if every
// value above it would; otherwise it breaks the rule, because, say, the server was
// still down when benchrun stopped looking. A cell that is broken or failed may have
// nothing to measure: that breaks rules about measures that have a better and a
// worse. If nobody was answered, no latency is good enough. If benchrun waited no longer
// than the server's documented grace, nobody knows what it would have left behind.
func (r Rule) check(c bench.Cell) Check {
	k := Check{Rule: r, Cell: c.Name(), Seen: c.Verdict.String()}
	if c.Verdict == bench.Invalid {
		return k
	}
	if r.Measure == Verdict {
		k.Outcome = outcome(r.keptBy(c.Verdict))
		return k
	}
	m := c.Measures[r.Measure]
	switch {
	case slices.Contains(bench.LeftMeasures, r.Measure) && slices.Contains(c.Flags, bench.FlagWindowLimited):
		k.Seen = withinGrace
	case m.Value == nil && m.Censored == "":
		k.Seen = "nothing to measure"
		if spec, _ := bench.MeasureByName(r.Measure); spec.Better != bench.Neither && c.Verdict <= bench.Failed {
			k.Seen, k.Outcome = "nothing to measure, for the cell is "+c.Verdict.String(), Broken
		}
	case m.Value == nil:
		k.Seen, k.Outcome = "more than was looked for", Broken
	case m.Censored != "":
		k.Seen = strings.TrimSpace("> " + number(*m.Value) + " " + m.Unit)
		k.Outcome = outcome((r.Op == ">=" || r.Op == ">") && *m.Value >= r.Value)
	default:
		k.Seen = strings.TrimSpace(number(*m.Value) + " " + m.Unit)
		k.Outcome = outcome(compare(*m.Value, r.Op, r.Value))
	}
	return k
}

func outcome(kept bool) Outcome {
	if kept {
		return Kept
	}
	return Broken
}
