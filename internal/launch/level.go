package launch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"benchrun/internal/bench"
)

// Level says how firmly benchrun holds a server's processes together.
type Level string

// The levels, best first.
const (
	// PIDNamespace needs root (CAP_SYS_ADMIN). The shim is pid 1 of a PID and mount
	// namespace with its own /proc. When the shim ends, the kernel ends everything
	// in the namespace.
	PIDNamespace Level = "pid-namespace"
	// UserNamespace is the same for an ordinary user, who keeps his uid in a user
	// namespace. The shim mounts /proc with an ambient capability, which it gives
	// up before the server starts.
	UserNamespace Level = "user-namespace"
	// Subreaper makes the shim the parent of every orphan below it. If the shim
	// itself is killed, benchrun finds the rest by cgroup or by marker.
	Subreaper Level = "subreaper"
	// ProcessGroup is the last resort: orphans become children of init, and benchrun
	// finds them only by the marker in their environment.
	ProcessGroup Level = "process-group"
)

// Levels lists the levels, best first.
func Levels() []Level { return []Level{PIDNamespace, UserNamespace, Subreaper, ProcessGroup} }

// namespaced says whether the kernel ends every process with the shim.
func (l Level) namespaced() bool { return l == PIDNamespace || l == UserNamespace }

// Capabilities is what this user can do on this machine.
type Capabilities struct {
	Level  Level
	Cgroup string // "cgroup-v1", "cgroup-v2", or "" if no limit can be set
	CPU    bool   // a CPU quota can be set; otherwise the server is niced
	Memory bool   // memory can be capped and read
	PIDs   bool   // the number of processes and threads can be capped
	// Private says that a server gets its own IPC, shared memory and folders for
	// temporary files, which end with it, and that it can write to nothing else
	// except its own folders.
	Private bool
	Why     []string
}

// Has says whether this machine has a feature.
func (c Capabilities) Has(f bench.HostFeature) bool {
	switch f {
	case bench.HostMemoryLimit:
		return c.Memory
	case bench.HostProcessLimit:
		return c.PIDs
	case bench.HostOwnMounts:
		return c.Level == PIDNamespace
	case bench.HostProcessTree:
		return c.Level != ProcessGroup
	}
	return false
}

// FindLevel tries the levels, best first, by running a trivial command, and takes the
// first one that works. Capabilities.Why has a sentence for each level or limit that is
// not available. The error is that of ctx, or a bench.EnvironmentError: no scratch
// folder can be made for the servers' user, or no level works.
func FindLevel(ctx context.Context, user *User) (Capabilities, error) {
	scratch, err := NewScratch(user) // without it every level would fail
	if err == nil {
		err = scratch.Remove()
	}
	if err != nil {
		return Capabilities{}, err
	}
	var why []string
	for _, level := range Levels() {
		caps, err := TryLevel(ctx, level)
		if ctx.Err() != nil {
			return caps, context.Cause(ctx)
		}
		if err == nil {
			caps.Why = slices.Concat(why, caps.Why)
			return caps, nil
		}
		var env *bench.EnvironmentError
		if errors.As(err, &env) && env.Err != nil {
			err = env.Err // without the name of the trial command
		}
		why = append(why, fmt.Sprintf("level %s is not available: %v", level, err))
	}
	return Capabilities{Why: why}, &bench.EnvironmentError{
		Problem: "benchrun cannot supervise a server on this machine", Err: errors.New(why[len(why)-1]),
	}
}

// trialLimits are so small that a machine that allows limits accepts them, and large
// enough for /bin/true.
var trialLimits = bench.Limits{CPUs: 0.5, MemoryBytes: 64 << 20, PIDs: 64, TmpBytes: 1 << 20}

