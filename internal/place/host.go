package place

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"runtime"
	"strconv"

	"benchrun/internal/bench"
	"benchrun/internal/launch"
	"benchrun/targets"
)

// Host is this machine as every target sees it: what it can do, and the limits
// that each target gets.
type Host struct {
	Caps        launch.Capabilities
	User        *launch.User // nil: the user who runs benchrun
	Limits      bench.Limits
	MemoryFloor int64  // bytes of available memory; benchrun ends a target that leaves less
	Self        string // the benchrun binary
	Version     string // of benchrun
	Port        int    // for every launch; 0 = benchrun picks one for each
	Environment bench.Environment
	Note        func(string) // reports what a target has left outside of its folders; may be nil
	Notices     string       // the folder in which benchruns tell each other what they run; "" = this one tells nobody

	company *company // the open places; nil = they do not know of each other
	others  *otherPrograms
	boots   bootTurn

	releases *targets.Releases // that ranges of versions stand for; nil = each installation asks
}

// Limits that every target gets. The CPU quota leaves half a core for the harness.
const (
	targetMemory = 2 << 30
	targetPIDs   = 4096
	targetNoFile = 8192
	// MemoryFloor is how many bytes of memory must stay available.
	MemoryFloor = 512 << 20
)

// CPUQuota is how many of a machine's CPUs a target gets at most.
func CPUQuota(cpus int) float64 { return max(0.5, float64(cpus)-0.5) }

// NewHost finds out what this machine can do. env describes the machine.
func NewHost(ctx context.Context, env bench.Environment, version string, port int) (*Host, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("own binary: %w", err)
	}
	runAs, err := launch.Unprivileged()
	if err != nil {
		return nil, err
	}
	if port != 0 { // fail before anything is installed
		if err := launch.CheckPort(port); err != nil {
			return nil, err
		}
	}
	caps, err := launch.FindLevel(ctx, runAs)
	if err != nil {
		return nil, err
	}
	h := &Host{
		Caps: caps, User: runAs, Self: self, Version: version, Port: port, MemoryFloor: MemoryFloor, company: &company{}, others: &otherPrograms{}, boots: newBootTurn(), releases: &targets.Releases{},
		Limits: bench.Limits{
			CPUs:        CPUQuota(runtime.NumCPU()),
			MemoryBytes: min(targetMemory, env.MemoryBytes/2, launch.MemoryLimit()/2),
			PIDs:        targetPIDs,
			NoFile:      targetNoFile,
			DiskBytes:   targetDisk,
			How:         caps.Cgroup,
		},
	}
	if !caps.CPU {
		h.Limits.CPUs, h.Limits.How = 0, "nice"
	}
	if caps.Private {
		h.Limits.TmpBytes = min(targetTmp, h.Limits.MemoryBytes/4)
	}
	if !caps.PIDs {
		h.Limits.PIDs = 0
	}
	if runAs != nil {
		h.Limits.User = runAs.Name
	}
	env.Supervision = string(caps.Level)
	env.Limits = h.Limits
	h.Environment = env
	return h, nil
}

// MemoryRoom is how many bytes all targets together may take now, those that are under
// way included. 0 = unknown.
func (h *Host) MemoryRoom() int64 {
	room := MemoryRoom(h.MemoryFloor)
	if room == 0 {
		return 0
	}
	return room + h.company.memory()
}

// MemoryRoom is how many bytes targets may take while none is under way. floor is how
// many must stay available; as many again are for benchrun's clients. 0 = unknown.
func MemoryRoom(floor int64) int64 {
	left := launch.MemoryLeft()
	if left == 0 {
		return 0
	}
	return max(1, left-2*floor)
}

func (h *Host) pickPort() (*launch.Port, error) {
	if h.Port == 0 {
		return launch.PickPort()
	}
	return launch.HoldPort(h.Port)
}

// Describe says in one line how targets are supervised and limited.
func (h *Host) Describe() string {
	user, _ := h.names()
	limits := h.Limits.How
	if h.Caps.Cgroup != "" {
		limits = h.Caps.Cgroup + " limits"
	}
	return fmt.Sprintf("%s, %s, as %s", h.Caps.Level, limits, user)
}

// names returns the user and the group that targets run as.
func (h *Host) names() (name, group string) {
	if h.User != nil {
		return h.User.Name, h.User.Group
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
