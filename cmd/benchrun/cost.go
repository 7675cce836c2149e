package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"benchrun/internal/cost"
)

// newCostCommand is for scripts/cost: it measures what benchrun itself costs.
func newCostCommand() *cobra.Command {
	o := cost.Order{Benchrun: benchrunVersion()}
	var names strings.Builder
	for _, section := range cost.Sections() {
		fmt.Fprintf(&names, "\n  %-9s %s", section.Name, section.What)
	}
	cmd := &cobra.Command{
		Use:    "cost [NAME...]",
		Short:  "measure what benchrun itself costs",
		Long:   "cost measures what benchrun itself costs, all of it or by name:\n" + names.String(),
		Hidden: true,
		Args:   cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			patiently(cmd.Context())
			o.Names = args
			return o.Run(cmd.Context(), cmd.OutOrStdout(), func(text string) { _, _ = fmt.Fprintln(cmd.ErrOrStderr(), text) })
		},
	}
	declare(cmd.Flags(), "vegeta", &o.Rivals.Vegeta)
	declare(cmd.Flags(), "wrk", &o.Rivals.Wrk)
	declare(cmd.Flags(), "slowhttptest", &o.Rivals.SlowHTTPTest)
	declare(cmd.Flags(), "versions", &o.Versions)
	declare(cmd.Flags(), "write", &o.Write)
	return cmd
}
