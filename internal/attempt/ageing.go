package attempt

import (
	"time"

	"benchrun/internal/bench"
)

// servedAgain says whether, of the victims that were due in the second which
// ended ageingGrace ago, all but 2 % have been served. Taking many slots at once
// is work that an hour would have spread out; its aftermath is not part of the
// fault.
func servedAgain(samples []bench.Sample, now int64, rate int) bool {
	to := now - int64(ageingGrace)
	served := 0
	for _, s := range samples {
		if s.Role == bench.RoleVictim && s.Outcome == bench.OK && s.Due >= to-int64(time.Second) && s.Due < to {
			served++
		}
	}
	return served*100 >= rate*98
}

// ageingGrace is what a victim gets to be answered before servedAgain misses it.
const ageingGrace = 300 * time.Millisecond
