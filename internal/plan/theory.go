package plan

import (
	"benchrun/internal/bench"
)

// Survives solves R·p·τ < C for p: below that ratio, in percent, a target survives the hour
// that an attempt stands for. slots is C, and hold is τ in seconds, 0 = nothing is known to
// end the fault. ok is false if the family holds no slot, the pool's end is not known,
// the faults cannot hold so many slots at once, or not each of them holds one.
func Survives(f bench.Family, p bench.Probe, rate int) (slots int, hold, below float64, ok bool) {
	tau := holdTime(f, p)
	if tau == 0 || p.Slots == 0 || p.Unbounded || rate <= 0 || f.Traits.Fewer(p.Slots) || f.Traits.Free > 0 {
		return 0, 0, 0, false
	}
	below = 100 * float64(p.Slots) / (float64(rate) * min(tau, bench.Horizon).Seconds())
	return p.Slots, finite(tau).Seconds(), below, true
}
