package plan

import (
	"fmt"
	"slices"

	"benchrun/internal/bench"
	"benchrun/targets"
)

// Part is what is to run with each server as one target: a front before it, or a supervisor
// that starts it; "" = none. A server has one of the two.
type Part struct {
	Front      string
	Supervisor string
}

// With adds the part to the cells' targets. An unknown name, a target that has a front or a
// supervisor already, and a Part of both are a bench.UsageError.
func (p Part) With(reg *targets.Registry, cells []Cell) ([]Cell, error) {
	switch {
	case p.Front != "" && p.Supervisor != "":
		return nil, &bench.UsageError{
			Problem: fmt.Sprintf("--front %s and --supervisor %s: a server has one front or one supervisor, and not two of these", p.Front, p.Supervisor),
			Hint:    "leave out one of them",
		}
	case p.Front != "":
		front, err := reg.Front(p.Front)
		if err != nil {
			return nil, err
		}
		return withPart(cells, "--front", p.Front, func(s *targets.Server) *targets.Server { return s.Behind(front) })
	case p.Supervisor != "":
		by, err := targets.FindSupervisor(p.Supervisor)
		if err != nil {
			return nil, err
		}
		return withPart(cells, "--supervisor", p.Supervisor, func(s *targets.Server) *targets.Server { return s.StartedBy(by) })
	}
	return cells, nil
}

// withPart makes pairs of the cells' servers. flag and name are for errors.
func withPart(cells []Cell, flag, name string, pair func(*targets.Server) *targets.Server) ([]Cell, error) {
	out := slices.Clone(cells)
	for i, c := range out {
		if kind := c.Server.PartKind(); kind != "" {
			return nil, &bench.UsageError{
				Problem: fmt.Sprintf("%s %s: %s has a %s already", flag, name, c.Server.Name, kind),
				Hint:    fmt.Sprintf("a server has one front or one supervisor: leave out %s, and name that of each server: %s", flag, c.Server.Name),
			}
		}
		out[i] = newCell(pair(c.Server), c.Version, c.Profile, c.Scenario, c.Unsupported)
	}
	return out, nil
}
