package plan

import (
	"fmt"
	"slices"
	"strings"

	"benchrun/internal/bench"
	"benchrun/targets"
)

// WithSupervisor has a supervisor start the servers of the cells' targets; "" = none. A
// target that has one already is a bench.UsageError, and so is a supervisor that is not
// known.
func WithSupervisor(cells []Cell, name string) ([]Cell, error) {
	if name == "" {
		return cells, nil
	}
	by, err := targets.FindSupervisor(name)
	if err != nil {
		return nil, err
	}
	out := slices.Clone(cells)
	for i, c := range out {
		if c.Server.Supervisor != nil {
			return nil, &bench.UsageError{
				Problem: fmt.Sprintf("--supervisor %s: %s has a supervisor already", name, c.Server.Name),
				Hint:    "leave out --supervisor, and name the supervisor of each server: " + c.Server.Name,
			}
		}
		out[i] = newCell(c.Server.StartedBy(by), c.Version, c.Profile, c.Scenario, c.Unsupported)
	}
	return out, nil
}

// supervisedNames are the names of servers that a name or a glob means, each with the
// supervisors that it names: "gunicorn+runit", "g*+*". A glob without a + means no server
// under a supervisor.
func supervisedNames(reg *targets.Registry, word string) ([]string, error) {
	server, by, pair := strings.Cut(word, bench.PartMark)
	names, err := match("server", server, reg.Names())
	if _, err := targets.FindSupervisor(word); err == nil && !slices.Contains(reg.Names(), word) {
		return nil, &bench.UsageError{
			Problem: fmt.Sprintf("unknown server %q: it is a supervisor, which starts a server", word),
			Hint:    "for example: --server gunicorn" + bench.PartMark + word,
		}
	}
	if err != nil || !pair {
		return names, err
	}
	supervisors, err := match("supervisor", by, targets.SupervisorNames())
	if err != nil {
		return nil, err
	}
	var pairs []string
	for _, n := range names {
		for _, s := range supervisors {
			pairs = append(pairs, n+bench.PartMark+s)
		}
	}
	return pairs, nil
}
