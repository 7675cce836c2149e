package campaign

import (
	"strings"
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
