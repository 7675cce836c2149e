package plan

import (
	"path/filepath"
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

func fixedPath(path string) string {
	abs, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	return abs
}
