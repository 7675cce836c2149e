package campaign

import (
	"strings"

	"benchrun/internal/bench"
)

// sabotageSeen says that an attempt is invalid because of its sabotage, so it need
// not be repeated.
func sabotageSeen(s bench.Sabotage, j bench.Judgement) bool {
	spec, ok := bench.SabotageByName(string(s))
	return ok && j.Verdict == bench.Invalid && strings.Contains(strings.Join(j.Reasons, "\n"), spec.Cause)
}
