package place

import (
	"context"
	"errors"

	"benchrun/internal/bench"
	"benchrun/internal/launch"
	"benchrun/targets"
)

// buildShare is how much of the machine's memory a step of an installation gets,
// in percent: a compiler takes more than a server, and nothing is measured then.
const buildShare = 75

// BareHost runs programs outside of a benchmark. A subreaper supervises them, which
// works everywhere, and nothing limits them.
func BareHost(user *launch.User) *Host {
	return &Host{Caps: launch.Capabilities{Level: launch.Subreaper}, User: user}
}

// RunProgram is a targets.RunProgram. It supervises a program like a server, and
// limits it like one; a program that builds gets buildShare of the memory instead.
// A program that asks for another user gets the host's.
func (h *Host) RunProgram(ctx context.Context, p targets.Program) (exit bench.ExitStatus, outOfMemory bool, err error) {
	scratch, err := launch.NewScratch(nil) // a later run removes it if this one is killed
	if err != nil {
		return exit, false, err
	}
	defer func() { err = errors.Join(err, scratch.Remove()) }()
	spec := launch.Spec{Argv: p.Argv, Env: p.Env, Dir: "/", Held: p.Lock, Limits: h.Limits, Scratch: scratch}
	if p.User != nil {
		spec.User = h.User
	}
	caps := h.Caps
	if p.Builds {
		caps.Private = false // the program's files must stay
		spec.Limits = bench.Limits{MemoryBytes: h.Environment.MemoryBytes / 100 * buildShare, PIDs: h.Limits.PIDs}
	}
	ctx, stop := guardRoom(ctx, scratch.Dir, h.MemoryFloor)
	defer stop()
	ended, err := launch.Run(ctx, caps, spec, p.Out)
	if !p.Builds { // a build leaves files on purpose
		h.tellLeft(p.Argv[0], ended.Left)
	}
	return ended.Exit, ended.OutOfMemory, err
}
