package campaign

import (
	"maps"
	"sync"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/campaign/pack"
	"benchrun/internal/plan"
)

// pace compares how long attempts took with their estimates. An invalid attempt
// takes time and gives no result, so it slows the pace.
type pace struct{ foreseen, took time.Duration }

// paceTrust is how much estimated time must have passed before the observed pace
// weighs as much as the estimate: one bad attempt says little about a long run.
const paceTrust = time.Minute

// paceMemory is how many attempts the pace remembers, about: a machine that was busy
// may be quiet now.
const paceMemory = 20

// count includes an attempt.
func (p *pace) count(verdict bench.Verdict, foreseen, took time.Duration) {
	p.took -= p.took / paceMemory
	p.foreseen -= p.foreseen / paceMemory
	p.took += took
	if verdict != bench.Invalid {
		p.foreseen += foreseen
	}
}

// of is how long something estimated at d takes at this pace.
func (p *pace) of(d time.Duration) time.Duration {
	return time.Duration(float64(d) * float64(p.took+paceTrust) / float64(p.foreseen+paceTrust))
}

// forecast estimates how long a run still takes: what its pool expects, at the pace so
// far. It is safe for concurrent use. Without a pool it knows nothing.
type forecast struct {
	mu    sync.Mutex
	pace  pace
	pool  *pack.Pool
	later time.Duration // what comes after the pool's tasks is expected to take so long
}

// made includes an attempt that was estimated at foreseen.
func (f *forecast) made(verdict bench.Verdict, foreseen, took time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pace.count(verdict, foreseen, took)
}

// takes says that a task takes d, counted from its start.
func (f *forecast) takes(task int, d time.Duration) {
	if f.pool != nil {
		f.pool.Foresee(task, d)
	}
}

// longer says that a task takes so much longer than expected so far.
func (f *forecast) longer(task int, by time.Duration) {
	if f.pool != nil {
		f.pool.Longer(task, by)
	}
}

// remaining is how long the rest takes at the pace so far.
func (f *forecast) remaining() time.Duration {
	if f.pool == nil {
		return 0
	}
	left := f.pool.Left() + f.later
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.pace.of(left)
}

// estimate is how long cells take, without the probes that are stored.
func (r *Run) estimate(cells []plan.Cell) time.Duration {
	return plan.Estimate(cells, r.knowledge())
}

// knowledge is what is known about cells before they are measured.
func (r *Run) knowledge() plan.Knowledge {
	r.mu.Lock()
	defer r.mu.Unlock()
	return plan.Knowledge{Mode: r.order.Mode, Attempts: r.order.Attempts, Probes: maps.Clone(r.probes), Made: r.made}
}

// attemptEstimate is how long an attempt of a cell is expected to take.
func (r *Run) attemptEstimate(c plan.Cell) time.Duration {
	return plan.CellEstimate(c, r.knowledge())
}

// step is the expected length of the cell's next stored step: the probe of its
// target if that is missing, otherwise an attempt.
func (r *Run) step(c plan.Cell) time.Duration {
	k := r.knowledge()
	one := plan.CellEstimate(c, k)
	k.Attempts, k.Made = 1, nil
	if probing := plan.Estimate([]plan.Cell{c}, k) - one; probing > 0 {
		return probing
	}
	return one
}

// ahead is how long the cell's next attempt is expected to take.
func (u *underway) ahead() time.Duration { return u.each + u.waited }

// waits says that the recovery under way lasts so much longer than its least. The
// next one is expected to do the same.
func (u *underway) waits(d time.Duration) {
	u.forecast.longer(u.task.number, d-u.waited)
	u.waited = d
	u.tellRemaining()
}

// tellRemaining reports how long the rest of the run will take.
func (r *Run) tellRemaining() {
	r.Tell.Tell(bench.Remaining{Left: r.limit.within(r.forecast.remaining())})
}
