package main

import (
	"github.com/spf13/cobra"

	"benchrun/internal/guide"
	"benchrun/report"
	"benchrun/targets"
)

// completeFlags lets the shell complete the values of those of these flags that the command
// has.
func completeFlags(cmd *cobra.Command, s *settings) {
	complete := func(flag string, words func() []string) {
		if cmd.Flags().Lookup(flag) == nil {
			return
		}
		err := cmd.RegisterFlagCompletionFunc(flag,
			func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
				return words(), cobra.ShellCompDirectiveNoFileComp
			})
		if err != nil {
			panic(err) // the flag has a completion already: a programming error
		}
	}
	known := func(words func(*targets.Registry) []string) func() []string {
		return func() []string {
			reg, err := s.registry()
			if err != nil {
				return nil
			}
			return words(reg)
		}
	}
	complete("server", known((*targets.Registry).Names))
	complete("front", targets.FrontNames)
	complete("supervisor", targets.SupervisorNames)
	complete("profile", known(guide.ProfileNames))
	complete("app-kind", targets.AppKinds)
	complete("scenario", guide.ScenarioNames)
	if cmd.Flags().Lookup("mix") != nil {
		err := cmd.RegisterFlagCompletionFunc("mix", func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
			return guide.MixWords(typed), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
		})
		if err != nil {
			panic(err) // as above
		}
	}
	complete("format", func() []string {
		if s.most > 0 {
			return report.LadderFormats
		}
		return report.Formats
	})
	complete("progress", func() []string { return report.ProgressNames })
}
