package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"benchrun/internal/bench"
	"benchrun/internal/guide"
)

func newExplainCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "explain WORD",
		Short: "explain a family, measure, verdict or flag",
		Long: `explain says what a word in benchrun's results means. For a family of
misbehaviour, it says why it matters, what a good server does, how large the
fault is, what is measured, where it was reported in public, and how to run it.`,
		Example:           "  benchrun explain wedge\n  benchrun explain time_to_collapse\n  benchrun explain flaky",
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: completeWords(guide.Words),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &bench.UsageError{Problem: "explain wants one word: a family, measure, verdict or flag", Hint: "see benchrun explain --help"}
			}
			text, err := guide.Explain(args[0])
			if err != nil {
				return err
			}
			if _, err := io.WriteString(cmd.OutOrStdout(), text); err != nil {
				return fmt.Errorf("stdout: %w", err)
			}
			return nil
		},
	}
}

// completeWords lets the shell complete a command's first argument.
func completeWords(words func() []string) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return words(), cobra.ShellCompDirectiveNoFileComp
	}
}
