package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"benchrun/internal/bench"
	"benchrun/targets"
)

func newShowCommand() *cobra.Command {
	var s settings
	cmd := &cobra.Command{
		Use:   "show SERVER|FRONT|SUPERVISOR",
		Short: "print the file of a server, to copy, or of a front or supervisor",
		Long: `show prints the file of a server, with a comment that says where it comes from.
What it prints is a server file by itself: change it, and give it to --server-file.
It takes the place of the server that it was copied from; give it another name to
compare the two.

Of a front, such as nginx, it prints what benchrun puts before a server with
--front: the configuration, what it buffers, and what in it is not Debian's.

Of a supervisor, such as runit, it prints what starts a server with --supervisor: its
command, its files, and how it is asked to stop and to signal the server.

With --server-cmd it prints the file that says the same as that command.`,
		Example: `  benchrun show gunicorn
  benchrun show gunicorn > my.yaml
  benchrun show nginx
  benchrun show runit
  benchrun show --server-cmd 'myserver --port {port} app:application' > my.yaml`,
		Args: cobra.ArbitraryArgs,
		ValidArgsFunction: func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			names, directive := completeServers(cmd, args, typed)
			if len(args) == 0 {
				names = slices.Concat(names, targets.FrontNames(), targets.SupervisorNames())
			}
			return names, directive
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if (len(args) == 1) == (s.own.line != "") || len(args) > 1 {
				return &bench.UsageError{Problem: "show wants one server, front or supervisor, or --server-cmd", Hint: "for example: benchrun show gunicorn"}
			}
			return say(cmd, func(context.Context) (string, error) { return s.show(args) })
		},
	}
	f := cmd.Flags()
	declare(f, "server-file", &s.own.files)
	declare(f, "server-cmd", &s.own.line)
	declare(f, "app-kind", &s.own.appKind)
	declare(f, "python", &s.python)
	completeFlags(cmd, &s)
	return cmd
}

// show is the text of a server's file, or of a front's or supervisor's.
func (s *settings) show(args []string) (string, error) {
	reg, err := s.registry()
	if err != nil {
		return "", err
	}
	name := targets.CommandServer
	if len(args) > 0 {
		name = args[0]
	}
	if own, part, paired := strings.Cut(name, bench.PartMark); paired {
		return "", &bench.UsageError{Problem: fmt.Sprintf("show %s: these are two files", name), Hint: fmt.Sprintf("benchrun show %s; benchrun show %s", own, part)}
	}
	server, err := reg.Lookup(name)
	if err == nil {
		return server.Text()
	}
	if front, ferr := reg.Front(name); ferr == nil {
		return front.Text(), nil
	}
	if by, serr := targets.FindSupervisor(name); serr == nil {
		return by.Text(), nil
	}
	return "", err
}
