// Package doctor says what this machine can do for a benchmark, what is
// missing, and what to do about it. It looks and tries; it installs and
// removes nothing, except that the cache folder is made if need be.
//
// It imports internal/launch, internal/observe, internal/place, internal/postgresql,
// clients and targets; only cmd imports it.
package doctor

import (
	"context"
	"fmt"
	"io"
	"strings"

	"benchrun/internal/bench"
	"benchrun/internal/place"
	"benchrun/internal/plan"
	"benchrun/targets"
)

// State is how a check came out. The zero value is Bad: what was not looked at
// never passes.
type State int

// The states.
const (
	Bad  State = iota // a benchmark of the selected servers cannot run
	Warn              // it can, but worse than it could
	OK
)

// String is the word in front of a check.
func (s State) String() string {
	switch s {
	case OK:
		return "ok"
	case Warn:
		return "warn"
	}
	return "bad"
}

// Check is one thing that was looked at.
type Check struct {
	Name  string // kebab-case
	State State
	Text  string // what was found, one line
	Fix   string // what to do; "" = nothing
}

// Target is a server in a profile and version whose needs are looked at.
type Target struct {
	Server  *targets.Server
	Profile string
	Version string // asked for; "" = the server file's
}

// TargetsOf are the targets of cells that can be measured, each once.
func TargetsOf(cells []plan.Cell) []Target {
	var out []Target
	seen := map[Target]bool{}
	for _, c := range cells {
		t := Target{Server: c.Server, Profile: c.Profile, Version: c.Version}
		if c.Unsupported == "" && !seen[t] {
			seen[t] = true
			out = append(out, t)
		}
	}
	return out
}

// Wanted says what is asked of the machine.
type Wanted struct {
	Targets []Target
	Python  string // interpreter asked for; "" = choose
	Out     string // folder that results go to
	Version string // of benchrun
}

// looks lists the checks in the order in which they are shown. Each yields any
// number of them.
var looks = []func(context.Context, *patient) []Check{
	lookSupervision, lookLimits, lookUser, lookScratch, lookLeftovers,
	lookPython, lookPackages, lookDatabase, lookCache,
	lookMemory, lookDisks, lookCPUs, lookLoad, lookStalls, lookFiles, lookPorts,
}

// patient is the machine, with what several checks need.
type patient struct {
	wanted     Wanted
	host       bench.Environment
	machine    *place.Host // nil = there is no way to supervise: machineErr says why
	machineErr error
	runAs      *targets.RunAs
	run        targets.RunProgram
	cache      string // "" = none: cacheErr says why
	cacheErr   error
}

// Examine looks at the machine. The error is that of an interrupted ctx; what
// is wrong with the machine stands in the checks.
func Examine(ctx context.Context, w Wanted) ([]Check, error) {
	p, err := admit(ctx, w)
	if err != nil {
		return nil, err
	}
	var checks []Check
	for _, look := range looks {
		checks = append(checks, look(ctx, p)...)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
	}
	return checks, nil
}

// Write prints a line for each check and, below those that are not ok, what to
// do.
func Write(w io.Writer, checks []Check) error {
	width := 0
	for _, c := range checks {
		width = max(width, len(c.Name))
	}
	var b strings.Builder
	for _, c := range checks {
		fmt.Fprintf(&b, "%-4s  %-*s  %s\n", c.State, width, c.Name, c.Text)
		if c.Fix != "" {
			fmt.Fprintf(&b, "      %-*s  fix: %s\n", width, "", c.Fix)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Verdict is nil when nothing is bad, else a bench.EnvironmentError that names
// the checks.
func Verdict(checks []Check) error {
	var bad []string
	for _, c := range checks {
		if c.State == Bad {
			bad = append(bad, c.Name)
		}
	}
	if len(bad) == 0 {
		return nil
	}
	return &bench.EnvironmentError{
		Problem: "this machine lacks what the selected servers need: " + strings.Join(bad, ", "),
		Hint:    "see the fixes above",
	}
}
