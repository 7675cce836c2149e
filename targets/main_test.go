package targets

import (
	"context"
	"errors"
	"flag"
	"os"
	"testing"

	"benchrun/internal/bench"
	"benchrun/internal/launch"
)

// TestMain also lets the test binary be the supervisor of the programs that these tests run.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == launch.SuperviseArg {
		os.Exit(launch.Supervise())
	}
	// The parallel tests mostly wait.
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// supervised runs programs as benchrun does, at a level that works everywhere.
func supervised(ctx context.Context, p Program) (exit bench.ExitStatus, outOfMemory bool, err error) {
	scratch, err := launch.NewScratch(nil)
	if err != nil {
		return exit, false, err
	}
	defer func() { err = errors.Join(err, scratch.Remove()) }()
	spec := launch.Spec{Argv: p.Argv, Env: p.Env, Dir: "/", Held: p.Lock, Scratch: scratch}
	if p.User != nil {
		spec.User = &launch.User{Name: p.User.Name, UID: int(p.User.UID), GID: int(p.User.GID)}
	}
	ended, err := launch.Run(ctx, launch.Capabilities{Level: launch.Subreaper}, spec, p.Out)
	return ended.Exit, ended.OutOfMemory, err
}
