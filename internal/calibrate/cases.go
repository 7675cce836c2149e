package calibrate

import (
	"fmt"
	"slices"
	"strings"

	"benchrun/internal/bench"
	"benchrun/internal/plan"
	"benchrun/scenarios"
	"benchrun/targets"
)

// Case is a cell whose verdict is known.
type Case struct {
	Cell     plan.Cell
	Planted  bool // the cell's profile has a flaw that the family must find
	Null     bool // the fault does nothing
	Expected bench.Verdict
	Cause    string // what a reason must say besides; "" = nothing
}

// nullWord selects the null faults.
const nullWord = "null"

// Words lists what Cases can be asked for: families, the null faults, then sabotages.
func Words() []string {
	var words []string
	for _, f := range scenarios.All() {
		words = append(words, f.ID)
	}
	words = append(words, nullWord)
	for _, s := range bench.SabotageTable {
		words = append(words, string(s.Sabotage))
	}
	return words
}

// ShortWords are what the selection for every day consists of.
func ShortWords() []string {
	words := append(scenarios.Short(), nullWord)
	for _, s := range bench.SabotageTable {
		words = append(words, string(s.Sabotage))
	}
	return words
}

// ShortReasons says, for --help, why the selection for every day has its families.
func ShortReasons() string {
	var b strings.Builder
	for _, f := range scenarios.All() {
		if f.Short != "" {
			fmt.Fprintf(&b, "  %-12s %s\n", f.ID, f.Short)
		}
	}
	return b.String()
}

// Cases are those of the families and sabotages named; of all, where none is.
// They come in a fixed order, whatever that of the words: each family's sound
// server and its flawed servers, the null faults, then the sabotages. An unknown word is a
// bench.UsageError that suggests the nearest.
func Cases(reg *targets.Registry, words []string) ([]Case, error) {
	known := Words()
	if len(words) == 0 {
		words = known
	}
	for _, w := range words {
		if !slices.Contains(known, w) {
			return nil, unknown(w, known)
		}
	}
	var cases []Case
	add := func(f bench.Family, s bench.Sabotage, flaws ...bench.Planted) error {
		sound, err := newCase(reg, f, s, f.Sound)
		cases = append(cases, sound)
		for _, flaw := range flaws {
			if err != nil {
				return err
			}
			var c Case
			c, err = newCase(reg, f, s, flaw.Profile)
			if c.Planted = true; s == "" {
				c.Expected, c.Cause = bench.Failed, flaw.Shows
			}
			cases = append(cases, c)
		}
		return err
	}
	for _, f := range scenarios.All() {
		if !slices.Contains(words, f.ID) {
			continue
		}
		if err := add(f.Family, "", f.Planted()...); err != nil {
			return nil, err
		}
	}
	if slices.Contains(words, nullWord) {
		nulls, err := nullCases(reg)
		if err != nil {
			return nil, err
		}
		cases = append(cases, nulls...)
	}
	for _, s := range bench.SabotageTable {
		if !slices.Contains(words, string(s.Sabotage)) {
			continue
		}
		for _, f := range scenarios.All() {
			if !slices.Contains(f.Sabotages, s.Sabotage) {
				continue
			}
			var flaws []bench.Planted
			if s.OnFlaw {
				flaws = f.Planted()[:1]
			}
			if err := add(f.Family, s.Sabotage, flaws...); err != nil {
				return nil, err
			}
		}
	}
	return cases, nil
}

// nullCases are the cells of the null faults, on the sound server. No selection has them.
func nullCases(reg *targets.Registry) ([]Case, error) {
	server, err := reg.Lookup(bench.ReferenceServer)
	if err != nil {
		return nil, fmt.Errorf("null faults: %w", err)
	}
	var cases []Case
	for _, f := range scenarios.Nulls() {
		cases = append(cases, Case{
			Cell: plan.Cell{Server: server, Profile: f.Sound, Scenario: f.Scenario()},
			Null: true, Expected: bench.Held,
		})
	}
	return cases, nil
}

// newCase is the cell of a family on a profile, which must be held unless it is sabotaged.
func newCase(reg *targets.Registry, f bench.Family, s bench.Sabotage, profile string) (Case, error) {
	c := Case{Expected: bench.Held}
	cells, err := plan.Cells(reg, plan.Selection{
		Servers: []string{bench.ReferenceServer}, Profiles: []string{profile}, Scenarios: []string{f.ID},
	})
	if err != nil {
		return c, fmt.Errorf("family %s: %w", f.ID, err)
	}
	if len(cells) != 1 || cells[0].Unsupported != "" {
		return c, fmt.Errorf("family %s: %d cells on profile %s of the reference server where there is one", f.ID, len(cells), profile)
	}
	c.Cell = cells[0]
	if spec, ok := bench.SabotageByName(string(s)); ok {
		c.Cell.Scenario.Sabotage, c.Expected, c.Cause = s, bench.Invalid, spec.Cause
	}
	return c, nil
}

func unknown(word string, known []string) error {
	e := &bench.UsageError{
		Problem: fmt.Sprintf("%q is not a family, a sabotage or %q", word, nullWord),
		Hint:    bench.DidYouMean(word, known),
	}
	if strings.ContainsAny(word, "./") {
		e.Hint = "a file is named with '=': --write=" + word
	}
	return e
}

// Cells are those of the cases, in their order. has says what the machine offers:
// a cell that needs more is unsupported.
func Cells(cases []Case, has func(bench.HostFeature) bool) []plan.Cell {
	cells := make([]plan.Cell, len(cases))
	for i, c := range cases {
		cells[i] = c.Cell
	}
	return plan.OnHost(cells, has)
}
