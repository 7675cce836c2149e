package campaign

import (
	"strings"
	"sync"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/campaign/pack"
)

// pace compares how long attempts have taken with their estimates. An invalid
// attempt is time without a result.
type pace struct{ foreseen, took time.Duration }

// paceTrust is how much of the foreseen it takes until what was seen weighs as
// much: one bad attempt says little of a long run.
const paceTrust = time.Minute

// count takes an attempt in.
func (p *pace) count(verdict bench.Verdict, foreseen, took time.Duration) {
	p.took += took
	if verdict != bench.Invalid {
		p.foreseen += foreseen
	}
}

// of is how long something with an estimate of d takes at this pace.
func (p *pace) of(d time.Duration) time.Duration {
	return time.Duration(float64(d) * float64(p.took+paceTrust) / float64(p.foreseen+paceTrust))
}

// forecast is what a run knows of the time that it will still take: what its pool
// foresees, at the pace seen so far. Cells may tell it of themselves at the same time.
// Without a pool it knows nothing.
type forecast struct {
	mu   sync.Mutex
	pace pace
	pool *pack.Pool
}

// made takes in an attempt that was foreseen to take so long.
func (f *forecast) made(verdict bench.Verdict, foreseen, took time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pace.count(verdict, foreseen, took)
}

// takes says how long a task takes from its beginning on.
func (f *forecast) takes(task int, d time.Duration) {
	if f.pool != nil {
		f.pool.Foresee(task, d)
	}
}

// remaining is how long the rest takes at the pace seen so far.
func (f *forecast) remaining() time.Duration {
	if f.pool == nil {
		return 0
	}
	left := f.pool.Left()
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.pace.of(left)
}

// whyInvalid says what made an attempt invalid: what was seen of the host first,
// then the judge's reason; "" of another verdict.
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
