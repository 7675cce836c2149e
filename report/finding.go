package report

import (
	"fmt"
	"slices"

	"benchrun/internal/bench"
)

// Finding is something that keeps a cell, or the run as a whole, from passing.
// The findings of a run are its exit code in detail: with none it is 0.
type Finding struct {
	Cell int // index among the run's cells; WholeRun where it is about none of them
	Kind FindingKind
	By   string // what found it: "rule", "strict", "invalid"
	Text string // one line
}

// WholeRun stands in the place of a cell's index.
const WholeRun = -1

// FindingKind says what a finding is. The zero value says that nothing was
// measured.
type FindingKind int

// The kinds.
const (
	Unmeasured FindingKind = iota // harness or host to blame, or there is no figure
	Broken                        // a rule or a strict check does not hold
)

// found are the findings about a cell, broken rules first.
func found(findings []Finding, cell int) []Finding {
	var out []Finding
	for _, f := range findings {
		if f.Cell == cell {
			f.By, f.Text = clean(f.By), clean(f.Text)
			out = append(out, f)
		}
	}
	slices.SortStableFunc(out, func(a, b Finding) int { return int(b.Kind) - int(a.Kind) })
	return out
}

// cellNames gives each cell of a run two words that stay the same from run to
// run: the target "gunicorn.hardened" and the scenario. A version stands in
// the first only where a server takes part with more than one.
func cellNames(cells []bench.Cell) (targets, scenarios []string) {
	versions := map[string]string{}
	several := map[string]bool{}
	for _, c := range cells {
		if before, ok := versions[c.Server]; ok && before != c.Version {
			several[c.Server] = true
		}
		versions[c.Server] = c.Version
	}
	families := severalVersions(cells)
	for i, c := range cells {
		server := c.Server
		if several[c.Server] && c.Version != "" {
			server += "@" + c.Version
		}
		if c.Front != "" {
			server += "+" + c.Front
		}
		targets = append(targets, clean(server+"."+c.Profile))
		scenario := c.Scenario
		if families[i] {
			scenario += fmt.Sprintf(" (version %d)", c.FamilyVer)
		}
		scenarios = append(scenarios, clean(scenario))
	}
	return targets, scenarios
}
