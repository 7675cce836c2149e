package judge

import "benchrun/internal/bench"

// The bands of a verdict, in percent of scheduled victims.
const (
	heldPercent     = 98
	degradedPercent = 95
	claimPercent    = 2 // the smallest loss that is claimed
	badBinsNeeded   = 2 // an outage inside one second decides only if it repeats
)

// tally sums the valid bins of a phase.
type tally struct {
	bins      int // all, the invalid ones too
	valid     int
	scheduled int
	ok        int
	bad       int // bins that lost more than 2 %
	available int // bins that served at least 95 %
	lost      map[bench.Outcome]int
}

func sum(bins []bench.Bin) tally {
	t := tally{bins: len(bins), lost: map[bench.Outcome]int{}}
	for _, b := range bins {
		if !b.Valid {
			continue
		}
		t.valid++
		t.scheduled += b.Scheduled
		t.ok += b.OK
		for _, o := range bench.VictimLosses {
			t.lost[o] += b.Lost[o]
		}
		if bad(b) {
			t.bad++
		}
		if !below(b, degradedPercent) {
			t.available++
		}
	}
	return t
}

func (t tally) missed() int { return t.scheduled - t.ok }

// below says that H < percent, in integers: a boundary is never a matter of
// rounding. Without victims nothing is below anything.
func (t tally) below(percent int) bool { return t.ok*100 < percent*t.scheduled }

// h is the share of victims served, in percent; only where scheduled > 0.
func (t tally) h() float64 { return 100 * float64(t.ok) / float64(t.scheduled) }

// whyMasked is what made most of the invalid bins invalid, "" when all count. The
// first cause wins a tie.
func whyMasked(bins []bench.Bin) string {
	best, most := "", 0
	count := map[string]int{}
	for _, b := range bins {
		if b.Valid {
			continue
		}
		count[b.Why]++
		if count[b.Why] > most {
			best, most = b.Why, count[b.Why]
		}
	}
	return best
}

// overBudget says that the victims lost exceed all that a fault phase of full
// length may lose before it fails.
func overBudget(h bench.Head, lost, bad int) bool { return bad >= badBinsNeeded && spent(h, lost) > 1 }

// spent is which share of the budget of losses the victims lost are. The budget is 5 % of
// T·R. A server that may be full loses none that counts.
func spent(h bench.Head, lost int) float64 {
	budget := h.Phases.Fault.Seconds() * float64(h.Rate) * (100 - degradedPercent) / 100
	if h.Traits.Fills || lost == 0 {
		return 0
	}
	return float64(lost) / budget
}
