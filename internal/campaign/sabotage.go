package campaign

import (
	"strings"

	"benchrun/internal/bench"
)

// sabotageSeen says that an invalid attempt is invalid for its sabotage, and
// need not be made again.
func sabotageSeen(s bench.Sabotage, j bench.Judgement) bool {
	spec, ok := bench.SabotageByName(string(s))
	return ok && j.Verdict == bench.Invalid && strings.Contains(strings.Join(j.Reasons, "\n"), spec.Cause)
}
