package plan

import (
	"errors"
	"fmt"
	"slices"

	"benchrun/internal/bench"
	"benchrun/scenarios"
	"benchrun/targets"
)

var errNoDemo = errors.New("the demonstration's servers are missing from the registry")

// DemoCells are the cells of a run without arguments: the built-in reference
// server, sound and with planted flaws, beside others that need nothing installed.
func DemoCells(reg *targets.Registry) ([]Cell, error) {
	var cells []Cell
	for _, f := range scenarios.All() {
		for _, server := range f.Demo {
			profiles := []string{targets.ProfileDefault}
			if server == bench.ReferenceServer {
				profiles = []string{f.Sound, f.Flaw}
			}
			found, err := Cells(reg, Selection{Servers: []string{server}, Profiles: profiles, Scenarios: []string{f.Scenario().Name()}})
			if err != nil {
				return nil, fmt.Errorf("%w: %w", errNoDemo, err)
			}
			cells = append(cells, found...)
		}
	}
	return cells, nil
}

// demoServers are the servers of the demonstration.
func demoServers() []string {
	var out []string
	for _, f := range scenarios.All() {
		for _, server := range f.Demo {
			if !slices.Contains(out, server) {
				out = append(out, server)
			}
		}
	}
	return out
}
