package main

import (
	"time"

	"github.com/spf13/cobra"

	"benchrun/internal/bench"
	"benchrun/internal/checkserver"
	"benchrun/internal/place"
	"benchrun/internal/plan"
	"benchrun/report"
	"benchrun/targets"
)

func newCheckServerCommand() *cobra.Command {
	var s settings
	patience := 5 * time.Minute
	cmd := &cobra.Command{
		Use:   "check-server NAME|FILE",
		Short: "check a server and its file against the contract",
		Long: `check-server installs a server, boots it, requests everything that an app must
serve (docs/contract.md), checks the answers and the receipts strictly, stops
the server, reloads it under a light load, and compares the slots and the
watchdog that it measures with what the server's file claims. It takes about half
a minute for each profile, plus the time of a claimed watchdog, at most --patience.

NAME is a server, name/profile, name@version or name@path:DIR; FILE is a server
file of your own, and --server-cmd a server without a file. With --dry-run it lists
what is still to be filled in of a file that init server has written. "differs" means that the server does something that its file does not say
or that a better server would not do: a claim that differs, a request lost during
a reload, a large upload refused, honest work ended by the watchdog. It fails
nothing.

The exit code is 0, 5 if something could not be measured, or 10 if a check
failed; 2, 3, 4, 130 and 143 mean the same as for benchrun itself.`,
		Example:           "  benchrun check-server gunicorn\n  benchrun check-server my.yaml --profile default\n  benchrun check-server my.yaml --dry-run\n  benchrun check-server --server-cmd 'myserver --port {port} app:application'\n  benchrun check-server mod_wsgi --profile default --patience 10s",
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: completeServers,
		RunE: func(cmd *cobra.Command, args []string) error {
			wanted := checkserver.Wanted{Profiles: s.profiles, Drafts: s.dryRun}
			switch {
			case len(args) == 1 && s.own.line == "":
				wanted.What = args[0]
			case len(args) == 0 && s.own.line != "":
			default:
				return &bench.UsageError{Problem: "check-server wants one server, server file or --server-cmd", Hint: "see benchrun check-server --help"}
			}
			var err error
			if wanted.Command, err = s.command(); err != nil {
				return err
			}
			if wanted.Args, err = s.ownArgs(); err != nil {
				return err
			}
			wanted.Part = s.own.part()
			cells, err := checkserver.Cells(wanted)
			if err != nil {
				return err
			}
			return s.checkServer(cmd, checkserver.Order{Cells: cells, Python: s.python, Patience: patience})
		},
	}
	f := cmd.Flags()
	declare(f, "profile", &s.profiles, "unless given: default, hardened and equal8, or all if it has none of them")
	addOwnFlags(f, &s.own, false)
	declare(f, "patience", &patience)
	s.declare(f, "dry-run", "python", "port")
	completeFlags(cmd, &s)
	return cmd
}

func completeServers(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	reg, err := targets.Load(targets.DefaultLoadOptions(nil))
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveDefault
	}
	return reg.Names(), cobra.ShellCompDirectiveDefault // files as well
}

// checkServer checks targets, or prints what it would do.
func (s settings) checkServer(cmd *cobra.Command, order checkserver.Order) error {
	ctx, stderr := cmd.Context(), cmd.ErrOrStderr()
	patiently(ctx)
	if s.dryRun {
		return say(cmd, order.DryRun)
	}
	host, done, err := place.Enter(ctx, benchrunVersion(), s.port, report.ProgressTo(stderr).Note)
	if err != nil {
		return err
	}
	defer done()
	for _, note := range plan.AppNotes(order.Cells) {
		report.ProgressTo(stderr).Note(note)
	}
	// The status line must go before a table comes, so each target has its own display.
	return order.Run(ctx, host, cmd.OutOrStdout(), func() bench.Listener { return report.ProgressTo(stderr).Hear })
}
