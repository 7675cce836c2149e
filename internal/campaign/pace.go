package campaign

import (
	"strings"
	"sync"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/campaign/pack"
)

// pace compares how long attempts took with their estimates. An invalid attempt
// takes time and gives no result, so it slows the pace.
type pace struct{ foreseen, took time.Duration }

// paceTrust is how much estimated time must have passed before the observed pace
// weighs as much as the estimate: one bad attempt says little about a long run.
const paceTrust = time.Minute

// count includes an attempt.
func (p *pace) count(verdict bench.Verdict, foreseen, took time.Duration) {
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
	mu   sync.Mutex
	pace pace
	pool *pack.Pool
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
	left := f.pool.Left()
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.pace.of(left)
}

// whyInvalid says why an attempt is invalid: what benchrun saw of the host, or else
// the judge's reason. For other verdicts it is "".
func whyInvalid(rec *bench.Record, j bench.Judgement) string {
	if j.Verdict != bench.Invalid || len(j.Reasons) == 0 {
		return ""
	}
	for _, d := range rec.Doubts {
		if d.Note != "" && strings.Contains(j.Reasons[0], d.Cause) {
			return d.Note + ": " + j.Reasons[0]
		}
	}
	return j.Reasons[0]
}
