package gate

import (
	"fmt"
	"strings"

	"benchrun/internal/bench"
)

// Outcome is what a rule came to in a cell. The zero value says that nothing
// was measured: it never passes.
type Outcome int

// The outcomes.
const (
	Unmeasured Outcome = iota // the cell is invalid, or has no figure
	Broken
	Kept
	Waived // broken, and expected to be
)

// String is the outcome's word.
func (o Outcome) String() string { return [...]string{"unmeasured", "broken", "kept", "waived"}[o] }

// Check is a rule applied to one cell.
type Check struct {
	Rule    Rule
	Cell    string // server/profile/scenario
	Index   int    // of the cell among those that were evaluated: two versions share a name
	Outcome Outcome
	Seen    string  // "12.4 s", "> 5 s", "failed", "nothing to measure"
	Waiver  *Waiver // that it is waived by; nil = by none
}

// String is "gunicorn/default/wedge-1pct: want time_to_recover <= 10s, seen > 5 s",
// and why that is waived.
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

// Evaluate applies rules to the cells of a run, rule by rule. family finds a
// cell's family. Unsupported cells are skipped: that they are was said
// before anything ran.
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

// check applies the rule to a cell. A bound decides where every value above it
// would; where the value itself is needed, the rule is broken: the server was
// still down, say, when benchrun stopped looking. It is broken too where a server
// that never served, or failed, left nothing to measure of what has a better and
// a worse: nobody was answered, so that no latency is good enough.
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
