package plan

import (
	"fmt"
	"path/filepath"

	"benchrun/internal/bench"
	"benchrun/targets"
)

// Asked writes cells down so that FromAsked finds them again, from any working
// folder. Of their target, it also says the interpreter and the server files asked for.
func Asked(cells []Cell, attempts int, python string, serverFiles []string) (*bench.Asked, error) {
	out := &bench.Asked{Attempts: attempts, Python: python, Servers: map[string]string{}}
	for _, f := range serverFiles {
		abs, err := filepath.Abs(f)
		if err != nil {
			return nil, fmt.Errorf("--server-file %s: %w", f, err)
		}
		out.ServerFiles = append(out.ServerFiles, abs)
	}
	for _, c := range cells {
		out.Args = c.Server.OwnArgs // the same of all cells
		if c.Server.ByCommand != nil {
			out.ServerCmd, out.AppKind = c.Server.ByCommand.Words, string(c.Server.ByCommand.App)
		}
		version, err := targets.FixedVersion(c.Version)
		if err != nil {
			return nil, err
		}
		out.Cells = append(out.Cells, bench.AskedCell{
			Server: c.Server.Name, Version: version, Resolved: c.Resolved, Unasked: c.Unasked, Profile: c.Profile, Scenario: c.Scenario.Name(),
		})
		if out.Servers[c.Server.Name], err = c.Server.Digest(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// FromAsked finds the cells that a run was asked for, in their order. A server
// or a scenario that is not known any more, or a server file that says
// something else than it did, is a bench.UsageError.
func FromAsked(reg *targets.Registry, asked bench.Asked) ([]Cell, error) {
	find := func(name string) (*targets.Server, error) {
		s, err := reg.Lookup(name)
		if err != nil {
			return nil, err
		}
		return s.WithArgs(asked.Args)
	}
	for name, was := range asked.Servers {
		s, err := find(name)
		if err != nil {
			return nil, err
		}
		is, err := s.Digest()
		if err != nil {
			return nil, err
		}
		if is != was {
			return nil, &bench.UsageError{
				Problem: fmt.Sprintf("%s has changed since the run began", s.File),
				Hint:    "one run holds one configuration of a server: start a new run",
			}
		}
	}
	cells := make([]Cell, 0, len(asked.Cells))
	for _, a := range asked.Cells {
		server, err := find(a.Server)
		if err != nil {
			return nil, err
		}
		scens, err := selectScenarios([]string{a.Scenario})
		if err != nil {
			return nil, err
		}
		for _, choice := range profilesOf(server, []string{a.Profile}) {
			cell := newCell(server, a.Version, choice.name, scens[0], choice.unsupported)
			cell.Resolved, cell.Unasked = a.Resolved, a.Unasked
			cells = append(cells, cell)
		}
	}
	if len(cells) != len(asked.Cells) {
		return nil, bench.Usagef("%d cells were selected, and %d have these names", len(asked.Cells), len(cells))
	}
	return cells, nil
}
