package runner

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"runtime"
	"strconv"

	"benchrun/internal/bench"
	"benchrun/internal/launch"
	"benchrun/internal/plan"
	"benchrun/targets"
)

// Lab is what all attempts of a run share: what this machine can do, and what
// every target is confined to.
type Lab struct {
	Caps        launch.Capabilities
	User        *launch.User // nil: the user who runs benchrun
	Limits      bench.Limits
	MemoryFloor int64  // bytes of available memory below which a target is ended
	Self        string // the benchrun binary
	Version     string // of benchrun
	Port        int    // fixed port; 0 = pick one for each attempt
	Environment bench.Environment
	Note        func(string) // tells people what a target has left outside of its folders; may be nil
}

// Limits of every target. The CPU quota leaves half a core for the harness.
const (
	targetMemory = 2 << 30
	targetPIDs   = 4096
	targetNoFile = 8192
	memoryFloor  = 512 << 20
)

// NewLab finds out what this machine can do. env describes the machine.
func NewLab(ctx context.Context, env bench.Environment, version string, port int) (*Lab, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("own binary: %w", err)
	}
	runAs, err := launch.Unprivileged()
	if err != nil {
		return nil, err
	}
	if port != 0 { // before anything is installed
		if err := launch.CheckPort(port); err != nil {
			return nil, err
		}
	}
	caps, err := launch.Probe(ctx, runAs)
	if err != nil {
		return nil, err
	}
	lab := &Lab{
		Caps: caps, User: runAs, Self: self, Version: version, Port: port, MemoryFloor: memoryFloor,
		Limits: bench.Limits{
			CPUs:        max(0.5, float64(runtime.NumCPU())-0.5),
			MemoryBytes: min(targetMemory, env.MemoryBytes/2),
			PIDs:        targetPIDs,
			NoFile:      targetNoFile,
			DiskBytes:   targetDisk,
			How:         caps.Cgroup,
		},
	}
	if !caps.CPU {
		lab.Limits.CPUs, lab.Limits.How = 0, "nice"
	}
	if caps.Private {
		lab.Limits.TmpBytes = min(targetTmp, lab.Limits.MemoryBytes/4)
	}
	if !caps.PIDs {
		lab.Limits.PIDs = 0
	}
	if runAs != nil {
		lab.Limits.User = runAs.Name
	}
	env.Supervision = string(caps.Level)
	env.Limits = lab.Limits
	lab.Environment = env
	return lab, nil
}

func (l *Lab) pickPort() (*launch.Port, error) {
	if l.Port == 0 {
		return launch.PickPort()
	}
	return launch.HoldPort(l.Port)
}

// Describe says in a line how a target is held.
func (l *Lab) Describe() string {
	user, _ := l.names()
	limits := l.Limits.How
	if l.Caps.Cgroup != "" {
		limits = l.Caps.Cgroup + " limits"
	}
	return fmt.Sprintf("%s, %s, as %s", l.Caps.Level, limits, user)
}

// names are the user and group that targets run as.
func (l *Lab) names() (name, group string) {
	if l.User != nil {
		return l.User.Name, l.User.Group
	}
	name, group = strconv.Itoa(os.Getuid()), strconv.Itoa(os.Getgid())
	if u, err := user.Current(); err == nil {
		name = u.Username
		if g, err := user.LookupGroupId(u.Gid); err == nil {
			group = g.Name
		}
	}
	return name, group
}

// installOptions says how to install a cell's target for this lab.
func (l *Lab) installOptions(c plan.Cell, python string, progress func(string)) targets.InstallOptions {
	opts := targets.InstallOptions{
		Server: c.Server, Profile: c.Profile, Version: c.Version, Python: python,
		Benchrun: l.Self, BenchrunVersion: l.Version, Progress: progress, Run: l.RunProgram,
	}
	if l.User != nil {
		opts.User = &targets.RunAs{Name: l.User.Name, UID: uint32(l.User.UID), GID: uint32(l.User.GID)} //nolint:gosec // ids are not negative
	}
	return opts
}

// Prepare installs a cell's target. progress is told of every long step.
func (l *Lab) Prepare(ctx context.Context, c plan.Cell, python string, progress func(string)) (*Prepared, error) {
	profile, err := c.Server.Profile(c.Profile)
	if err != nil {
		return nil, err
	}
	inst, err := targets.Install(ctx, l.installOptions(c, python, progress))
	if err != nil {
		return nil, err
	}
	return &Prepared{Server: c.Server, Profile: profile, ProfileName: c.Profile, Installation: inst}, nil
}

// Prepared is an installed target, ready to be launched any number of times.
type Prepared struct {
	Server       *targets.Server
	Profile      targets.Profile
	ProfileName  string
	Installation *targets.Installation
	Probe        bench.Probe
}

// Target describes the target for records and reports.
func (t *Prepared) Target(command []string) bench.Target {
	return bench.Target{
		Server: t.Server.Name, Version: t.Installation.Version, Profile: t.ProfileName,
		Command: command, Workers: t.Profile.Workers, Claims: t.Profile.Claims, Probe: t.Probe,
	}
}

// under is the target as it runs under a family.
func (t *Prepared) under(family string) *Prepared {
	more := *t
	more.Server = t.Server.Under(family)
	more.Profile = more.Server.Profiles[t.ProfileName]
	return &more
}
