package plan

import (
	"cmp"
	"fmt"
	"strings"

	"benchrun/internal/bench"
	"benchrun/targets"
)

// DuelCells are the cells of two targets, each "server[/profile][@version]", in
// turn: A's cell of a scenario before B's. A target that names no profile takes
// the one given, or else TargetCells' own choice.
func DuelCells(reg *targets.Registry, a, b, profile string, scenarios []string) ([]Cell, error) {
	var sides [2][]Cell
	for i, word := range []string{a, b} {
		cells, err := TargetCells(reg, word, profile, scenarios)
		if err != nil {
			return nil, err
		}
		sides[i] = cells
	}
	var out []Cell
	for i := range sides[0] {
		out = append(out, sides[0][i], sides[1][i])
	}
	return out, nil
}

// TargetCells are the cells of one target, "server[/profile][@version]". If it names no
// profile, it takes the one given; "" means hardened, or the only one that the server has.
func TargetCells(reg *targets.Registry, word, profile string, scenarios []string) ([]Cell, error) {
	target, version, versioned := strings.Cut(word, "@")
	server, own, named := strings.Cut(target, "/")
	if !named {
		own = profile
	}
	if own == "" && !named {
		own = targets.ProfileHardened
		if s, err := reg.Lookup(server); err == nil {
			if all := s.ProfileNames(); len(all) == 1 {
				own = all[0]
			}
		}
	}
	if strings.ContainsAny(server+own, "*?[,") {
		return nil, bench.Usagef("%q is not one target: write server[/profile][@version]", word)
	}
	if versioned {
		server += "@" + version
	}
	cells, err := Cells(reg, Selection{Servers: []string{server}, Profiles: []string{own}, Scenarios: scenarios})
	if err != nil && !named {
		err = fmt.Errorf("%s with --profile %s: %w", word, own, err)
	}
	return cells, err
}

// Paired marks both cells of a pair as unsupported if one of them is: half a pair
// says nothing, so it is not measured.
func Paired(cells []Cell) []Cell {
	for i := 0; i+1 < len(cells); i += 2 {
		a, b := &cells[i], &cells[i+1]
		a.Unsupported, b.Unsupported = cmp.Or(a.Unsupported, b.Unsupported), cmp.Or(b.Unsupported, a.Unsupported)
	}
	return cells
}

// SameTarget says that two cells are about the same profile of the same server, in
// the version that was asked for, or that its file says.
func (c Cell) SameTarget(other Cell) bool {
	version := func(c Cell) string { return cmp.Or(c.Version, c.Server.Version) }
	return c.Server.Name == other.Server.Name && version(c) == version(other) && c.Profile == other.Profile
}
