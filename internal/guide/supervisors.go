package guide

import (
	"fmt"
	"io"
	"strings"

	"benchrun/targets"
)

// Supervisors is the part of docs/supervisors.md that comes from the supervisor files.
var Supervisors = Part{"<!-- supervisors from scripts/docs: begin -->", "<!-- supervisors from scripts/docs: end -->"}

// SupervisorsTable is what Supervisors holds: when each supervisor starts a server again, how
// it stops one, and how its files differ from what is usual.
func SupervisorsTable() string {
	var b, stock strings.Builder
	b.WriteString(table("supervisor", "starts the server again", "stops it"))
	stock.WriteString(table("supervisor", "Debian packages", "set up as"))
	for _, name := range targets.SupervisorNames() {
		s, err := targets.FindSupervisor(name)
		if err != nil {
			continue // cannot happen: SupervisorNames lists what FindSupervisor knows
		}
		b.WriteString(row(code(s.Name), strings.TrimSpace(s.Restarts), strings.TrimSpace(s.Stops)))
		stock.WriteString(row(code(s.Name), codes(s.Install.Apt), strings.TrimSpace(s.Stock)))
	}
	return b.String() + stock.String()
}

func listSupervisors(w io.Writer, _ *targets.Registry) {
	for _, name := range targets.SupervisorNames() {
		if s, err := targets.FindSupervisor(name); err == nil {
			_, _ = fmt.Fprintf(w, "%s\t%s\t%s\n", s.Name, s.Title, strings.Join(s.CommandWords, " "))
		}
	}
}
