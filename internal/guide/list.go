package guide

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"benchrun/internal/bench"
	"benchrun/scenarios"
	"benchrun/targets"
)

// Lists are what `benchrun list` can list.
var Lists = []string{"servers", "fronts", "supervisors", "profiles", "scenarios", "measures"}

// Listing finds the writer of a list.
func Listing(name string) (func(io.Writer, *targets.Registry) error, error) {
	list, ok := map[string]func(io.Writer, *targets.Registry){
		"servers": listServers, "fronts": listFronts, "supervisors": listSupervisors, "profiles": listProfiles, "scenarios": listScenarios, "measures": listMeasures,
	}[name]
	if !ok {
		return nil, &bench.UsageError{Problem: fmt.Sprintf("list: no list of %q", name), Hint: bench.DidYouMean(name, Lists)}
	}
	return func(w io.Writer, reg *targets.Registry) error {
		columns := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
		list(columns, reg)
		return columns.Flush()
	}, nil
}

// listServers writes name, version, kind of app, title and profiles.
func listServers(w io.Writer, reg *targets.Registry) {
	for _, name := range reg.Names() {
		s, err := reg.Lookup(name)
		if err != nil {
			continue // cannot happen: Names lists what Lookup knows
		}
		from := ""
		if !s.BuiltIn() {
			from = "\tfrom " + s.File
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s%s\n", s.Name, s.Version, s.App, s.Title, strings.Join(s.ProfileNames(), " "), from)
	}
}

func listFronts(w io.Writer, reg *targets.Registry) {
	for _, name := range reg.Fronts() {
		if f, err := reg.Front(name); err == nil {
			_, _ = fmt.Fprintf(w, "%s\t%s\t%s\n", f.Name, f.Title, f.Roles.Leader)
		}
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

// ProfileNames are the names that --profile can select, each as often as it is used.
func ProfileNames(reg *targets.Registry) []string {
	var out []string
	for _, name := range reg.Names() {
		if s, err := reg.Lookup(name); err == nil {
			out = append(out, s.ProfileNames()...)
		}
	}
	return out
}

// MixWords complete what is typed of a mix, "wedge=1%,seg": each family that it can still
// have, at that family's own ratio.
func MixWords(typed string) []string {
	before := typed[:strings.LastIndexByte(typed, ',')+1]
	has := map[string]bool{}
	for part := range strings.SplitSeq(before, ",") {
		family, _, _ := strings.Cut(part, "=")
		has[family] = true
	}
	var out []string
	for _, id := range scenarios.Mixable() {
		if f, ok := scenarios.Family(id); ok && !has[id] {
			out = append(out, fmt.Sprintf("%s%s=%g%%", before, id, f.Cadence.Share.Percent()))
		}
	}
	return out
}

// ScenarioNames are the names that --scenario can select.
func ScenarioNames() []string {
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
}
