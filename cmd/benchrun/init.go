package main

import (
	"cmp"
	"io"

	"github.com/spf13/cobra"

	"benchrun/internal/bench"
	"benchrun/internal/cijob"
	"benchrun/targets"
)

func newInitCommand() *cobra.Command {
	var from, app string
	dir := "."
	var force bool
	cmd := &cobra.Command{
		Use:   "init ci [github|gitlab] | init server NAME",
		Short: "write a CI job, or a server file to be filled in, into a repository",
		Long: `init server writes NAME.yaml, a server file with comments: you fill in what they
ask for. --app-kind says what kind of app your server serves. benchrun check-server
NAME.yaml --dry-run lists what is left to be filled in. docs/your-server.md goes
through it.

init ci writes a CI job into a server's repository: a workflow for GitHub Actions
(.github/workflows/benchrun.yml) or a file to include for GitLab
(.gitlab/benchrun.yml). --from says where the job gets benchrun from: name a tag
or a commit, so that the same benchrun measures every run.

If the repository has a benchrun.yaml, the job follows it. Otherwise the job
measures the server of ` + cijob.ServerFile + `: the checkout itself, if the file
says NAME=={version} and pip can install the checkout. Its rules ask only what the
file promises: they do not ask a single process to survive a crash, or a server to
survive wedged requests with too few slots or without a watchdog. The job lists
each rule that was left out, with the reason.

init overwrites a file only with --force, and says what to do next. docs/tutorial.md
goes through it step by step; docs/ci.md has the details.`,
		Example: "  benchrun init server myserver\n  benchrun init server myapp --app-kind rack\n  benchrun init ci --from some-owner/benchrun@v1\n  benchrun init ci github --from some-owner/benchrun@v1 --force\n  benchrun init ci gitlab --from https://git.example.org/benchrun.git@v1",
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := initialise(args, dir, from, app, force)
			if err != nil {
				return err
			}
			_, err = io.WriteString(cmd.OutOrStdout(), text)
			return err
		},
	}
	declare(cmd.Flags(), "from", &from)
	declare(cmd.Flags(), "app-kind", &app)
	declare(cmd.Flags(), "dir", &dir)
	declare(cmd.Flags(), "force", &force)
	completeFlags(cmd, &settings{})
	return cmd
}

// initialise writes what the arguments ask for, and returns what to do next.
func initialise(args []string, dir, from, app string, force bool) (string, error) {
	switch {
	case len(args) == 2 && args[0] == "server":
		return cijob.WriteServer(dir, args[1], cmp.Or(app, string(targets.AppWSGI)), force)
	case app != "":
		return "", &bench.UsageError{Problem: "--app-kind is for init server", Hint: "for example: benchrun init server myserver --app-kind " + app}
	case len(args) == 1 && args[0] == "ci":
		return cijob.Write(dir, "github", from, force)
	case len(args) == 2 && args[0] == "ci":
		return cijob.Write(dir, args[1], from, force)
	}
	return "", &bench.UsageError{Problem: "init takes: ci, and github or gitlab; or: server, and its name", Hint: "see benchrun init --help"}
}
