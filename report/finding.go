package report

import (
	"fmt"

	"benchrun/internal/bench"
)

// found returns the findings about a cell, broken rules first.
func found(findings []bench.Finding, cell int) []bench.Finding {
	var out []bench.Finding
	for _, broken := range []bool{true, false} {
		for _, f := range findings {
			if f.Cell == cell && f.Broken == broken {
				f.By, f.Text = clean(f.By), clean(f.Text)
				out = append(out, f)
			}
		}
	}
	return out
}

// cellNames gives each cell two names that stay the same from run to run: the target
// "gunicorn.hardened" and the scenario. The target has a version only if the run has the
// server in more than one.
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
		targets = append(targets, clean(server+"."+c.Profile))
		scenario := c.Scenario
		if families[i] {
			scenario += fmt.Sprintf(" (version %d)", c.FamilyVer)
		}
		scenarios = append(scenarios, clean(scenario))
	}
	return targets, scenarios
}
