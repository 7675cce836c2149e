package plan

import (
	"benchrun/internal/gate"
)

// Selected are the cells as a gate selects them.
func Selected(cells []Cell) []gate.Selected {
	out := make([]gate.Selected, len(cells))
	for i, c := range cells {
		out[i] = gate.Selected{Name: c.Name(), Family: c.Scenario.Family, Unsupported: c.Unsupported != ""}
	}
	return out
}
