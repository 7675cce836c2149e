package gate

import (
	"fmt"
	"math"
	"path"
	"regexp"
	"strconv"
	"strings"

	"benchrun/internal/bench"
)

// Verdict stands instead of a measure's name in a rule about verdicts.
const Verdict = "verdict"

// Rule is one condition that cells must keep.
type Rule struct {
	Text     string // as the user wrote it
	Place    string // where the user wrote it: "--fail-on", "gate.txt:3"
	Selector string // "server/profile/scenario", each a glob; missing parts and "" mean all
	Measure  string // a measure's name, or Verdict
	Op       string // one of Ops
	Value    float64
	Least    bench.Verdict // the verdict to compare with, if Measure is Verdict
}

// Ops lists the comparisons that rules can make.
var Ops = []string{"<=", ">=", "==", "!=", "<", ">"}

// mostRuleText is how many bytes a rule may have.
const mostRuleText = 1000

var (
	ruleForm  = regexp.MustCompile(`^(?:([^\s:]+)\s*:\s*)?([a-z][a-z0-9_]*)\s*(<=|>=|==|!=|<|>|=)\s*(\S.*)$`)
	valueForm = regexp.MustCompile(`^([-+]?[0-9]*\.?[0-9]+)\s*([A-Za-z%/]*)$`)
)

// ParseRule reads "[selector:] measure op value" or "[selector:] verdict op
// word". Its errors are bench.UsageErrors that name the place and the rule.
func ParseRule(place, text string) (Rule, error) {
	if len(text) > mostRuleText {
		return Rule{}, bench.Usagef("%s: %d bytes are too long for a rule: the most is %d", place, len(text), mostRuleText)
	}
	r := Rule{Text: strings.TrimSpace(text), Place: place}
	m := ruleForm.FindStringSubmatch(r.Text)
	if m == nil {
		return Rule{}, r.errorf("not a rule", "write '[server/profile/scenario:] measure op value', for example '*/hardened/wedge-*: time_to_recover <= 10s'")
	}
	r.Selector, r.Measure, r.Op = m[1], m[2], m[3]
	if r.Op == "=" {
		return Rule{}, r.errorf("= is no comparison", "write == or one of "+strings.Join(Ops, " "))
	}
	if problem, hint := checkSelector(r.Selector); problem != "" {
		return Rule{}, r.errorf(problem, hint)
	}
	if r.Measure == Verdict {
		return r.withVerdict(m[4])
	}
	return r.withValue(m[4])
}

func (r Rule) withVerdict(word string) (Rule, error) {
	v, err := bench.ParseVerdict(word)
	if err != nil {
		return Rule{}, r.errorf(fmt.Sprintf("unknown verdict %q", word), bench.DidYouMean(word, strings.Fields(measuredVerdicts)))
	}
	r.Least = v
	switch {
	case v == bench.Invalid || v == bench.Unsupported:
		return Rule{}, r.errorf(v.String()+" says that nothing was measured: no rule can ask for it", "write verdict >= degraded")
	case r.keptByVerdicts() == 0:
		return Rule{}, r.errorf("no verdict is ever so", verdictOrder)
	case r.keptByVerdicts() == verdicts:
		return Rule{}, r.errorf("every verdict is always so: the rule cannot be broken", verdictOrder)
	case !r.keptBy(bench.Held):
		return Rule{}, r.errorf("a rule says what must be so, and held would break this one", "write what you want to see, for example verdict >= degraded")
	}
	return r, nil
}

// verdicts is how many verdicts a rule can tell apart.
const verdicts = int(bench.Held-bench.Broken) + 1

const (
	measuredVerdicts = "broken failed degraded held"
	verdictOrder     = "verdicts, from worst to best: " + measuredVerdicts
)

// keptByVerdicts counts the verdicts that keep the rule.
func (r Rule) keptByVerdicts() int {
	kept := 0
	for v := bench.Broken; v <= bench.Held; v++ {
		if r.keptBy(v) {
			kept++
		}
	}
	return kept
}

func (r Rule) keptBy(v bench.Verdict) bool { return compare(float64(v), r.Op, float64(r.Least)) }

// units maps a measure's unit to the units that a rule may write, each with its size
// in the measure's unit: for a measure in seconds, "10s" and also "200ms".
var units = map[string]map[string]float64{
	"s":       {"s": 1, "ms": 1e-3, "min": 60, "h": 3600},
	"ms":      {"ms": 1, "s": 1e3},
	"%":       {"%": 1, "pct": 1},
	"MiB":     {"MiB": 1, "KiB": 1.0 / 1024, "GiB": 1024},
	"MiB/min": {"MiB/min": 1},
}

func (r Rule) withValue(text string) (Rule, error) {
	spec, ok := bench.MeasureByName(r.Measure)
	if !ok {
		return Rule{}, r.errorf(fmt.Sprintf("unknown measure %q", r.Measure), measureHint(r.Measure))
	}
	m := valueForm.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return Rule{}, r.errorf(fmt.Sprintf("%q is not a figure", text), "for example 10s, 95%, 200ms, 12")
	}
	v, err := strconv.ParseFloat(m[1], 64)
	if err != nil || math.IsInf(v, 0) {
		return Rule{}, r.errorf(fmt.Sprintf("%q is not a figure", text), "for example 10s, 95%, 200ms, 12")
	}
	factor := 1.0
	if m[2] != "" && m[2] != spec.Unit {
		if factor, ok = units[spec.Unit][m[2]]; !ok {
			return Rule{}, r.errorf(fmt.Sprintf("%s is in %s, not in %s", r.Measure, unitWord(spec.Unit), m[2]), "")
		}
	}
	r.Value = v * factor
	return r, r.checkRange(spec)
}

