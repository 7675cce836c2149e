package plan

import (
	"benchrun/targets"
)

// Choose gives the cells of a selection and of the user's own server files.
// Without either it is the demonstration; a file without servers selects the
// servers in it, and scenarios alone run on the demonstration's servers.
func Choose(reg *targets.Registry, sel Selection, files []string) ([]Cell, error) {
	if len(sel.Servers)+len(sel.Profiles)+len(sel.Scenarios)+len(files) == 0 {
		return DemoCells(reg)
	}
	if len(sel.Servers) == 0 {
		sel.Servers = reg.In(files)
	}
	if len(sel.Servers) == 0 {
		sel.Servers = demoServers()
	}
	return Cells(reg, sel)
}
