package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"benchrun/internal/bench"
	"benchrun/targets"
)

func newShowCommand() *cobra.Command {
	var s settings
	cmd := &cobra.Command{
		Use:   "show SERVER|SUPERVISOR",
		Short: "print the file of a server, to copy, or of a supervisor",
		Long: `show prints the file of a server, with a comment that says where it comes from.
What it prints is a server file by itself: change it, and give it to --server-file.
It takes the place of the server that it was copied from; give it another name to
compare the two.

Of a supervisor, such as runit, it prints what starts a server with --supervisor: its
command, its files, and how it is asked to stop and to signal the server.

With --server-cmd it prints the file that says the same as that command.`,
		Example: `  benchrun show gunicorn
  benchrun show gunicorn > my.yaml
  benchrun show runit
  benchrun show --server-cmd 'myserver --port {port} app:application' > my.yaml`,
		Args: cobra.ArbitraryArgs,
		ValidArgsFunction: func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			names, directive := completeServers(cmd, args, typed)
			if len(args) == 0 {
				names = append(names, targets.SupervisorNames()...)
			}
			return names, directive
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if (len(args) == 1) == (s.own.line != "") || len(args) > 1 {
				return &bench.UsageError{Problem: "show wants one server or supervisor, or --server-cmd", Hint: "for example: benchrun show gunicorn"}
			}
			text, err := s.show(args)
			if err != nil {
				return err
			}
			if _, err := io.WriteString(cmd.OutOrStdout(), text); err != nil {
				return fmt.Errorf("stdout: %w", err)
			}
			return nil
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

// show is the text of a server's file, or of a supervisor's.
func (s *settings) show(args []string) (string, error) {
	reg, err := s.registry()
	if err != nil {
		return "", err
	}
	if text, err := supervisorText(args); err != nil || text != "" {
		return text, err
	}
	name := targets.CommandServer
	if len(args) > 0 {
		name = args[0]
	}
	server, err := reg.Lookup(name)
	if err != nil {
		return "", err
	}
	return server.Text()
}

// supervisorText is the file of a supervisor; "" = args name none.
func supervisorText(args []string) (string, error) {
	if len(args) == 0 {
		return "", nil
	}
	server, by, pair := strings.Cut(args[0], bench.PartMark)
	if pair {
		return "", &bench.UsageError{Problem: fmt.Sprintf("show %s: these are two files", args[0]), Hint: fmt.Sprintf("benchrun show %s; benchrun show %s", server, by)}
	}
	supervisor, err := targets.FindSupervisor(server)
	if err != nil {
		return "", nil //nolint:nilerr // then it is a server's name
	}
	return supervisor.Text(), nil
}
