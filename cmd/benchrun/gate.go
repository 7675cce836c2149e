package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"benchrun/internal/bench"
	"benchrun/internal/gate"
	"benchrun/internal/judge"
	"benchrun/internal/plan"
	"benchrun/report"
	"benchrun/scenarios"
)

// gateFlags say what must hold of a run.
type gateFlags struct {
	failOn []string
	files  []string
	strict bool
	places []string // where the rules of failOn stand, if not on the command line

	baseline baselineFlags
	waivers  waiverFlags
}

func (g *gateFlags) add(f *pflag.FlagSet) {
	g.addRules(f)
	declare(f, "strict", &g.strict)
	g.baseline.add(f)
	g.waivers.add(f)
}

func (g *gateFlags) addRules(f *pflag.FlagSet) {
	declare(f, "fail-on", &g.failOn)
	declare(f, "gate", &g.files)
}

// strictFlags tell of trouble that decides no verdict.
var strictFlags = []string{
	judge.FlagFlaky, judge.FlagOneBadSecond, judge.FlagUploadsLost, judge.FlagWorkersUnseen,
	judge.FlagNeededSIGKILL, judge.FlagSurvivors, judge.FlagPortHeld,
}

// rules reads all rules and resolves them against the selection.
func (g *gateFlags) rules(cells []gate.Selected) ([]gate.Rule, error) {
	if len(g.failOn) > gate.MostRules {
		return nil, bench.Usagef("--fail-on: more than %d rules", gate.MostRules)
	}
	var out []gate.Rule
	for i, text := range g.failOn {
		place := "--fail-on"
		if i < len(g.places) {
			place = g.places[i]
		}
		r, err := gate.ParseRule(place, text)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	for _, file := range g.files {
		rules, err := gate.ReadFile(file)
		if err != nil {
			return nil, err
		}
		out = append(out, rules...)
	}
	return out, gate.Resolve(out, cells)
}

func selectedCells(cells []plan.Cell) []gate.Selected {
	out := make([]gate.Selected, len(cells))
	for i, c := range cells {
		out[i] = gate.Selected{
			Name:   bench.Cell{Server: c.Server.Name, Profile: c.Profile, Scenario: c.Scenario.Name()}.Name(),
			Family: c.Scenario.Family, Unsupported: c.Unsupported != "",
		}
	}
	return out
}

func measuredCells(run bench.Run) []gate.Selected {
	out := make([]gate.Selected, len(run.Cells))
	for i, c := range run.Cells {
		f, _ := scenarios.Family(c.Family)
		f.Version = c.FamilyVer // as it was measured, which may have been long ago
		out[i] = gate.Selected{Name: c.Name(), Family: f, Unsupported: c.Verdict == bench.Unsupported}
	}
	return out
}

// findings are what keeps a run from passing: cells that could not be measured,
// rules that are broken or could not be checked, strict checks that failed.
func (g *gateFlags) findings(checks []gate.Check, asked bool, run bench.Run) []report.Finding {
	var out []report.Finding
	for i, c := range run.Cells {
		if c.Verdict == bench.Invalid {
			why := "not measured"
			if len(c.Reasons) > 0 {
				why = c.Reasons[0]
			}
			out = append(out, report.Finding{Cell: i, By: byInvalid, Text: why})
		}
	}
	for _, c := range checks {
		f := report.Finding{Cell: c.Index, By: byRule, Text: strings.TrimPrefix(c.String(), c.Cell+": ")}
		switch c.Outcome {
		case gate.Broken:
			f.Kind = report.Broken
			out = append(out, f)
		case gate.Unmeasured:
			out = append(out, f)
		}
	}
	if asked && len(checks) == 0 {
		out = append(out, report.Finding{Cell: report.WholeRun, By: byRule, Text: "no rule could be checked in any cell"})
	}
	for i, c := range run.Cells {
		for _, f := range c.Flags {
			if g.strict && slices.Contains(strictFlags, f) {
				out = append(out, report.Finding{Cell: i, Kind: report.Broken, By: byStrict, Text: "flagged " + f})
			}
		}
	}
	return out
}

// What findings are by.
const (
	byInvalid = "invalid"
	byRule    = "rule"
	byStrict  = "strict"
)

// decide says on stderr what the rules came to and gives the findings, notes that
// decide nothing (what is waived, waivers that have expired or are not needed),
// and the error that stands for the exit code: 10 where a rule is broken, 5 where
// something could not be measured, 11 where only strict checks failed.
func (g *gateFlags) decide(stderr io.Writer, rules []gate.Rule, run bench.Run) ([]report.Finding, []string, error) {
	checks, told := g.evaluate(rules, run)
	findings := g.findings(checks, g.asked(rules), run)
	if g.asked(rules) {
		count := map[gate.Outcome]int{}
		for _, c := range checks {
			count[c.Outcome]++
		}
		waived := ""
		if n := count[gate.Waived]; n > 0 {
			waived = fmt.Sprintf(", %d waived", n)
		}
		_, _ = fmt.Fprintf(stderr, "gate: %d of %d checks hold%s\n", count[gate.Kept], len(checks), waived)
	}
	has := func(by string, kind report.FindingKind) bool {
		return slices.ContainsFunc(findings, func(f report.Finding) bool { return f.By == by && f.Kind == kind })
	}
	for _, f := range findings {
		label := f.By
		if f.By == byInvalid { // the table has said so
			continue
		}
		if f.By == byRule {
			label = map[report.FindingKind]string{report.Broken: "broken", report.Unmeasured: "unmeasured"}[f.Kind]
		}
		text := f.Text
		if f.Cell != report.WholeRun {
			text = run.Cells[f.Cell].Name() + ": " + text
		}
		tell(stderr, []string{label + ": " + text})
	}
	tell(stderr, told)
	switch {
	case has(byRule, report.Broken):
		return findings, told, errCheckFailed
	case has(byInvalid, report.Unmeasured), has(byRule, report.Unmeasured):
		return findings, told, errUnmeasured
	case has(byStrict, report.Broken):
		return findings, told, errStrict
	}
	return findings, told, nil
}
