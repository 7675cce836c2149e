package attempt

import (
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/plan"
)

// servedAgain says whether, of the victims that were due in the second which
// ended plan.AgeingGrace ago, all but 2 % have been served. Taking many slots at once
// is work that an hour would have spread out; its aftermath is not part of the
// fault. It may begin late, so no victim counts that was due before all were taken.
func servedAgain(samples []bench.Sample, taken, now int64, rate int) bool {
	to := now - int64(plan.AgeingGrace)
	if to-int64(time.Second) < taken {
		return false
	}
	served := 0
	for _, s := range samples {
		if s.Role == bench.RoleVictim && s.Outcome == bench.OK && s.Due >= to-int64(time.Second) && s.Due < to {
			served++
		}
	}
	return served*100 >= rate*98
}
