package runner

import (
	"context"
	"errors"

	"benchrun/internal/bench"
	"benchrun/internal/launch"
	"benchrun/targets"
)

// buildShare of the machine's memory is for a step of an installation, in
// percent: a compiler takes more than a server, and nothing is measured
// meanwhile.
const buildShare = 75

// BareLab is for what runs programs without a benchmark: it holds them by a
// subreaper, which works everywhere, and limits nothing.
func BareLab(user *launch.User) *Lab {
	return &Lab{Caps: launch.Capabilities{Level: launch.Subreaper}, User: user}
}

// RunProgram is a targets.RunProgram: it holds a program as it would a server,
// and limits it so unless it builds. What runs as somebody runs as the lab's
// user.
func (l *Lab) RunProgram(ctx context.Context, p targets.Program) (exit bench.ExitStatus, outOfMemory bool, err error) {
	scratch, err := launch.NewScratch(nil) // what is left of a killed run is found by it
	if err != nil {
		return exit, false, err
	}
	defer func() { err = errors.Join(err, scratch.Remove()) }()
	spec := launch.Spec{Argv: p.Argv, Env: p.Env, Dir: "/", Held: p.Lock, Limits: l.Limits, Scratch: scratch}
	if p.User != nil {
		spec.User = l.User
	}
	caps := l.Caps
	if p.Builds {
		caps.Private = false // what it builds is to stay
		spec.Limits = bench.Limits{MemoryBytes: l.Environment.MemoryBytes / 100 * buildShare, PIDs: l.Limits.PIDs}
	}
	ctx, stop := guardRoom(ctx, scratch.Dir, l.MemoryFloor)
	defer stop()
	ended, err := launch.Run(ctx, caps, spec, p.Out)
	if !p.Builds { // what builds is to leave things
		l.tellLeft(p.Argv[0], ended.Left)
	}
	return ended.Exit, ended.OutOfMemory, err
}
