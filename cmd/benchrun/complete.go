package main

import (
	"github.com/spf13/cobra"

	"benchrun/internal/bench"
	"benchrun/report"
	"benchrun/scenarios"
	"benchrun/targets"
)

// completeFlags lets the shell complete the values of those of these flags that the command
// has.
func completeFlags(cmd *cobra.Command, s *settings) {
	registry := func() *targets.Registry {
		reg, err := targets.Load(targets.DefaultLoadOptions(s.serverFiles))
		if err != nil {
			return nil
		}
		return reg
	}
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
	complete("server", func() []string {
		if reg := registry(); reg != nil {
			return reg.Names()
		}
		return nil
	})
	complete("profile", func() []string {
		var out []string
		if reg := registry(); reg != nil {
			for _, name := range reg.Names() {
				if srv, err := reg.Lookup(name); err == nil {
					out = append(out, srv.ProfileNames()...)
				}
			}
		}
		return out
	})
	complete("scenario", func() []string {
		var out []string
		for _, s := range scenarios.Sets() {
			out = append(out, s.Name)
		}
		for _, f := range scenarios.All() {
			if f.Cadence.Share == 0 {
				out = append(out, f.Scenario().Name())
				continue
			}
			for _, r := range bench.RatioLadder {
				out = append(out, bench.Scenario{Family: f.Family, Ratio: r}.Name())
			}
		}
		return out
	})
	complete("format", func() []string { return report.Formats })
	complete("progress", func() []string { return report.ProgressNames })
}
