package plan

import (
	"cmp"
	"strings"

	"benchrun/internal/bench"
	"benchrun/targets"
)

// Cell is one server × profile × scenario that will be run.
type Cell struct {
	Server      *targets.Server
	Version     string // asked for; "" = the server file's own
	Resolved    string // the release that Version stood for when the run began; "" = not known yet, or Version is a release
	Unasked     string // as in bench.Source
	Profile     string
	Scenario    bench.Scenario
	Unsupported string // why it cannot be run; "" = it can

	Patience Patience // of a probe with its target's watchdog; nil before WithPatience
}

// Name is "server/profile/scenario".
func (c Cell) Name() string {
	return c.Server.Name + "/" + c.Profile + "/" + c.Scenario.Name()
}

// Target is "server@version/profile", the same for all cells of a target. One whose app
// has a database is another target: more is installed for it.
func (c Cell) Target() string {
	name := c.Server.Name + "@" + c.Version + "/" + c.Profile
	if c.Scenario.Family.Needs.Database() {
		name += " with a database"
	}
	return name
}

// TargetWords name the target as duel takes it: "gunicorn/default@23.0.0".
func (c Cell) TargetWords() string {
	if c.Version != "" {
		return c.Server.Name + "/" + c.Profile + "@" + c.Version
	}
	return c.Server.Name + "/" + c.Profile
}

// Launch names how a cell's target is launched: its Target, and the arguments that
// its profile has for the family. Cells that share it share slots and watchdog.
func (c Cell) Launch() string {
	return strings.Join(append([]string{c.Target()}, c.FamilyArgs()...), " ")
}

// FamilyArgs are the arguments that the cell's profile has for the scenario's families.
func (c Cell) FamilyArgs() []string {
	var args []string
	for _, id := range c.Scenario.FamilyIDs() {
		args = append(args, c.Server.Profiles[c.Profile].Families[id].Args...)
	}
	return args
}

// newCell is a cell, with the reason where it cannot be run. why is that of the
// profile; "" = the server has it.
func newCell(s *targets.Server, version, profile string, sc bench.Scenario, why string) Cell {
	for _, p := range sc.Parts() { // a mix without one of its parts would be another
		if why == "" {
			why = unmet(p.Family, s, profile)
		}
	}
	return Cell{Server: s, Version: version, Profile: profile, Scenario: sc, Unsupported: why}
}

// SameTarget says that two cells are about the same profile of the same server, in
// the version that was asked for, or that its file says.
func (c Cell) SameTarget(other Cell) bool {
	version := func(c Cell) string { return cmp.Or(c.Version, c.Server.Version) }
	return c.Server.Name == other.Server.Name && version(c) == version(other) && c.Profile == other.Profile
}
