package campaign

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/campaign/pack"
	"benchrun/internal/judge"
	"benchrun/internal/plan"
)

// pace compares how long attempts took with their estimates. An invalid attempt that is
// repeated takes time and gives no result, so it slows the pace. The last one of a cell ends
// it: its repeats are limited.
type pace struct{ foreseen, took time.Duration }

// paceTrust is how much estimated time must have passed before the observed pace
// weighs as much as the estimate: one bad attempt says little about a long run.
const paceTrust = time.Minute

// paceMemory is how many attempts the pace remembers, about: a machine that was busy
// may be quiet now.
const paceMemory = 20

// count includes an attempt. repeated says that it is invalid and another is made for it.
func (p *pace) count(repeated bool, foreseen, took time.Duration) {
	p.took -= p.took / paceMemory
	p.foreseen -= p.foreseen / paceMemory
	p.took += took
	if !repeated {
		p.foreseen += foreseen
	}
}

// factor is how many times its estimate something takes at this pace.
func (p *pace) factor() float64 {
	return float64(p.took+paceTrust) / float64(p.foreseen+paceTrust)
}

// forecast estimates how long a run still takes: what its pool expects, at the pace so
// far. What other programs cost counts only while they are busy. It is safe for concurrent
// use. Without a pool it knows nothing.
type forecast struct {
	mu            sync.Mutex
	calm, crowded pace // of attempts without other programs, and beside them
	pool          *pack.Pool
	later         bench.Span // what comes after the pool's tasks
	told          bench.Span // was left at toldAt, as far as was said
	toldAt        time.Time
	busy          bool // it was said that other programs are
}

// start begins with a pool. later is how long what comes after its tasks takes.
func (f *forecast) start(pool *pack.Pool, later bench.Span) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pool, f.later = pool, later
	pool.Pace(f.calm.factor(), f.crowded.factor())
}

// made includes an attempt that was estimated at foreseen. repeated says that it is invalid and
// another is made for it, crowded that other programs were busy.
func (f *forecast) made(repeated bool, foreseen, took time.Duration, crowded bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if crowded {
		f.crowded.count(repeated, foreseen, took)
	} else {
		f.calm.count(repeated, foreseen, took)
	}
	if f.pool != nil {
		f.pool.Pace(f.calm.factor(), f.crowded.factor())
	}
}

// others is how many CPUs other programs use; 0 = hardly any.
func (f *forecast) others() float64 {
	if f.pool == nil {
		return 0
	}
	return f.pool.Busy()
}

// takes says how long a task takes, counted from its start if it has begun.
func (f *forecast) takes(task int, s bench.Span) {
	if f.pool != nil {
		f.pool.Foresee(task, s.Likely, s.Least, s.Most)
	}
}

// attempt says that an attempt of a task is over, or the next one begins.
func (f *forecast) attempt(task int) {
	if f.pool != nil {
		f.pool.Attempt(task)
	}
}

// spoiled says how likely it is that a task comes again, and how long it takes then.
func (f *forecast) spoiled(task int, chance float64, again time.Duration) {
	if f.pool != nil {
		f.pool.Spoiled(task, chance, again)
	}
}

// remaining is how long the rest takes at the pace so far.
func (f *forecast) remaining() bench.Span {
	if f.pool == nil {
		return bench.Span{}
	}
	least, most := f.pool.Between()
	rest := bench.Span{Likely: f.pool.Left(), Least: least, Most: most}
	return rest.And(f.paced(f.later))
}

// paced is how long something that has not begun takes at the pace so far.
func (f *forecast) paced(s bench.Span) bench.Span {
	busy := f.others() > 0
	f.mu.Lock()
	defer f.mu.Unlock()
	if busy {
		return s.Times(f.crowded.factor())
	}
	return s.Times(f.calm.factor())
}

// estimate is how long cells take, without the probes that are stored.
func (r *Run) estimate(cells []plan.Cell) time.Duration {
	return plan.Estimate(cells, r.knowledge())
}

// knowledge is what is known about cells before they are measured.
func (r *Run) knowledge() plan.Knowledge {
	r.mu.Lock()
	defer r.mu.Unlock()
	return plan.Knowledge{Mode: r.order.Mode, Attempts: r.order.Attempts, Probes: maps.Clone(r.probes), Made: r.made, Past: r.past}
}

// step is the expected length of the cell's next stored step: the probe of its
// target if that is missing, otherwise an attempt.
func (r *Run) step(c plan.Cell) time.Duration {
	k := r.knowledge()
	if probing := plan.Probing(c, k); probing > 0 {
		return probing
	}
	return plan.CellEstimate(c, k)
}

// takes is how long a group of cells takes without probes, which is a task of the pool.
func takes(cells []plan.Cell, k plan.Knowledge) bench.Span {
	var all bench.Span
	for _, c := range cells {
		all = all.And(plan.CellSpan(c, k))
	}
	return all
}

