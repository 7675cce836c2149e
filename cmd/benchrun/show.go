package main

import (
	"context"

	"github.com/spf13/cobra"

	"benchrun/internal/bench"
	"benchrun/targets"
)

func newShowCommand() *cobra.Command {
	var s settings
	cmd := &cobra.Command{
		Use:   "show SERVER",
		Short: "print a server's file, to copy",
		Long: `show prints the file of a server, with a comment that says where it comes from.
What it prints is a server file by itself: change it, and give it to --server-file.
It takes the place of the server that it was copied from; give it another name to
compare the two.

With --server-cmd it prints the file that says the same as that command.`,
		Example: `  benchrun show gunicorn
  benchrun show gunicorn > my.yaml
  benchrun show --server-cmd 'myserver --port {port} app:application' > my.yaml`,
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: completeServers,
		RunE: func(cmd *cobra.Command, args []string) error {
			if (len(args) == 1) == (s.own.line != "") || len(args) > 1 {
				return &bench.UsageError{Problem: "show wants one server, or --server-cmd", Hint: "for example: benchrun show gunicorn"}
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

// show is the text of a server's file.
func (s *settings) show(args []string) (string, error) {
	reg, err := s.registry()
	if err != nil {
		return "", err
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
