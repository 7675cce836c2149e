package gate

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"benchrun/internal/bench"
)

// Demands are what a user asks of a run.
type Demands struct {
	Rules  []string // each as it was written
	Places []string // where they stand, if not on the command line
	Files  []string // of rules
	Strict bool     // a cell flagged one of StrictFlags does not pass

	Baseline string // a stored run, which this one must not be worse than; "" = none
	Anyway   bool   // even if it was not measured alike
	Waivers  string // a file of results that are expected for now; "" = none

	StrictFlags []string
	Family      func(id string) (bench.Family, bool)
}

// Gate is all that must hold of a run, read and resolved against its cells.
type Gate struct {
	Told []string // of the waivers, before anything runs

	rules    []Rule
	strict   []string   // the flags with which a cell does not pass
	baseline *bench.Run // nil = there is none
	differs  []string   // what the two were not measured alike in; they are compared anyway
	waivers  []Waiver
	family   func(id string) (bench.Family, bool)
	now      func() time.Time
}

// ReadRules reads all rules and resolves them against the selection.
func (d Demands) ReadRules(cells []Selected) ([]Rule, error) {
	if len(d.Rules) > MostRules {
		return nil, bench.Usagef("--fail-on: more than %d rules", MostRules)
	}
	var out []Rule
	for i, text := range d.Rules {
		place := "--fail-on"
		if i < len(d.Places) {
			place = d.Places[i]
		}
		r, err := ParseRule(place, text)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	for _, file := range d.Files {
		rules, err := ReadFile(file)
		if err != nil {
			return nil, err
		}
		out = append(out, rules...)
	}
	return out, Resolve(out, cells)
}

// Resolve reads everything that must hold of a run and checks it against the
// selection, before anything runs. read reads a stored run. measured says where
// and how the run itself is measured, of each run that it is made from; it is
// asked only if there is a baseline.
func (d Demands) Resolve(ctx context.Context, cells []Selected, read func(ctx context.Context, path string) (bench.Run, error), measured func() ([]bench.Origin, error)) (Gate, error) {
	g := Gate{family: d.Family, now: time.Now}
	if d.Strict {
		g.strict = d.StrictFlags
	}
	var err error
	if g.rules, err = d.ReadRules(cells); err != nil {
		return Gate{}, err
	}
	switch {
	case d.Baseline != "":
		base, err := read(ctx, d.Baseline)
		if err != nil {
			return Gate{}, err
		}
		now, err := measured()
		if err != nil {
			return Gate{}, err
		}
		if g.differs, err = ResolveBaseline(d.Baseline, base, cells, now, d.Anyway); err != nil {
			return Gate{}, err
		}
		g.baseline = &base
	case d.Anyway:
		return Gate{}, bench.Usagef("--baseline-anyway needs --baseline")
	}
	if d.Waivers != "" {
		if g.waivers, err = ReadWaivers(d.Waivers); err != nil {
			return Gate{}, err
		}
		for _, l := range ResolveWaivers(g.waivers, cells) {
			g.Told = append(g.Told, "waiver: "+l)
		}
	}
	return g, nil
}

// Asks says whether anything must hold of every cell.
func (g Gate) Asks() bool { return len(g.rules) > 0 || g.baseline != nil }

// Strict says whether a flag can keep a cell from passing.
func (g Gate) Strict() bool { return len(g.strict) > 0 }

// Decision is what a gate came to.
type Decision struct {
	Findings []bench.Finding // what keeps the run from passing
	Notes    []string        // what decides nothing: a line each, beginning with what it is about
	Tally    string          // "5 of 6 checks hold, 1 waived"; "" = nothing was asked
}

// Decide makes all checks of a run: rules first, then the baseline's, those that
// are expected to be broken waived.
func (g Gate) Decide(run bench.Run) Decision {
	var d Decision
	note := func(about string, lines ...string) {
		for _, l := range lines {
			d.Notes = append(d.Notes, about+": "+l)
		}
	}
	checks := Evaluate(g.rules, run.Cells, g.family)
	var compared []string
	if g.baseline != nil {
		c := Compare(*g.baseline, run)
		checks, compared = append(checks, c.Checks...), c.Notes
		if len(g.differs) > 0 {
			compared = append([]string{"not measured alike: " + strings.Join(g.differs, "; ")}, compared...)
		}
	}
	checks, surprises := Waive(checks, run.Cells, g.waivers, g.now())
	for _, c := range checks {
		if c.Outcome == Waived {
			note(c.Outcome.String(), c.String())
		}
	}
	note("waiver", surprises...)
	note("baseline", compared...)
	d.Findings = g.findings(checks, run)
	if g.Asks() {
		d.Tally = tally(checks)
	}
	return d
}

// What findings are by.
const (
	byInvalid = "invalid"
	byRule    = "rule"
	byStrict  = "strict"
)

// findings are what keeps a run from passing: cells that could not be measured,
// rules that are broken or could not be checked, strict checks that failed.
func (g Gate) findings(checks []Check, run bench.Run) []bench.Finding {
	var out []bench.Finding
	for i, c := range run.Cells {
		if c.Verdict == bench.Invalid {
			why := "not measured"
			if len(c.Reasons) > 0 {
				why = c.Reasons[0]
			}
			out = append(out, bench.Finding{Cell: i, By: byInvalid, Text: why})
		}
	}
	for _, c := range checks {
		if c.Outcome == Broken || c.Outcome == Unmeasured {
			out = append(out, bench.Finding{Cell: c.Index, Broken: c.Outcome == Broken, By: byRule, Text: strings.TrimPrefix(c.String(), c.Cell+": ")})
		}
	}
	if g.Asks() && len(checks) == 0 {
		out = append(out, bench.Finding{Cell: bench.WholeRun, By: byRule, Text: "no rule could be checked in any cell"})
	}
	for i, c := range run.Cells {
		for _, f := range c.Flags {
			if slices.Contains(g.strict, f) {
				out = append(out, bench.Finding{Cell: i, Broken: true, By: byStrict, Text: "flagged " + f})
			}
		}
	}
	return out
}

func tally(checks []Check) string {
	count := map[Outcome]int{}
	for _, c := range checks {
		count[c.Outcome]++
	}
	text := fmt.Sprintf("%d of %d checks hold", count[Kept], len(checks))
	if n := count[Waived]; n > 0 {
		text += fmt.Sprintf(", %d waived", n)
	}
	return text
}

// Lines tell of the findings and the notes, but for cells that are invalid: every
// report of the run says so.
func (d Decision) Lines(run bench.Run) []string {
	var out []string
	for _, f := range d.Findings {
		label := f.By
		switch {
		case f.By == byInvalid:
			continue
		case f.By == byRule && f.Broken:
			label = Broken.String()
		case f.By == byRule:
			label = Unmeasured.String()
		}
		if f.Cell != bench.WholeRun {
			label += ": " + run.Cells[f.Cell].Name()
		}
		out = append(out, label+": "+f.Text)
	}
	return append(out, d.Notes...)
}

// Err is bench.ErrCheckFailed where a rule is broken, bench.ErrUnmeasured where
// something could not be measured, and bench.ErrStrict where only strict checks
// failed.
func (d Decision) Err() error {
	has := func(is func(bench.Finding) bool) bool { return slices.ContainsFunc(d.Findings, is) }
	switch {
	case has(func(f bench.Finding) bool { return f.Broken && f.By == byRule }):
		return bench.ErrCheckFailed
	case has(func(f bench.Finding) bool { return !f.Broken }):
		return bench.ErrUnmeasured
	case len(d.Findings) > 0:
		return bench.ErrStrict
	}
	return nil
}
