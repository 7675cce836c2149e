package main

import (
	"context"
	"fmt"

	"github.com/spf13/pflag"

	"benchrun/internal/bench"
	"benchrun/internal/campaign"
	"benchrun/report"
)

// takeUp claims and reads the run that --resume names, and takes its settings. Without
// --resume it does nothing.
func (s *settings) takeUp(ctx context.Context, flags *pflag.FlagSet) error {
	if !flags.Changed("resume") {
		return nil
	}
	for _, f := range flagTable() {
		if f.kind.is(settled) && flags.Changed(f.name) {
			return &bench.UsageError{
				Problem: fmt.Sprintf("--resume and --%s cannot be combined", f.name),
				Hint:    "a run that is resumed stays what it was; leave the flag out, or start a new run",
			}
		}
	}
	e, err := campaign.Resume(ctx, s.resume, benchrunVersion())
	if err != nil {
		return err
	}
	if e.Run.Asked.Ladder != (s.most > 0) {
		e.Release()
		what, command := "is not a ladder", []string{"benchrun", "--resume", s.resume}
		if e.Run.Asked.Ladder {
			what, command = "is a ladder", []string{"benchrun", "ladder", "--resume", s.resume}
		}
		return &bench.UsageError{Problem: s.resume + " " + what, Hint: report.Shell(command...)}
	}
	s.earlier = e
	s.quick, s.full = false, e.Run.Mode == bench.ModeFull
	s.seed, s.attempts = e.Run.Seed, e.Run.Asked.Attempts
	s.python, s.own = e.Run.Asked.Python, ownServer{files: e.Run.Asked.ServerFiles, resumed: e.Run.Asked}
	return nil
}
