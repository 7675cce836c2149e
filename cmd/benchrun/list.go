package main

import (
	"strings"

	"github.com/spf13/cobra"

	"benchrun/internal/bench"
	"benchrun/internal/guide"
	"benchrun/targets"
)

func newListCommand() *cobra.Command {
	var files []string
	cmd := &cobra.Command{
		Use:       "list servers|fronts|supervisors|profiles|scenarios|measures",
		Short:     "list servers, fronts, supervisors, profiles, scenarios or measures",
		Example:   "  benchrun list servers\n  benchrun list scenarios",
		ValidArgs: guide.Lists,
		Args:      cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &bench.UsageError{Problem: "list wants one of " + strings.Join(guide.Lists, ", ")}
			}
			list, err := guide.Listing(args[0])
			if err != nil {
				return err
			}
			reg, err := targets.Load(targets.DefaultLoadOptions(files))
			if err != nil {
				return err
			}
			return list(cmd.OutOrStdout(), reg)
		},
	}
	declare(cmd.Flags(), "server-file", &files)
	return cmd
}
