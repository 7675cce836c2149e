package runner

import (
	"context"
	"fmt"
	"os"
	"runtime"

	"benchrun/internal/bench"
	"benchrun/internal/launch"
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
	Port        int    // fixed port; 0 = pick one for each attempt
	Environment bench.Environment
}

// Limits of every target. The CPU quota leaves half a core for the harness.
const (
	targetMemory = 2 << 30
	targetPIDs   = 4096
	targetNoFile = 8192
	memoryFloor  = 512 << 20
)

// NewLab finds out what this machine can do. env describes the machine.
func NewLab(ctx context.Context, env bench.Environment, port int) (*Lab, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("own binary: %w", err)
	}
	user, err := launch.Unprivileged()
	if err != nil {
		return nil, err
	}
	caps := launch.Probe(ctx)
	lab := &Lab{
		Caps: caps, User: user, Self: self, Port: port, MemoryFloor: memoryFloor,
		Limits: bench.Limits{
			CPUs:        max(0.5, float64(runtime.NumCPU())-0.5),
			MemoryBytes: min(targetMemory, env.MemoryBytes/2),
			PIDs:        targetPIDs,
			NoFile:      targetNoFile,
			How:         caps.Cgroup,
		},
	}
	if !caps.CPU {
		lab.Limits.CPUs, lab.Limits.How = 0, "nice"
	}
	if !caps.PIDs {
		lab.Limits.PIDs = 0
	}
	if user != nil {
		lab.Limits.User = user.Name
	}
	env.Supervision = string(caps.Level)
	env.Limits = lab.Limits
	lab.Environment = env
	return lab, nil
}

func (l *Lab) pickPort() (int, error) {
	if l.Port == 0 {
		return launch.PickPort()
	}
	if !launch.PortFree(l.Port) {
		return 0, &bench.EnvironmentError{
			Problem: fmt.Sprintf("port %d is taken", l.Port),
			Hint:    "choose another --port, or leave it out and benchrun picks a free one",
		}
	}
	return l.Port, nil
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