// TryLevel tries one level by running a trivial command through the shim, with a
// cgroup and private places if possible. It returns an error if the level does not
// work.
func TryLevel(ctx context.Context, level Level) (Capabilities, error) {
	caps := Capabilities{Level: level}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	scratch, err := NewScratch(nil)
	if err != nil {
		return caps, err
	}
	defer scratch.Remove() //nolint:errcheck // an empty folder; Sweep removes it if this fails
	version, why := cgroupVersion()
	spec := Spec{Argv: []string{"true"}, Dir: "/", Log: os.DevNull, Limits: trialLimits, Scratch: scratch}
	g, version, more, err := startBest(ctx, level, version, spec)
	if err != nil {
		return caps, err
	}
	why, caps.Private = append(why, more...), g.private
	got := g.Limits()
	select {
	case <-g.Done():
	case <-ctx.Done():
	}
	exit := g.Exit()
	if err := g.Destroy(ctx); err != nil {
		return caps, err
	}
	if exit == nil || *exit != (bench.ExitStatus{}) {
		return caps, fmt.Errorf("the trial run of true ended with %v", exit)
	}
	caps.CPU, caps.Memory, caps.PIDs = got.CPUs > 0, got.MemoryBytes > 0, got.PIDs > 0
	if caps.CPU || caps.Memory || caps.PIDs {
		caps.Cgroup = version
	}
	caps.Why = slices.Concat(why, g.why)
	return caps, nil
}

// startBest starts with as much as a level allows: it tries cgroup and private places,
// then one of them, then neither. It returns the cgroup version that it used, and
// why it could not use more.
func startBest(ctx context.Context, level Level, version string, spec Spec) (g *Group, with string, why []string, err error) {
	versions := []string{version}
	if version != "" {
		versions = append(versions, "")
	}
	for _, with = range versions {
		var first error // with private places
		for _, private := range []bool{true, false} {
			if private && !level.namespaced() {
				continue
			}
			g, err = Start(ctx, Capabilities{Level: level, Cgroup: with, Private: private}, spec)
			switch {
			case err != nil && private:
				first = err
			case err == nil && first != nil:
				return g, with, append(why, fmt.Sprintf("servers cannot have private places for temporary files: %v", first)), nil
			case err == nil:
				return g, with, why, nil
			}
		}
		if with != "" {
			why = append(why, fmt.Sprintf("%s limits cannot be used: %v", with, err))
		}
	}
	return nil, "", why, err
}

// shimAttr says how to fork the shim at a level. Pdeathsig is set only in namespaces,
// where the kernel then ends everything with the shim. Elsewhere the shim must live on
// to end the rest; it notices benchrun's death by its control pipe.
func shimAttr(level Level, private bool, user *User) (*syscall.SysProcAttr, error) {
	attr := &syscall.SysProcAttr{Setsid: true}
	switch level {
	case PIDNamespace:
		attr.Cloneflags = syscall.CLONE_NEWPID | syscall.CLONE_NEWNS
		attr.Pdeathsig = syscall.SIGKILL
	case UserNamespace:
		attr.Cloneflags = syscall.CLONE_NEWUSER | syscall.CLONE_NEWPID | syscall.CLONE_NEWNS
		attr.Pdeathsig = syscall.SIGKILL
		attr.AmbientCaps = []uintptr{unix.CAP_SYS_ADMIN}
		if private { // overlay mounts need it
			attr.AmbientCaps = append(attr.AmbientCaps, unix.CAP_DAC_OVERRIDE, unix.CAP_DAC_READ_SEARCH, unix.CAP_FOWNER, unix.CAP_CHOWN)
		}
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Geteuid(), HostID: os.Geteuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getegid(), HostID: os.Getegid(), Size: 1}}
		if user != nil { // root changes to this user, so both must exist in the namespace
			attr.UidMappings = append(attr.UidMappings, syscall.SysProcIDMap{ContainerID: user.UID, HostID: user.UID, Size: 1})
			attr.GidMappings = append(attr.GidMappings, syscall.SysProcIDMap{ContainerID: user.GID, HostID: user.GID, Size: 1})
			attr.GidMappingsEnableSetgroups = true
		}
	case Subreaper, ProcessGroup:
	default:
		return nil, fmt.Errorf("level %q is unknown", level)
	}
	if private {
		attr.Cloneflags |= syscall.CLONE_NEWIPC
	}
	return attr, nil
}
