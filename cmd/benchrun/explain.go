package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"benchrun/internal/bench"
	"benchrun/internal/guide"
)

func newExplainCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "explain WORD",
		Short: "explain a word of a report, a family, a server or a kind of app",
		Long: `explain says what a word in benchrun's results means. For a family of
misbehaviour, it says why it matters, what a good server does, how large the
fault is, what is measured, where it was reported in public, and how to run it.
For a word by which people report such trouble, such as slowloris or deadlock,
it names the families that reproduce it. For a kind of app, such as rack, it says
what a server gets of it and which families it does not support; for a server, what
its profiles are.`,
		Example:           "  benchrun explain wedge\n  benchrun explain slowloris\n  benchrun explain time_to_collapse\n  benchrun explain blast radius\n  benchrun explain rack",
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: completeWords(guide.Words),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return &bench.UsageError{Problem: "explain wants a word: a family, measure, verdict, flag or other word of a report", Hint: "see benchrun explain --help"}
			}
			return say(cmd, func(context.Context) (string, error) {
				text, err := guide.Explain(strings.Join(args, " "))
				if c, rest, missing := cmd.Root().Find(args); err != nil && missing == nil && c.HasParent() && !c.Hidden && len(rest) == 0 {
					return guide.ExplainCommand(c.Name(), c.Short), nil
				}
				return text, err
			})
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
