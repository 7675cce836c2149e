package gate

import (
	"fmt"
	"slices"
	"strings"

	"benchrun/internal/bench"
)

// Selected is a cell of the selection, before or after it is measured.
type Selected struct {
	Name        string       // server/profile/scenario
	Family      bench.Family // without ID: not known
	Unsupported bool         // benchrun reports it before anything runs
}

// mostChecks is how many checks the rules may make of a run. All are kept in
// memory, and each may be printed.
const mostChecks = 200_000

// Resolve checks rules against the cells of a run. It returns a bench.UsageError for
// a rule that can never match, because it selects no cell or only cells to which its
// measure does not apply; for more than MostRules; and if rules and cells together
// make more than mostChecks.
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

// Applies says whether a measure can have a value in cells of a family. If not, a
// rule about it skips the cell. If so, a missing value means that it could not be
// measured. For an unknown family (no ID), every measure applies.
func Applies(measure string, f bench.Family) bool {
	if f.ID == "" {
		return true
	}
	if len(f.Mix) > 0 {
		return slices.ContainsFunc(f.Mix, func(p bench.Scenario) bool { return Applies(measure, p.Family) })
	}
	switch measure {
	case "reclaimed", "time_to_reclaim": // only of wedges: a slow client's slot becomes free by itself
		return f.Traits.HoldsSlot() && f.Traits.Proof.ByReceipt()
	case "slots", "watchdog":
		return f.Traits.HoldsSlot()
	case "memory_kept":
		return f.Traits.LeakBytes > 0
	case "leak_kept":
		return f.Traits.Leaks.Amount > 0
	case "time_to_replace":
		return f.Traits.Expects.BySignal()
	case "memory_per_fault", "fds_per_fault", "threads_per_fault":
		return f.Traits.Expects == bench.ExpectsRenewal || f.Traits.Vanishes
	case "close_wait_per_fault", "files_per_fault", "cpus_kept":
		return f.Traits.Vanishes
	case "idle_stop_time", "inflight_lost", "queued_lost", "backlog_reset":
		return f.Traits.Expects == bench.ExpectsEnd
	case "boot_attempts", "boot_cpu", "boot_log", "start_attempts", "start_cpu", "start_log":
		return f.Traits.Expects == bench.ExpectsRefusal
	case "supervisor_starts":
		return f.Traits.Expects == bench.ExpectsTakeover || f.Traits.Expects == bench.ExpectsRefusal
	case "time_to_serve_again", "dark_time", "orphans_left":
		return f.Traits.Expects == bench.ExpectsTakeover
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
