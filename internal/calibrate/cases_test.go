package calibrate

import (
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"benchrun/internal/bench"
	"benchrun/internal/campaign"
	"benchrun/internal/place"
	"benchrun/internal/plan"
	"benchrun/scenarios"
	"benchrun/targets"
)

func builtin(t *testing.T) *targets.Registry {
	t.Helper()
	reg, err := targets.Load(targets.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return reg
}

func cases(t *testing.T, words ...string) []Case {
	t.Helper()
	all, err := Cases(builtin(t), words)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Every family is held and failed, and every sabotage tried.
func TestEverythingIsCalibrated(t *testing.T) {
	all := cases(t)
	names := map[string]bool{}
	verdicts := map[string][]bench.Verdict{}
	for _, c := range all {
		if names[c.Cell.Name()] {
			t.Errorf("%s is run twice", c.Cell.Name())
		}
		names[c.Cell.Name()] = true
		verdicts[c.Cell.Scenario.Name()] = append(verdicts[c.Cell.Scenario.Name()], c.Expected)
		f := c.Cell.Scenario.Family
		planted := slices.IndexFunc(f.Planted(), func(p bench.Planted) bool { return p.Profile == c.Cell.Profile })
		if c.Planted != (planted >= 0) || !c.Planted && c.Cell.Profile != f.Sound {
			t.Errorf("%s: profile %s, planted %t", c.Cell.Name(), c.Cell.Profile, c.Planted)
		}
		caused := c.Cell.Scenario.Sabotage != "" || c.Planted && f.Planted()[planted].Shows != ""
		if caused != (c.Cause != "") {
			t.Errorf("%s: sabotage %q with cause %q", c.Cell.Name(), c.Cell.Scenario.Sabotage, c.Cause)
		}
	}
	for _, f := range scenarios.All() {
		want := append([]bench.Verdict{bench.Held}, slices.Repeat([]bench.Verdict{bench.Failed}, len(f.Planted()))...)
		if got := verdicts[f.Scenario().Name()]; !slices.Equal(got, want) {
			t.Errorf("%s: expected are %v", f.ID, got)
		}
	}
	nulls := map[bench.Proof]int{}
	for _, c := range all {
		if c.Null {
			f := c.Cell.Scenario.Family
			nulls[f.Traits.Proof]++
			if tr := f.Traits; c.Expected != bench.Held || !tr.Spares || !tr.MustComplete || tr.Contradiction() != "" || tr.Expects != "" {
				t.Errorf("%s: %s with the traits %+v", c.Cell.Name(), c.Expected, tr)
			}
		}
	}
	want := map[bench.Proof]int{bench.ProofReceipt: 1, bench.ProofBytes: 1, bench.ProofStay: 1, bench.ProofSent: 1, bench.ProofSignal: 5}
	if !maps.Equal(nulls, want) {
		t.Errorf("null faults are proved by %v, want %v", nulls, want)
	}
	for _, s := range bench.SabotageTable {
		tried := 0
		for _, c := range all {
			if c.Cell.Scenario.Sabotage == s.Sabotage {
				tried++
				if c.Expected != bench.Invalid || c.Cause != s.Cause {
					t.Errorf("%s must end in %s, %q", c.Cell.Name(), c.Expected, c.Cause)
				}
			}
		}
		if tried == 0 {
			t.Errorf("%s is never tried", s.Sabotage)
		}
	}
}

// The order is that of the tables, not that of the words.
func TestSelection(t *testing.T) {
	names := func(all []Case) []string {
		var out []string
		for _, c := range all {
			out = append(out, c.Cell.Name())
		}
		return out
	}
	want := []string{
		"reference/default/wedge-1pct", "reference/no-watchdog/wedge-1pct",
		"reference/default/segfault-1pct", "reference/no-respawn/segfault-1pct", "reference/forgets-two/segfault-1pct",
		"reference/default/wedge-1pct+dead-control", "reference/no-watchdog/wedge-1pct+dead-control",
	}
	if got := names(cases(t, "dead-control", "segfault", "wedge", "wedge")); !slices.Equal(got, want) {
		t.Errorf("selected %q, want %q", got, want)
	}
	short := names(cases(t, ShortWords()...))
	others := 0
	for _, f := range scenarios.All() {
		if f.Short == "" {
			others += 1 + len(f.Planted())
		}
	}
	if len(short) != len(names(cases(t)))-others {
		t.Errorf("the short selection is %q", short)
	}
	if got := Cells(cases(t, "wedge"), nothing); len(got) != 2 || got[1].Name() != want[1] {
		t.Errorf("cells %v", got)
	}
}

// nothing is what a machine offers that has no feature at all.
func nothing(bench.HostFeature) bool { return false }

// A cell that this machine cannot run is unsupported, in the dry run too.
func TestMachineThatLacksWhatAFamilyNeeds(t *testing.T) {
	pair := cases(t, "wedge")
	pair[1].Cell.Scenario.Family.Needs.Host = []bench.HostFeature{bench.HostMemoryLimit}
	cells := Cells(pair, nothing)
	if cells[0].Unsupported != "" || !strings.HasPrefix(cells[1].Unsupported, "this machine cannot") {
		t.Errorf("unsupported: %q, %q", cells[0].Unsupported, cells[1].Unsupported)
	}
	text, err := DryRun(t.Context(), &place.Host{}, pair, campaign.Order{Cells: cells, Mode: bench.ModeQuick, Attempts: 1, Seed: 1})
	if err != nil || !regexp.MustCompile(`default +held\n`).MatchString(text) || !regexp.MustCompile(`no-watchdog +unsupported: this machine cannot`).MatchString(text) {
		t.Errorf("%v\n%s", err, text)
	}
}

func TestUnknownWords(t *testing.T) {
	for word, hint := range map[string]string{
		"wegde": `"wedge"`, "dead-contol": `"dead-control"`, "page.md": "--write=page.md", "zzzzzzzz": "known: wedge",
	} {
		_, err := Cases(builtin(t), []string{word})
		var usage *bench.UsageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), hint) {
			t.Errorf("%s: %v, want a usage error with %s", word, err, hint)
		}
	}
}

// No selection of an ordinary run comes to a null fault.
func TestNullFaultsCannotBeSelected(t *testing.T) {
	for _, c := range cases(t, "null") {
		name := c.Cell.Scenario.Name()
		if cells, err := plan.Cells(builtin(t), plan.Selection{Servers: []string{"reference"}, Scenarios: []string{name}}); err == nil {
			t.Errorf("--scenario %s selects %v", name, cells)
		}
	}
}

// No selection of an ordinary run names a sabotage, or comes to one.
func TestSabotageCannotBeSelected(t *testing.T) {
	reg := builtin(t)
	for _, s := range bench.SabotageTable {
		for _, word := range []string{string(s.Sabotage), "wedge-1pct+" + string(s.Sabotage), "*+" + string(s.Sabotage)} {
			if cells, err := plan.Cells(reg, plan.Selection{Servers: []string{"reference"}, Scenarios: []string{word}}); err == nil {
				t.Errorf("--scenario %s selects %v", word, cells)
			}
		}
	}
	cells, err := plan.Cells(reg, plan.Selection{Servers: []string{"*"}, Profiles: []string{"*"}, Scenarios: []string{"*"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cells {
		if c.Scenario.Sabotage != "" {
			t.Errorf("%s is sabotaged", c.Name())
		}
	}
}
