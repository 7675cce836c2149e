package plan

import (
	"fmt"
	"slices"
	"strings"

	"benchrun/internal/bench"
)

// WithArgs gives the cells' targets arguments of the user's own, after those of their
// profiles. Arguments are the flags of one server: cells of several are a bench.UsageError.
func WithArgs(cells []Cell, args []string) ([]Cell, error) {
	if len(args) == 0 {
		return cells, nil
	}
	var names []string
	for _, c := range cells {
		if !slices.Contains(names, c.Server.Name) {
			names = append(names, c.Server.Name)
		}
	}
	if len(names) > 1 {
		return nil, &bench.UsageError{
			Problem: fmt.Sprintf("--args are the flags of one server, and these are %d: %s", len(names), strings.Join(names, ", ")),
			Hint:    "select one with --server",
		}
	}
	out := slices.Clone(cells)
	for i, c := range out {
		with, err := c.Server.WithArgs(args)
		if err != nil {
			return nil, err
		}
		out[i].Server = with
		profile, err := with.ProfileTaking(c.Profile)
		switch {
		case err == nil:
			out[i].Profile = profile
		case c.Unsupported == "": // otherwise there may be no such profile
			return nil, err
		}
	}
	return out, nil
}
