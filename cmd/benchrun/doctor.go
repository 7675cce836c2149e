package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"benchrun/internal/bench"
	"benchrun/internal/doctor"
)

func newDoctorCommand() *cobra.Command {
	s := newSettings()
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "check what this machine can do and what it lacks",
		Long: `doctor checks what a benchmark needs on this machine: how well benchrun can
supervise and limit servers, which user they run as, what installs them, memory,
disk, ports, and whether the machine is quiet enough now. It installs nothing.
Without --server it checks what the demonstration needs. Each problem comes with
its fix.

The exit code is 0 if everything needed is there, and 3 if something is bad. A
warning costs accuracy or convenience; the exit code ignores it.`,
		Example: "  benchrun doctor\n  benchrun doctor --server '*'\n  benchrun doctor --server mod_wsgi && benchrun --server mod_wsgi",
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return &bench.UsageError{Problem: fmt.Sprintf("doctor takes no %q", args[0]), Hint: "name servers with --server"}
			}
			wanted, err := s.examined()
			if err != nil {
				return err
			}
			patiently(cmd.Context())
			checks, err := doctor.Examine(cmd.Context(), wanted)
			if err != nil {
				return err
			}
			if err := doctor.Write(cmd.OutOrStdout(), checks); err != nil {
				return fmt.Errorf("stdout: %w", err)
			}
			return doctor.Verdict(checks)
		},
	}
	f := cmd.Flags()
	s.declare(f, "server")
	declare(f, "profile", &s.profiles, commonProfilesNote)
	declare(f, "server-file", &s.own.files)
	s.declare(f, "python", "out")
	completeFlags(cmd, &s)
	return cmd
}

// examined are the targets for which doctor examines the machine.
func (s settings) examined() (doctor.Wanted, error) {
	w := doctor.Wanted{Python: s.python, Out: s.out, Version: benchrunVersion()}
	cells, err := s.selected()
	w.Targets = doctor.TargetsOf(cells)
	return w, err
}
