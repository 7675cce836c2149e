package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"benchrun/internal/bench"
	"benchrun/scenarios"
	"benchrun/targets"
)

func newListCommand() *cobra.Command {
	var files []string
	listings := map[string]func(io.Writer, *targets.Registry){
		"servers": listServers, "profiles": listProfiles, "scenarios": listScenarios, "measures": listMeasures,
	}
	names := []string{"servers", "profiles", "scenarios", "measures"}
	cmd := &cobra.Command{
		Use:       "list servers|profiles|scenarios|measures",
		Short:     "list servers, profiles, scenarios or measures",
		Example:   "  benchrun list servers\n  benchrun list scenarios",
		ValidArgs: names,
		Args:      cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &bench.UsageError{Problem: "list wants one of " + strings.Join(names, ", ")}
			}
			if listings[args[0]] == nil {
				return &bench.UsageError{Problem: fmt.Sprintf("list: no list of %q", args[0]), Hint: bench.DidYouMean(args[0], names)}
			}
			reg, err := targets.Load(targets.DefaultLoadOptions(files))
			if err != nil {
				return err
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 8, 2, ' ', 0)
			listings[args[0]](w, reg)
			return w.Flush()
		},
	}
	declare(cmd.Flags(), "server-file", &files)
	return cmd
}

func listServers(w io.Writer, reg *targets.Registry) {
	for _, name := range reg.Names() {
		s, err := reg.Lookup(name)
		if err != nil {
			continue // cannot happen: Names lists what Lookup knows
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", s.Name, s.Version, s.Title, strings.Join(s.ProfileNames(), " "))
	}
}

func listProfiles(w io.Writer, reg *targets.Registry) {
	for _, name := range reg.Names() {
		s, err := reg.Lookup(name)
		if err != nil {
			continue
		}
		for _, p := range s.ProfileNames() {
			if profile, err := s.Profile(p); err == nil {
				_, _ = fmt.Fprintf(w, "%s/%s\t%s\n", s.Name, p, strings.Join(strings.Fields(profile.Why), " "))
			}
		}
	}
}

func listScenarios(w io.Writer, _ *targets.Registry) {
	for _, f := range scenarios.All() {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", f.Scenario().Name(), f.Group, setsOf(f.Family), f.Title)
	}
	for _, s := range scenarios.Sets() {
		_, _ = fmt.Fprintf(w, "%s\tset\t\t%s\n", s.Name, s.Title)
	}
}

// setsOf names the sets that contain a family.
func setsOf(f bench.Family) string {
	var in []string
	for _, s := range scenarios.Sets() {
		if s.WhyOf(f.ID) != "" {
			in = append(in, s.Name)
		}
	}
	return strings.Join(in, " ")
}

func listMeasures(w io.Writer, _ *targets.Registry) {
	for _, m := range bench.MeasureTable {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s is better\t%s\n", m.Name, m.Unit, m.Better, m.Text)
	}
}
