package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"benchrun/internal/bench"
	"benchrun/internal/campaign"
	"benchrun/internal/ladder"
	"benchrun/internal/place"
	"benchrun/internal/plan"
	"benchrun/internal/stored"
	"benchrun/report"
	"benchrun/targets"
)

const ladderLong = `ladder finds the ratio of a family at which a server stops holding: "holds 1 %,
fails 2 %". It bisects the ratios that scenarios may have, so it measures about
four cells of nine, one after the other. Beside the answer it prints the theory:
the ratio up to which the slots last, if each fault holds one for so long.

It then finds the longest honest request that the same server serves. A watchdog
buys its ratio with this: a shorter one survives more faults and ends more work.
ladder sends a fresh launch one request that sleeps, longer or shorter by
bisection, up to the time by which the documented watchdog must have acted, at
most a minute; half a minute if no watchdog is documented. report.html has both
as a picture.

SERVER is server[/profile][@version], as for duel. A server without a profile uses
--profile, or hardened, or its only one; with --server-cmd, it need not be named.
A ratio that is invalid, or flaky because attempts disagree, says
nothing: ladder tries its neighbours, and names it if it lies between the two
answers. The cells are a run like any other, with ladder.json in its folder.

The exit code is 0 if there is an answer, and 5 if some ratio in between says
nothing or something could not be measured.`

const ladderExample = `  benchrun ladder gunicorn --scenario wedge
  benchrun ladder gunicorn/default@23.0.0 --scenario slow-upload --format markdown
  benchrun ladder waitress --scenario silent --dry-run
  benchrun ladder gunicorn --args '--timeout=1' --scenario wedge
  benchrun ladder --server-cmd 'myserver --port {port} app:application' --scenario wedge
  benchrun ladder --resume benchrun-out/20261121-140000-1a2b   # a ladder that was interrupted`

func newLadderCommand() *cobra.Command {
	s := newSettings()
	s.most = ladder.Most(len(bench.RatioLadder))
	profile := ""
	cmd := &cobra.Command{
		Use:               "ladder SERVER",
		Short:             "find the ratio at which a server stops holding",
		Long:              ladderLong,
		Example:           ladderExample,
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: completeServers,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch resumed := cmd.Flags().Changed("resume"); {
			case resumed && len(args) > 0:
				return &bench.UsageError{Problem: "ladder --resume and a server cannot be combined", Hint: "a run that is resumed stays what it was; leave the server out"}
			case !resumed && len(args) != 1 && (len(args) > 1 || s.own.line == ""):
				return &bench.UsageError{Problem: "ladder wants one server", Hint: "for example: benchrun ladder gunicorn --scenario wedge"}
			case !slices.Contains(report.LadderFormats, s.format):
				return &bench.UsageError{Problem: fmt.Sprintf("unknown --format %q of a ladder", s.format), Hint: bench.DidYouMean(s.format, report.LadderFormats)}
			}
			if err := s.takeUp(cmd.Context(), cmd.Flags()); err != nil {
				return err
			}
			if err := s.check(); err != nil {
				return err
			}
			rungs, err := s.rungs(args, profile)
			if err != nil {
				return err
			}
			return s.ladder(cmd, rungs)
		},
	}
	f := cmd.Flags()
	declare(f, "scenario", &s.scenarios, "here one family, without a ratio")
	declare(f, "profile", &profile, oneProfileNote("server"))
	addOwnFlags(f, &s.own, true)
	s.declare(f, "full", "attempts", "seed", "out")
	declare(f, "json", &s.jsonFile, "the content of ladder.json")
	declare(f, "format", &s.format, "here only table, markdown and json")
	s.declare(f, "progress", "dry-run", "python", "port", "resume", "reprobe")
	completeFlags(cmd, &s)
	return cmd
}

// rungs are the cells that the ladder may measure. A resumed run has its own.
func (s settings) rungs(args []string, profile string) ([]plan.Cell, error) {
	reg, err := s.registry()
	if err != nil {
		return nil, err
	}
	if s.earlier != nil {
		return plan.FromAsked(reg, *s.earlier.Run.Asked)
	}
	word := targets.CommandServer
	if len(args) > 0 {
		word = args[0]
	}
	cells, err := ladder.Cells(reg, word, profile, s.scenarios)
	if err == nil {
		err = s.commandUsed(cells)
	}
	if err != nil {
		return nil, err
	}
	return s.withOwn(reg, cells)
}

// ladder measures the rungs that it needs and prints the answer.
func (s settings) ladder(cmd *cobra.Command, rungs []plan.Cell) (err error) {
	rungs = plan.OnHost(rungs, place.HostHas(cmd.Context()))
	if why := rungs[0].Unsupported; why != "" {
		return bench.Usagef("%s is unsupported: %s", rungs[0].Name(), why)
	}
	if s.dryRun {
		if err := s.foretell(cmd, rungs, 1); err != nil {
			return err
		}
		return say(cmd, func(context.Context) (string, error) { return ladder.Foretell(rungs), nil })
	}
	out, err := s.readyOutlets(cmd) // before minutes are spent
	if err != nil {
		return err
	}
	order, err := s.resumable(cmd, rungs)
	if err != nil {
		return err
	}
	order.Asked.Ladder = true
	patiently(cmd.Context())
	made, err := order.Ladder(cmd.Context(), func(ctx context.Context, r *campaign.Run) (bench.Run, bench.Ladder, error) {
		return ladder.Climb(ctx, r, rungs, s.python)
	})
	return stored.FreshLadder(out, made.Run, made.Ladder, made.Folder, err)
}
