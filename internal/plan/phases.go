package plan

import (
	"time"

	"benchrun/internal/bench"
)

// Phases are those of a family's attempts, with faults that hold their slot for
// tau. Where workers are to be replaced, the recovery is long enough to see whether
// they were: it ends when that is known, but not before the usual time.
func Phases(mode bench.Mode, f bench.Family, tau time.Duration, claims bench.Claims) bench.Phases {
	p := bench.PhasesFor(mode, Finite(tau), bench.Seconds(claims.Grace))
	if f.Traits.Expects == bench.ExpectsRenewal {
		p.Recovery = max(p.Recovery, bench.RenewalLimit(claims)+time.Second)
	}
	return p
}
