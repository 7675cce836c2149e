package gate

import (
	"fmt"
	"strings"

	"benchrun/internal/bench"
)

// Selected is a cell that is about to be measured, or was.
type Selected struct {
	Name        string       // server/profile/scenario
	Family      bench.Family // without ID: not known
	Unsupported bool         // said before anything runs
}

// mostChecks is how many checks rules may make of a run: each of them is held,
// and may be told.
const mostChecks = 200_000

// Resolve checks rules against the cells of a run. A rule that selects no cell,
// or only cells that its measure says nothing about, can never match: a
// bench.UsageError names it. It is one too where there are more than MostRules, or
// together with the cells more checks than anybody can look at.
func Resolve(rules []Rule, cells []Selected) error {
	switch {
	case len(rules) > MostRules:
		return tooManyRules(rules[MostRules].Place)
	case len(rules)*len(cells) > mostChecks:
		return &bench.UsageError{
			Problem: fmt.Sprintf("%d rules about %d cells are more than %d checks", len(rules), len(cells), mostChecks),
			Hint:    "write one rule with globs for many cells",
		}
	}
	for _, r := range rules {
		selected, supported, telling := 0, 0, 0
		for _, c := range cells {
			if !r.Selects(c.Name) {
				continue
			}
			selected++
			if c.Unsupported {
				continue
			}
			supported++
			if Applies(r.Measure, c.Family) {
				telling++
			}
		}
		switch {
		case selected == 0:
			return r.errorf("it selects no cell of this run", "the run has "+someNames(cells))
		case supported == 0:
			return r.errorf("every cell that it selects is unsupported", "")
		case telling == 0:
			return r.errorf(fmt.Sprintf("%s is not measured in any cell that it selects", r.Measure),
				"benchrun list measures says what each is about")
		}
	}
	return nil
}

// Applies says whether a measure tells anything about cells of a family. Where
// it does not, a rule about it skips the cell; where it does, a missing figure
// is one that could not be measured. Of a family that is not known (no ID) every
// measure may tell.
func Applies(measure string, f bench.Family) bool {
	if f.ID == "" {
		return true
	}
	switch measure {
	case "reclaimed", "time_to_reclaim": // of wedges: a slow client's slot comes back by itself
		return f.Traits.HoldsSlot() && f.Traits.Proof.ByReceipt()
	case "slots", "watchdog":
		return f.Traits.HoldsSlot()
	case "memory_kept":
		return f.Traits.LeakBytes > 0
	case "time_to_replace", "memory_per_fault", "fds_per_fault", "threads_per_fault":
		return f.Traits.Expects == bench.ExpectsRenewal
	case "honest_lost":
		return f.Traits.MustComplete
	}
	return true
}

func someNames(cells []Selected) string {
	const some = 3
	var names []string
	seen := map[string]bool{}
	for _, c := range cells {
		if !seen[c.Name] {
			seen[c.Name], names = true, append(names, c.Name)
		}
	}
	text := strings.Join(names[:min(some, len(names))], ", ")
	if len(names) > some {
		text += fmt.Sprintf(" and %d more", len(names)-some)
	}
	return text
}
