package main

import (
	"github.com/spf13/cobra"

	"benchrun/internal/bench"
	"benchrun/internal/campaign"
	"benchrun/internal/place"
	"benchrun/internal/plan"
	"benchrun/internal/stored"
	"benchrun/report"
)

const duelLong = `duel compares two targets on this machine now. It alternates their attempts
(A B A B) and answers for each scenario whether B is worse than A, the same, or
better. A is the baseline: usually the last release, with B the next one.

A target is server[/profile][@version]. The version may be a release, a range such
as '>=23,<28' (its newest release), latest, previous (the newest release before the
one that benchrun knows), or path:DIR, a checkout, which benchrun installs as it is
into an environment of its own. A target without a profile uses --profile, or
hardened, or its only one.

B is worse if it does not hold where A holds, or if it loses more of each
second's victims than A, by more than 2 % in the median of all seconds. A
difference must repeat in another pair. If A does not hold either, nobody can
tell whether B is worse, and the answer is invalid.

The exit code is 0 if B is worse in no scenario, 10 if it is in some, and 5 if
an answer is invalid.`

const duelExample = `  benchrun duel gunicorn@previous gunicorn --scenario wedge,segfault
  benchrun duel gunicorn gunicorn@path:../gunicorn --profile hardened
  benchrun duel gunicorn/default gunicorn/hardened --scenario 'wedge-*'
  benchrun duel gunicorn gunicorn --args '' --args '--timeout=1' -c legit-slow   # A's flags, B's flags
  benchrun duel gunicorn gunicorn+nginx -c slow-upload   # what a front mends
  benchrun duel gunicorn custom --server-cmd 'myserver --port {port} app:application' -c wedge`

func newDuelCommand() *cobra.Command {
	s := newSettings()
	s.attempts = 1
	profile, pairs := "", 2
	cmd := &cobra.Command{
		Use:               "duel A B",
		Short:             "find out whether target B is worse than target A",
		Long:              duelLong,
		Example:           duelExample,
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: completeServers,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 {
				return &bench.UsageError{Problem: "duel wants two targets", Hint: "for example: benchrun duel gunicorn@previous gunicorn"}
			}
			if err := campaign.CheckPairs(pairs); err != nil {
				return err
			}
			if err := s.check(); err != nil {
				return err
			}
			return s.duel(cmd, args[0], args[1], profile, pairs)
		},
	}
	f := cmd.Flags()
	s.declare(f, "scenario", "mix")
	declare(f, "profile", &profile, oneProfileNote("target"))
	declare(f, "pairs", &pairs)
	addOwnFlags(f, &s.own, true, "once: for both targets; twice: for A and for B")
	s.declare(f, "full", "seed", "out")
	declare(f, "json", &s.jsonFile, "the content of duel.json; on stdout instead of the table")
	declare(f, "junit", &s.junitFile, "a test for each scenario, which fails where B is worse")
	s.declare(f, "progress", "dry-run", "jobs", "python", "port", "reprobe")
	completeFlags(cmd, &s)
	return cmd
}

// duel resolves both targets, measures them and prints the answers.
func (s settings) duel(cmd *cobra.Command, wordA, wordB, profile string, pairs int) error {
	reg, err := s.registry()
	if err != nil {
		return err
	}
	scens, err := s.allScenarios()
	if err != nil {
		return err
	}
	cells, err := plan.DuelCells(reg, wordA, wordB, profile, scens)
	if err == nil {
		cells, err = s.own.part().With(reg, cells)
	}
	if err == nil {
		cells, err = plan.WithArgsOfSides(cells, s.own.args)
	}
	if err != nil {
		return err
	}
	if err := s.commandUsed(cells); err != nil {
		return err
	}
	cells = plan.Paired(plan.OnHost(cells, place.HostHas(cmd.Context())))
	if cells[0].SameTarget(cells[1]) {
		report.Lines(cmd.ErrOrStderr(), []string{report.SameTarget})
	}
	if s.dryRun {
		return s.foretell(cmd, cells, 2)
	}
	out, err := s.readyOutlets(cmd) // before minutes are spent
	if err != nil {
		return err
	}
	s.attempts = pairs
	patiently(cmd.Context())
	made, err := s.live(cmd, cells).Duel(cmd.Context())
	return stored.FreshDuel(out, made.Run, made.Duel, made.Folder, err)
}
