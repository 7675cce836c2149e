package plan

import (
	"slices"

	"benchrun/targets"
)

// Choose gives the cells of a selection and of the user's own server files and
// command. Without any it is the demonstration; a file or a command without servers
// selects its own, a command also beside servers, and scenarios alone run on the
// demonstration's servers.
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
	cells, err := Cells(reg, sel)
	if command := reg.In(nil); err == nil && len(command) > 0 && !HasCommand(cells) { // beside the servers that are named
		sel.Servers = append(slices.Clone(sel.Servers), command[0]+"/*") // --profile is for the others
		return Cells(reg, sel)
	}
	return cells, err
}

// HasCommand says whether any cell's server is that of --server-cmd.
func HasCommand(cells []Cell) bool {
	return slices.ContainsFunc(cells, func(c Cell) bool { return c.Server.ByCommand != nil })
}
