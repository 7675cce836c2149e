package stored

import (
	"benchrun/internal/bench"
	"benchrun/internal/gate"
	"benchrun/scenarios"
)

// Selected are a run's cells as a gate selects them.
func Selected(run bench.Run) []gate.Selected {
	out := make([]gate.Selected, len(run.Cells))
	for i, c := range run.Cells {
		f, _ := scenarios.Family(c.Family)
		f.Version = c.FamilyVer // as it was measured, which may have been long ago
		out[i] = gate.Selected{Name: c.Name(), Family: f, Unsupported: c.Verdict == bench.Unsupported}
	}
	return out
}
