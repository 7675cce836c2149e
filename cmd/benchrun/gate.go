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
}

func (g *gateFlags) add(f *pflag.FlagSet) {
	f.StringArrayVar(&g.failOn, "fail-on", nil, "a rule that must hold, else exit 10: '[server/profile/scenario:] measure op value' or 'verdict op word'; repeat for more")
	f.StringArrayVar(&g.files, "gate", nil, "a file of such rules, one a line")
	f.BoolVar(&g.strict, "strict", false, "exit 11 when all rules hold, but a cell is flagged "+strings.Join(strictFlags, ", "))
}

// strictFlags tell of trouble that decides no verdict.
var strictFlags = []string{
	judge.FlagFlaky, judge.FlagOneBadSecond, judge.FlagUploadsLost, judge.FlagWorkersUnseen,
	judge.FlagNeededSIGKILL, judge.FlagSurvivors, judge.FlagPortHeld,
}

// rules reads all rules and resolves them against the selection.
func (g *gateFlags) rules(cells []gate.Selected) ([]gate.Rule, error) {
	var out []gate.Rule
	for _, text := range g.failOn {
		r, err := gate.ParseRule("--fail-on", text)
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
		f, _ := scenarios.ByID(c.Family)
		out[i] = gate.Selected{Name: c.Name(), Family: f, Unsupported: c.Verdict == bench.Unsupported}
	}
	return out
}

// decide says on stderr what the rules came to and gives the error that stands
// for the exit code: 10 where a rule is broken, 5 where something could not be
// measured, 11 where only strict checks failed.
func (g *gateFlags) decide(stderr io.Writer, rules []gate.Rule, run bench.Run) error {
	checks := gate.Evaluate(rules, run.Cells, scenarios.ByID)
	kept := 0
	for _, c := range checks {
		if c.Outcome == gate.Kept {
			kept++
		}
	}
	if len(rules) > 0 {
		_, _ = fmt.Fprintf(stderr, "gate: %d of %d checks hold\n", kept, len(checks))
	}
	for _, c := range checks {
		if c.Outcome != gate.Kept {
			_, _ = fmt.Fprintf(stderr, "  %s: %s\n", c.Outcome, report.Clean(c.String()))
		}
	}
	strict := false
	for _, c := range run.Cells {
		for _, f := range c.Flags {
			if g.strict && slices.Contains(strictFlags, f) {
				strict = true
				_, _ = fmt.Fprintf(stderr, "  strict: %s: flagged %s\n", report.Clean(c.Name()), f)
			}
		}
	}
	invalid := slices.ContainsFunc(run.Cells, func(c bench.Cell) bool { return c.Verdict == bench.Invalid })
	switch {
	case len(rules) > 0 && gate.Worst(checks) == gate.Broken:
		return errCheckFailed
	case invalid, len(rules) > 0 && gate.Worst(checks) == gate.Unmeasured:
		return errUnmeasured
	case strict:
		return errStrict
	}
	return nil
}