// measureHint suggests the measure that a misspelt word most likely means.
func measureHint(word string) string {
	hint := "benchrun list measures names them all; verdict is one more"
	names := []string{Verdict}
	for _, m := range bench.MeasureTable {
		names = append(names, m.Name)
	}
	if near := bench.Nearest(word, names); near != "" {
		hint = fmt.Sprintf("did you mean %q? %s", near, hint)
	}
	return hint
}

// checkRange returns an error for a rule that every run keeps, or that none does.
func (r Rule) checkRange(spec bench.MeasureSpec) error {
	low, high := bounds(spec)
	whole := wholeUnits[spec.Unit] || r.Measure == "valid_seconds"
	if part := r.Value != math.Trunc(r.Value); whole && part && r.Op == "==" {
		return r.errorf(fmt.Sprintf("%s is never so", r.Measure), "it is a whole number")
	} else if whole && part && r.Op == "!=" {
		return r.errorf(fmt.Sprintf("%s is always so: the rule cannot be broken", r.Measure), "it is a whole number")
	}
	never := r.Op == "<" && r.Value <= low || r.Op == "<=" && r.Value < low || r.Op == ">" && r.Value >= high ||
		r.Op == ">=" && r.Value > high || r.Op == "==" && (r.Value < low || r.Value > high)
	always := r.Op == ">=" && r.Value <= low || r.Op == ">" && r.Value < low || r.Op == "<=" && r.Value >= high ||
		r.Op == "<" && r.Value > high || r.Op == "!=" && (r.Value < low || r.Value > high)
	switch {
	case never:
		return r.errorf(fmt.Sprintf("%s is never so", r.Measure), rangeWords(low, high, spec.Unit))
	case always:
		return r.errorf(fmt.Sprintf("%s is always so: the rule cannot be broken", r.Measure), rangeWords(low, high, spec.Unit))
	}
	return nil
}

// bounds are the least and the largest value that a measure can have. They are
// rather too wide: a rule that can be kept and broken must not be refused.
func bounds(spec bench.MeasureSpec) (low, high float64) {
	high = math.Inf(1)
	switch spec.Unit {
	case "%":
		high = 100
	case "": // 1 = yes, 0 = no
		high = 1
	case "victims", "faults":
		high = longestPhase * float64(bench.StandardLoad.Rate)
	}
	switch spec.Name {
	case "retention": // percent; above 100 if the baseline lost more than the fault phase
		high = math.Inf(1)
	case "memory_growth", "memory_slope", "memory_kept", "leak_kept":
		low, high = math.Inf(-1), math.Inf(1)
	case "valid_seconds", "longest_outage":
		high = longestPhase
	case "stop_code":
		high = 255
	}
	return low, high
}

// longestPhase is longer than the fault phase of any mode and family, in seconds.
const longestPhase = 3600.0

// wholeUnits are the units of measures that count things.
var wholeUnits = map[string]bool{
	"": true, "faults": true, "slots": true, "requests": true, "victims": true, "processes": true,
	"fds": true, "threads": true, "sockets": true,
}

func rangeWords(low, high float64, unit string) string {
	if math.IsInf(high, 1) {
		return "it is never below " + strings.TrimSpace(number(low)+" "+unit)
	}
	return fmt.Sprintf("it lies between %s and %s", number(low), strings.TrimSpace(number(high)+" "+unit))
}

func unitWord(unit string) string {
	if unit == "" {
		return "plain numbers"
	}
	return unit
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// errorf makes a bench.UsageError about the rule.
func (r Rule) errorf(problem, hint string) error {
	return &bench.UsageError{Problem: fmt.Sprintf("%s: rule %q: %s", r.Place, r.Text, problem), Hint: hint}
}

// Selects says whether the rule is about a cell, given as "server/profile/scenario".
func (r Rule) Selects(cell string) bool { return selects(r.Selector, cell) }

func selects(selector, cell string) bool {
	if selector == "" {
		return true
	}
	globs, names := strings.Split(selector, "/"), strings.Split(cell, "/")
	for i, g := range globs {
		if i >= len(names) {
			return false
		}
		if ok, err := path.Match(g, names[i]); err != nil || !ok {
			return false
		}
	}
	return true
}

// checkSelector says what is wrong with a selector and what the user can do; "" =
// nothing is wrong.
func checkSelector(selector string) (problem, hint string) {
	if strings.Count(selector, "/") > 2 {
		return fmt.Sprintf("selector %q has more than three parts", selector), "a selector is server/profile/scenario"
	}
	if _, err := path.Match(selector, ""); err != nil {
		return fmt.Sprintf("selector %q is not a glob", selector), "brackets must be closed"
	}
	return "", ""
}

func compare(a float64, op string, b float64) bool {
	switch op {
	case "<=":
		return a <= b
	case ">=":
		return a >= b
	case "<":
		return a < b
	case ">":
		return a > b
	case "==":
		return a == b
	case "!=":
		return a != b
	}
	return false
}
