package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"benchrun/internal/bench"
	"benchrun/internal/gate"
	"benchrun/internal/stored"
	"benchrun/report"
	"benchrun/results"
)

func newWaiversCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "waivers",
		Short: "maintain the file of results that are expected for now",
		Args:  cobra.ArbitraryArgs,
		RunE: func(*cobra.Command, []string) error {
			return &bench.UsageError{Problem: "waivers wants a command: update", Hint: "see benchrun waivers --help"}
		},
	}
	cmd.AddCommand(newWaiversUpdateCommand())
	return cmd
}

func newWaiversUpdateCommand() *cobra.Command {
	d := newDemands()
	file := "benchrun.waivers.yaml"
	cmd := &cobra.Command{
		Use:   "update RUN",
		Short: "draft waivers for the rules that a run breaks",
		Long: `update adds an entry to the file of waivers for each cell of the run (a folder
or a run.json) that breaks a rule of --fail-on or --gate; without rules, for each
cell that did not hold. An entry is good for ` + fmt.Sprint(gate.DraftDays) + ` days. It is a draft: it waives nothing
until you write its reason: why you expect this result.

update changes nothing else in the file, not even comments. It lists entries that
expected another result and entries that have expired: only a person can say
whether they are still right.`,
		Example: "  benchrun waivers update benchrun-out/20261121-120000-3fa9\n  benchrun waivers update benchrun-out/20261121-120000-3fa9 --file ci/waivers.yaml --gate ci/gate.txt",
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) != 1:
				return &bench.UsageError{Problem: "update wants one run", Hint: "see benchrun waivers update --help"}
			case file == "":
				return bench.Usagef("--file is empty")
			}
			run, err := results.ReadEnded(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			draft, err := d.Draft(file, run, stored.Selected(run), time.Now())
			if err != nil {
				return err
			}
			for _, line := range draft.Lines(file) {
				if _, err := fmt.Fprintln(cmd.OutOrStdout(), report.Clean(line)); err != nil {
					return fmt.Errorf("stdout: %w", err)
				}
			}
			return nil
		},
	}
	declare(cmd.Flags(), "file", &file)
	addRuleFlags(cmd.Flags(), &d)
	return cmd
}
