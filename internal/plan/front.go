package plan

import (
	"fmt"
	"slices"

	"benchrun/internal/bench"
	"benchrun/targets"
)

// WithFront puts a front before the cells' targets; "" = none. A target that has one
// already is a bench.UsageError, and so is a front that is not known.
func WithFront(reg *targets.Registry, cells []Cell, name string) ([]Cell, error) {
	if name == "" {
		return cells, nil
	}
	front, err := reg.Front(name)
	if err != nil {
		return nil, err
	}
	out := slices.Clone(cells)
	for i, c := range out {
		if c.Server.Front != nil {
			return nil, &bench.UsageError{
				Problem: fmt.Sprintf("--front %s: %s has a front already", name, c.Server.Name),
				Hint:    "leave out --front, and name the front of each server: " + c.Server.Name,
			}
		}
		out[i] = newCell(c.Server.Behind(front), c.Version, c.Profile, c.Scenario, c.Unsupported)
	}
	return out, nil
}
