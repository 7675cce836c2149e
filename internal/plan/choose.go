package plan

import (
	"benchrun/targets"
)

// Choose gives the cells of a selection and of the user's own server files and
// command. Without any it is the demonstration; a file or a command without servers
// selects its own, and scenarios alone run on the demonstration's servers.
func Choose(reg *targets.Registry, sel Selection, files []string) ([]Cell, error) {
	own := reg.In(files)
	if len(sel.Servers)+len(sel.Profiles)+len(sel.Scenarios)+len(own) == 0 {
		return DemoCells(reg)
	}
	if len(sel.Servers) == 0 {
		sel.Servers = own
	}
	if len(sel.Servers) == 0 {
		sel.Servers = demoServers()
	}
	return Cells(reg, sel)
}
