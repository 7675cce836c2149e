package main

import (
	"github.com/spf13/cobra"

	"benchrun/internal/bench"
	"benchrun/internal/stored"
	"benchrun/report"
)

func newMergeCommand() *cobra.Command {
	s := newSettings()
	var anyway bool
	cmd := &cobra.Command{
		Use:   "merge RUN...",
		Short: "merge several runs of one machine into one",
		Long: `merge creates a new run's folder from the folders of several runs: their cells
with their records, and a report.html of all of them. If a cell was measured more
than once, merge keeps the latest as it is and averages nothing; an invalid cell
never replaces a measured one. A cell whose record is damaged is invalid, and the
exit code is 5. If a cell is invalid for another reason, it is 5 only with a rule,
--baseline or --strict, and otherwise 0.

merge refuses runs that were not measured alike, because they belong in different
tables: with another mode, testbed, kernel, benchrun, supervision, Python or
limits. --anyway merges them; every report then says what differs in which run,
and each cell of run.json says where it was measured.`,
		Example: "  benchrun merge benchrun-out/20261121-*\n  benchrun merge monday tuesday --out published --format matrix",
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return &bench.UsageError{Problem: "merge wants the folders of some runs", Hint: "see benchrun merge --help"}
			}
			if err := s.check(); err != nil {
				return err
			}
			out, err := s.readyOutlets(cmd)
			if err != nil {
				return err
			}
			merged, err := stored.Merged(cmd.Context(), anyway, args)
			if err != nil {
				return err
			}
			gate, err := s.resolveGate(cmd.Context(), cmd.ErrOrStderr(), stored.Selected(merged), like(merged)) // before anything is written
			if err != nil {
				return err
			}
			j, err := stored.Merge(cmd.Context(), s.out, anyway, args)
			if err != nil {
				return err
			}
			report.Damaged(cmd.ErrOrStderr(), j.Damaged)
			return stored.Delivery{Run: j.Run, Folder: j.Folder.Path(), Gate: gate, Damaged: j.Damaged}.Again(out)
		},
	}
	s.declare(cmd.Flags(), "out")
	declare(cmd.Flags(), "anyway", &anyway)
	addPrintFlags(cmd.Flags(), &s)
	completeFlags(cmd, &s)
	return cmd
}
