package campaign

import (
	"strings"
	"sync"
	"time"

	"benchrun/internal/bench"
)

// pace is how long attempts have taken beside what was foreseen. An invalid one
// is time that nothing came of.
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

// of is how long something takes at this pace that is foreseen to take d.
func (p *pace) of(d time.Duration) time.Duration {
	return time.Duration(float64(d) * float64(p.took+paceTrust) / float64(p.foreseen+paceTrust))
}

// forecast is what a run knows of the time that it will still take. Cells may tell it
// of themselves at the same time. The zero value knows nothing.
type forecast struct {
	mu   sync.Mutex
	pace pace
	left map[int]time.Duration // by place in the order, of cells of which an attempt was made, or that are concluded
}

// made takes in an attempt of a cell, and what the cell is foreseen to take from now
// on.
func (f *forecast) made(place int, ahead time.Duration, verdict bench.Verdict, foreseen, took time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pace.count(verdict, foreseen, took)
	f.set(place, ahead)
}

// over says that nothing more is done for a cell.
func (f *forecast) over(place int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.set(place, 0)
}

func (f *forecast) set(place int, ahead time.Duration) {
	if f.left == nil {
		f.left = map[int]time.Duration{}
	}
	f.left[place] = ahead
}

// remaining is how long the rest takes of so many cells at the pace seen so far.
// estimate foresees those of which nothing is known yet, by their places.
func (f *forecast) remaining(cells int, estimate func(places []int) time.Duration) time.Duration {
	f.mu.Lock()
	var unknown []int
	var left time.Duration
	for i := range cells {
		if d, ok := f.left[i]; ok {
			left += d
		} else {
			unknown = append(unknown, i)
		}
	}
	pace := f.pace
	f.mu.Unlock()
	return pace.of(left + estimate(unknown))
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
