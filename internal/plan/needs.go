package plan

import (
	"fmt"
	"slices"

	"benchrun/internal/bench"
	"benchrun/targets"
)

// unmet says which of a family's needs a server's profile does not meet; "" = it
// meets all. What the machine must have is OnHost's question.
func unmet(f bench.Family, s *targets.Server, profile string) string {
	needs := f.Needs
	if needs.AppFault != "" {
		if why := s.App.Lacks(needs.AppFault); why != "" {
			return fmt.Sprintf("the app that %s serves (%s) has no fault %s: %s", s.Name, s.App, needs.AppFault, why)
		}
	}
	if needs.Database() && !s.TakesDriver(profile) {
		return fmt.Sprintf("%s/%s: its app runs on a Python that benchrun does not choose, so it has no driver for the database", s.Name, profile)
	}
	if why := frontHides(f, s); why != "" {
		return why
	}
	for _, f := range needs.Server {
		if !s.Offers(profile, f) {
			return fmt.Sprintf("%s/%s: %s", s.Name, profile, serverLacks[f])
		}
	}
	if needs.Args != "" && len(s.Profiles[profile].Families[f.ID].Args) == 0 {
		return fmt.Sprintf("%s/%s: no arguments are known that %s (`families: %s` in its server file)", s.Name, profile, needs.Args, f.ID)
	}
	if by := s.Supervisor; by != nil && slices.Contains(needs.Server, bench.ServerReload) {
		if signal := s.ReloadSignal(s.Profiles[profile]); signal != "" && !by.Sends(signal) {
			return fmt.Sprintf("%s: %s has no command that sends a server SIG%s", s.Name, by.Title, signal)
		}
	}
	return ""
}

// frontHides says why a family's question about the server cannot be asked through its
// front; "" = it can, or there is none.
func frontHides(f bench.Family, s *targets.Server) string {
	switch {
	case s.Front == nil:
	case f.Traits.Expects == bench.ExpectsEnd:
		return fmt.Sprintf("%s: clients have their connections with %s, so nobody sees how the server itself ends; ask it without the front", s.Name, s.Front.Title)
	case f.Traits.Reuses != "" && s.Front.IdleTimeout > bench.VanishLimit.Seconds():
		return fmt.Sprintf("%s: %s closes an idle connection only after %g s, longer than the clients wait for that; ask it without the front", s.Name, s.Front.Title, s.Front.IdleTimeout)
	}
	return ""
}

// serverLacks says what it means that a server does not offer a feature.
var serverLacks = map[bench.ServerFeature]string{
	bench.ServerReload:   "no signal is documented that replaces its workers while it serves (`reload` in its server file)",
	bench.ServerChildren: "no process serves that could end without the server's end (`serving` in its server file is not `children`)",
	bench.ServerBoot:     "its app is loaded for each request, so that no worker loads it when it starts (`loads: request` in the kind.yaml of its app)",
}

// hostLacks says what it means that a machine does not offer a feature.
var hostLacks = map[bench.HostFeature]string{
	bench.HostMemoryLimit:  "this machine cannot limit a server's memory: there is no memory cgroup that benchrun can use",
	bench.HostOwnMounts:    "benchrun cannot mount a file system for the server alone on this machine: that takes root and namespaces",
	bench.HostProcessLimit: "this machine cannot limit how many processes a server has: there is no pids cgroup that benchrun can use",
	bench.HostProcessTree:  "benchrun cannot distinguish the processes of a database from those of the server on this machine: that takes namespaces or child subreapers",
	bench.HostPostgreSQL:   "PostgreSQL is not installed, and benchrun can install it only as root or with sudo: run sudo apt-get install postgresql",
}

// OnHost marks the cells as unsupported that need what this machine has not. has
// is asked only of what some cell needs.
func OnHost(cells []Cell, has func(bench.HostFeature) bool) []Cell {
	for i, c := range cells {
		for _, p := range c.Scenario.Parts() {
			for _, f := range p.Family.Needs.Host {
				if c.Unsupported == "" && !has(f) {
					cells[i].Unsupported = hostLacks[f]
				}
			}
		}
	}
	return cells
}