// foreseeAgain corrects what is expected of the tasks that have not begun: a probe is known.
func (r *Run) foreseeAgain() {
	if r.forecast.pool == nil {
		return
	}
	k := r.knowledge()
	for _, n := range r.forecast.pool.Waiting() {
		i := r.tasks[n]
		r.forecast.takes(n, takes(r.order.Cells[i:i+r.grouped], k))
	}
}

// ahead is how long the cell's next attempt is expected to take.
func (u *underway) ahead() time.Duration { return u.outlook.Of(1).Likely }

// toCome is how long the cell's next attempts take, if it needs any.
func (u *underway) toCome(more bool) bench.Span {
	if !more {
		return bench.Span{}
	}
	return u.forecast.paced(u.outlook.Of(u.missing()))
}

// toRepeat is how long the cell takes if it comes again.
func (u *underway) toRepeat() bench.Span {
	o := u.outlook
	if o == (plan.Outlook{}) { // its probe comes again
		o = plan.Foresee(u.plan, u.knowledge())
	}
	return o.Of(u.missing())
}

// missing is how many valid attempts the cell still needs if none holds, 1 at least.
func (u *underway) missing() int {
	return max(u.order.Attempts-begun{judged: u.judged}.valid(), 1)
}

// start says that an attempt begins.
func (u *underway) start() {
	u.began, u.course, u.spoiled = time.Now(), plan.NewCourse(u.outlook, u.timing), plan.Unknown
	u.forecast.attempt(u.task.number)
	u.correct()
}

// moved is by how much an expected time must change to be worth saying.
const moved = 1500 * time.Millisecond

// correct corrects how long the cell's task takes by what is expected of the attempt
// under way.
func (u *underway) correct() {
	o, later, spoiled := u.course.Outlook, bench.Span{}, u.comesAgain()
	switch {
	case u.later != nil: // the attempt does not decide what comes after it
		later = u.later()
	case spoiled <= 0.5: // otherwise what comes after it comes with its repeat
		o.Failed += time.Duration(u.missing()-1) * u.forecast.paced(bench.Exactly(o.Failed)).Likely
	}
	rest := o.Of(1).And(later)
	all := rest.Plus(u.began.Sub(u.task.began))
	if d := u.foreseen.Likely - all.Likely; spoiled == u.spoiled && d.Abs() < moved && (u.foreseen.Most-all.Most).Abs() < moved && (u.foreseen.Least-all.Least).Abs() < moved {
		return
	}
	if u.foreseen = all; spoiled != u.spoiled {
		u.spoiled = spoiled
		u.forecast.spoiled(u.task.number, spoiled, u.toRepeat().Likely)
	}
	u.forecast.takes(u.task.number, all)
	u.tellRemaining()
}

// comesAgain is how likely it is that the cell comes again because the attempt under way is
// invalid; plan.Unknown if nobody knows yet. A pair of a duel does not come again for that.
func (u *underway) comesAgain() float64 {
	spoiled := u.course.Spoiled
	if spoiled <= 0 {
		return spoiled
	}
	attempts := append(slices.Clone(u.cell.Attempts), bench.Attempt{Verdict: bench.Invalid})
	judged := append(slices.Clone(u.judged), bench.Judgement{Verdict: bench.Invalid})
	if u.later != nil || !judge.Wanted(attempts, judged, u.order.Attempts) {
		return 0
	}
	return spoiled
}

// tellRemaining reports how long the rest of the run will take.
func (r *Run) tellRemaining() { r.tellLeft(r.forecast.remaining()) }

func (r *Run) tellLeft(left bench.Span) {
	others := r.forecast.others()
	r.forecast.mu.Lock()
	r.forecast.told, r.forecast.toldAt, r.forecast.busy = left, time.Now(), others > 0
	r.forecast.mu.Unlock()
	left = bench.Span{Likely: r.limit.within(left.Likely), Least: r.limit.within(left.Least), Most: r.limit.within(left.Most)}
	r.Tell.Tell(bench.Remaining{Left: left.Likely, Open: left.Open(), Others: others})
}

// tellEvery is how often benchrun looks whether what other programs do changes how long the
// run takes. Of many cells that takes time itself, so it looks less often then.
const (
	tellEvery = 5 * time.Second
	tellShare = 100 // looking takes no more than this part of the time
)

// keepTelling reports how long the rest takes whenever it is no longer what was said, until
// ctx ends.
func (r *Run) keepTelling(ctx context.Context) {
	next := time.NewTimer(tellEvery)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
		}
		began := time.Now()
		if left := r.forecast.remaining(); r.forecast.differs(left) {
			r.tellLeft(left)
		}
		next.Reset(max(tellEvery, tellShare*time.Since(began)))
	}
}

// differs says that this is no longer what was said to be left, by more than a twentieth, or
// that other programs became busy, or quiet.
func (f *forecast) differs(left bench.Span) bool {
	others := f.others()
	f.mu.Lock()
	defer f.mu.Unlock()
	was := f.told.Plus(-time.Since(f.toldAt))
	notable := max(moved, left.Likely/20)
	return f.busy != (others > 0) || (left.Likely-was.Likely).Abs() > notable ||
		(left.Least-was.Least).Abs() > 2*notable || (left.Most-was.Most).Abs() > 2*notable
}
