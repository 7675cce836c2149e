package ladder

import (
	"fmt"
	"strings"

	"benchrun/internal/bench"
	"benchrun/internal/plan"
	"benchrun/scenarios"
	"benchrun/targets"
)

// Cells are the rungs: a target, "server[/profile][@version]", under each ratio of a
// family, ascending.
func Cells(reg *targets.Registry, target, profile string, families []string) ([]plan.Cell, error) {
	family, err := one(families)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, r := range bench.RatioLadder {
		names = append(names, bench.Scenario{Family: family, Ratio: r}.Name())
	}
	return plan.TargetCells(reg, target, profile, names)
}

// one is the family that was named, which must have ratios.
func one(words []string) (bench.Family, error) {
	var known []string
	for _, f := range scenarios.All() {
		if f.Cadence.Share != 0 {
			known = append(known, f.ID)
		}
	}
	if len(words) != 1 || strings.Contains(words[0], ",") {
		return bench.Family{}, &bench.UsageError{Problem: "ladder wants one family", Hint: "for example: --scenario " + known[0]}
	}
	word := words[0]
	family, ok := scenarios.Family(word)
	switch {
	case ok && family.Cadence.Share == 0:
		return bench.Family{}, bench.Usagef("%s has no ratios: its faults are not a share of the requests", word)
	case ok && family.Fixed:
		return bench.Family{}, bench.Usagef("%s has no ratios: each of its families has its own share", word)
	case ok:
		return family, nil
	}
	for _, id := range known {
		if ratio, cut := strings.CutPrefix(word, id+"-"); cut {
			if _, err := bench.ParseRatio(ratio); err == nil {
				return bench.Family{}, &bench.UsageError{Problem: fmt.Sprintf("%s is one ratio, and a ladder tries several", word), Hint: "write --scenario " + id}
			}
		}
	}
	return bench.Family{}, &bench.UsageError{Problem: fmt.Sprintf("unknown family %q", word), Hint: scenarios.FamilyHint(word, known)}
}
