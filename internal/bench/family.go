package bench

import (
	"math"
	"slices"
	"time"
)

// Family is one kind of misbehaviour, at any ratio. It is data: package scenarios
// has a file for each, and how the fault is made.
type Family struct {
	ID         string // kebab-case, never reused
	Group      Group
	Version    int    // raised when results stop being comparable with earlier ones
	Title      string // one line
	Why        string // a paragraph: why production cares
	Good       string // what a good server does
	Magnitude  string // the fixed size of the fault, in words
	References []string
	Cadence    Cadence
	Needs      Needs
	Traits     Traits
	// Mix are the families that come together in one attempt, each at its share where the
	// mix comes at its own; nil = the family is no mix. The traits of a mix say only that.
	Mix []Scenario
	// Fixed says that the id of the family has its ratio, and that there is no other.
	Fixed bool
	// Lasts is, of a fault that holds no slot for good, about how long its request
	// keeps one; 0 = not worth saying. For estimates of how long an attempt takes,
	// and nothing else.
	Lasts time.Duration
	// Busy says that a fault keeps a CPU busy while it lasts. It decides what runs
	// beside a cell that was never measured, and nothing else.
	Busy bool
	// Sound and Flaw are profiles of the reference server, which calibration runs
	// the family on: Sound must be held, and Flaw, named after the planted flaw in
	// it, must be failed.
	Sound string
	Flaw  string
	// FlawShows begins the reason that Flaw must fail for, where the flaw shows in
	// something else than lost victims: losing some besides would not prove that
	// it was seen.
	FlawShows string
	// Flaws are further profiles with planted flaws, each of which must be failed because of
	// another of the family's rules.
	Flaws []Planted
}

// Planted is a profile of the reference server with a flaw that a family must find.
type Planted struct {
	Profile string
	Shows   string // what the reasons must say; "" = lost victims show it
}

// Planted lists the flaws that a family must find, Flaw first.
func (f Family) Planted() []Planted {
	return append([]Planted{{f.Flaw, f.FlawShows}}, f.Flaws...)
}

// Scenario is the family as it is run unless something else is asked for.
func (f Family) Scenario() Scenario { return Scenario{Family: f, Ratio: f.Cadence.Share} }

// Each lists the traits of the faults: of a mix, those of each of its families.
func (f Family) Each() []Traits {
	if len(f.Mix) == 0 {
		return []Traits{f.Traits}
	}
	out := make([]Traits, len(f.Mix))
	for i, p := range f.Mix {
		out[i] = p.Family.Traits
	}
	return out
}

// Cadence says when faults come: as a share of the requests, every so often, or once.
type Cadence struct {
	Share Ratio         // of the requests, where the scenario's name says no other; 0 = they are no share
	Every time.Duration // from one to the next, where they are no share; or Once
	Surge *Surge        // of a fault that comes Once and is many requests; nil = it is one
}

// Once is the distance of a fault that comes a single time.
const Once time.Duration = math.MaxInt64

func (c Cadence) perSecond(ratio Ratio, rate int) float64 {
	switch {
	case c.Surge != nil:
		return float64(c.Surge.Requests()) / c.Surge.Length().Seconds()
	case c.Every > 0:
		return 1 / c.Every.Seconds()
	}
	return float64(rate) * ratio.Fraction()
}

// Needs is what a family requires. If something of it is missing, the cell is
// unsupported.
type Needs struct {
	AppFault string // that the app must have; "" = none
	Server   []ServerFeature
	Host     []HostFeature
	// Args is what arguments for this family in a profile are to do; "" = it needs none.
	Args string
	// Files is how many descriptors each process of the target may have; 0 = as
	// usual. It is no wish, but a part of the fault.
	Files uint64
	// FreeFiles is how many descriptors each process may have beyond those that the process
	// with most of them has at rest; 0 = as usual. benchrun launches the target once before,
	// to count them.
	FreeFiles uint64
	// Memory is how many bytes the target may have in all, where a memory cgroup limits
	// them; 0 = as usual. It is a part of the fault too.
	Memory int64
	// PipedLog has the target write its output into a pipe that benchrun empties, where
	// it usually writes to a file.
	PipedLog bool
	// OwnTmp gives the target's temporary files a folder of their own, which benchrun can
	// leave without room.
	OwnTmp bool
}

// ServerFeature is something that a server file may offer.
type ServerFeature string

// The features of servers.
const (
	// ServerReload: the leader replaces its workers when it gets a signal.
	ServerReload ServerFeature = "reload"
	// ServerChildren: children of the leader serve, so that one can end and the server
	// goes on.
	ServerChildren ServerFeature = "children"
	// ServerBoot: a worker loads the app when it starts, and keeps it.
	ServerBoot ServerFeature = "boot"
)

// HostFeature is something that a machine may offer.
type HostFeature string

// The features of machines.
const (
	// HostMemoryLimit: a cgroup can limit a target's memory.
	HostMemoryLimit HostFeature = "memory-limit"
	// HostProcessLimit: a cgroup can limit how many processes and threads a target has.
	HostProcessLimit HostFeature = "process-limit"
	// HostOwnMounts: benchrun can mount file systems that only the target sees.
	HostOwnMounts HostFeature = "own-mounts"
	// HostProcessTree: benchrun can distinguish a target's processes from those of a
	// program that it runs beside the target.
	HostProcessTree HostFeature = "process-tree"
	// HostPostgreSQL: Debian's PostgreSQL is installed, or benchrun can install it. Each target
	// of a family that needs it gets a database of its own, which begins and ends with the target.
	HostPostgreSQL HostFeature = "postgresql"
)

// Database says that a database runs beside each target, for the app.
func (n Needs) Database() bool { return slices.Contains(n.Host, HostPostgreSQL) }
