package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"benchrun/internal/bench"
	"benchrun/internal/doctor"
	"benchrun/targets"
)

func newDoctorCommand() *cobra.Command {
	s := settings{out: defaultOut}
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "what this machine can do, what is missing, and the fix",
		Long: `doctor looks at what a benchmark needs of this machine: how surely servers can
be held and limited, whom they run as, what they are installed with, memory,
disk, ports, and whether the machine is quiet enough now. Nothing is installed.
Without --server it looks at what the demonstration needs.

The exit code is 0 when everything needed is there, 3 when something is bad; a
warning costs accuracy or convenience and changes nothing.`,
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
	declare(f, "server", &s.servers)
	declare(f, "profile", &s.profiles, commonProfilesNote)
	declare(f, "server-file", &s.serverFiles)
	declare(f, "python", &s.python)
	declare(f, "out", &s.out)
	completeFlags(cmd, &s)
	return cmd
}

// examined are the targets that the machine is looked at for.
func (s settings) examined() (doctor.Wanted, error) {
	w := doctor.Wanted{Python: s.python, Out: s.out, Version: benchrunVersion()}
	reg, err := targets.Load(targets.DefaultLoadOptions(s.serverFiles))
	if err != nil {
		return w, err
	}
	cells, err := s.selected(reg)
	if err != nil {
		return w, err
	}
	seen := map[doctor.Target]bool{}
	for _, c := range cells {
		t := doctor.Target{Server: c.Server, Profile: c.Profile, Version: c.Version}
		if c.Unsupported == "" && !seen[t] {
			seen[t] = true
			w.Targets = append(w.Targets, t)
		}
	}
	return w, nil
}
