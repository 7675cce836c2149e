package main

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"benchrun/internal/bench"
	"benchrun/internal/stored"
	"benchrun/report"
)

func newJudgeCommand() *cobra.Command {
	s := newSettings()
	var htmlFile string
	cmd := &cobra.Command{
		Use:   "judge RUN",
		Short: "judge a stored run again, from its records alone",
		Long: `judge reads the records of a run's folder and reaches the verdicts and measures
again. It runs nothing and changes nothing in the folder. It says where the
result differs from the folder's run.json; with the same benchrun, nothing does.

A cell whose record is damaged is invalid; judge judges the others, and the exit
code is 5. A cell that is invalid for another reason was so before: the exit code
is 5 only with a rule, --baseline or --strict, and otherwise 0.

If the run was killed, judge also judges the attempts of its last cell. If the run
is still in progress, it judges what there is so far.`,
		Example: "  benchrun judge benchrun-out/20261121-120000-3fa9\n  benchrun judge benchrun-out/20261121-120000-3fa9 --format csv > cells.csv\n  benchrun judge benchrun-out/20261121-120000-3fa9 --gate gate.txt --waivers benchrun.waivers.yaml\n  benchrun judge benchrun-out/20261121-120000-3fa9 --baseline benchrun-out/last-release",
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &bench.UsageError{Problem: "judge wants the folder of one run", Hint: "see benchrun judge --help"}
			}
			if err := s.check(); err != nil {
				return err
			}
			out, err := s.readyOutlets(cmd)
			if err != nil {
				return err
			}
			judged, err := stored.Judge(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			for _, n := range judged.Notes {
				_, _ = fmt.Fprintln(cmd.ErrOrStderr(), report.Clean(n))
			}
			report.Damaged(cmd.ErrOrStderr(), judged.Damaged)
			if htmlFile != "" {
				if err := report.WriteFile("--html", htmlFile, judged.Draw(cmd.Context(), filepath.Dir(htmlFile))); err != nil {
					return err
				}
			}
			gate, err := s.resolveGate(cmd.Context(), cmd.ErrOrStderr(), stored.Selected(judged.Run), like(judged.Run))
			if err != nil {
				return err
			}
			return judged.Delivery(gate).Again(out)
		},
	}
	addPrintFlags(cmd.Flags(), &s)
	declare(cmd.Flags(), "html", &htmlFile)
	completeFlags(cmd, &s)
	return cmd
}
