package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"benchrun/internal/bench"
	"benchrun/internal/judge"
	"benchrun/results"
)

func newJudgeCommand() *cobra.Command {
	var s settings
	cmd := &cobra.Command{
		Use:   "judge RUN",
		Short: "judge a stored run again, from its records alone",
		Long: `judge reads the records of a run's folder and reaches the verdicts and measures
again. Nothing is run and nothing in the folder is changed. It says where the
outcome differs from what the run's own run.json holds: with the same benchrun
there is no difference.`,
		Example: "  benchrun judge benchrun-out/20261121-120000-3fa9\n  benchrun judge --json - RUN | jq '.cells[].verdict'\n  benchrun judge RUN --gate gate.txt",
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &bench.UsageError{Problem: "judge wants the folder of one run", Hint: "see benchrun judge --help"}
			}
			if err := s.check(); err != nil {
				return err
			}
			if err := s.prepareFiles(); err != nil {
				return err
			}
			run, differences, err := judgeAgain(args[0])
			if err != nil {
				return err
			}
			for _, d := range differences {
				_, _ = fmt.Fprintln(cmd.ErrOrStderr(), "differs:", d)
			}
			rules, err := s.gate.rules(measuredCells(run))
			if err != nil {
				return err
			}
			var broke error
			if run.Interrupted {
				broke = errors.New("it was interrupted")
			}
			return s.deliverStored(cmd, run, strings.TrimSuffix(args[0], "/"+results.RunFile), rules, broke)
		},
	}
	s.attempts, s.out = 1, "-"
	addPrintFlags(cmd.Flags(), &s)
	completeFlags(cmd, &s)
	return cmd
}

// judgeAgain gives the run with verdicts, reasons, flags and measures taken
// from its records, and where they differ from what was stored.
func judgeAgain(path string) (bench.Run, []string, error) {
	folder, err := results.OpenFolder(path)
	if err != nil {
		return bench.Run{}, nil, err
	}
	run, err := results.ReadRun(folder.Path())
	if err != nil {
		return bench.Run{}, nil, err
	}
	var differences []string
	for i := range run.Cells {
		cell := &run.Cells[i]
		if len(cell.Attempts) == 0 { // unsupported, or never installed: there is nothing to judge
			continue
		}
		was := *cell
		judged := make([]bench.Judgement, len(cell.Attempts))
		for j, a := range cell.Attempts {
			rec, err := folder.ReadRecord(a.Record)
			if err != nil {
				return bench.Run{}, nil, err
			}
			judged[j] = judge.Judge(rec)
		}
		judge.Conclude(cell, judged)
		differences = append(differences, judge.Differences(was, *cell)...)
	}
	return run, differences, nil
}
