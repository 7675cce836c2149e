package plan

import (
	"path/filepath"
	"slices"
	"strings"

	"benchrun/internal/bench"
	"benchrun/targets"
)

// Source says where the cell's target is from; python is the interpreter asked
// for.
func (c Cell) Source(python string) bench.Source {
	out := bench.Source{Version: c.Version, Resolved: c.Resolved, Unasked: c.Unasked, Python: python}
	if fixed, err := targets.FixedVersion(c.Version); err == nil { // without a working folder it stays as it is
		out.Version = fixed
	}
	out.Args = c.Server.OwnArgs
	switch {
	case c.Server.ByCommand != nil:
		out.ServerCmd, out.AppKind = c.Server.ByCommand.Words, string(c.Server.ByCommand.App)
	case !c.Server.BuiltIn():
		out.ServerFile = fixedPath(c.Server.File)
	}
	if strings.ContainsRune(python, filepath.Separator) { // else it is looked for
		out.Python = fixedPath(python)
	}
	return out
}

// AppNotes say which app each server of --server-cmd serves.
func AppNotes(cells []Cell) []string {
	var notes []string
	for _, c := range cells {
		if by := c.Server.ByCommand; by != nil {
			if note := c.Server.Name + "/" + c.Profile + ": app " + by.AppWords(); !slices.Contains(notes, note) {
				notes = append(notes, note)
			}
		}
	}
	return notes
}

func fixedPath(path string) string {
	abs, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	return abs
}
