package judge

import (
	"time"

	"benchrun/internal/bench"
)

// Decision is what an attempt should do with a fault phase under way.
type Decision int

// The decisions. None ends a phase early because it held.
const (
	Continue Decision = iota
	Enough            // T valid seconds are known to be in
	Curtail           // the losses exceed the whole budget: it has failed
	Cap               // the phase may not last longer; the record decides
)

var decisionWords = [...]string{"continue", "enough", "curtail", "cap"}

// String is the decision's word.
func (d Decision) String() string {
	if d < 0 || int(d) >= len(decisionWords) {
		return "unknown"
	}
	return decisionWords[d]
}

// State is what is known of a fault phase under way.
type State struct {
	ValidSeconds float64 // in bins that are known to count
	Scheduled    int     // victims due in them
	Lost         int     // of these, not served
	BadBins      int     // that lost more than 2 %
	Spent        float64 // the share of the losses that curtail the phase, lost so far
	Unsound      bool    // too little of the baseline counts
	Decision     Decision
}

// settleMargin is what a sample may take from its timeout into the record.
const settleMargin = 250 * time.Millisecond

// Window says what is known of the fault phase that began at faultFrom, at the
// time now (both ns since origin). rec is the record so far.
//
// Only settled bins count: a bin is settled when every victim and control request
// that was due in it has its sample, or can no longer get one (its end plus the
// timeout and a margin is past). And a bin is known to be valid only when the
// one after it is settled too, because a stall there makes both invalid. So the
// phase lasts one to three seconds longer than T; these count in the judgement,
// and make up for a second that turns out invalid after all.
func Window(rec *bench.Record, faultFrom, now int64) State {
	if rec == nil {
		return State{}
	}
	v := newView(rec)
	faultFrom, now = bounded(faultFrom), bounded(now)
	known := v.settled(faultFrom, now)
	bins := v.bins(faultFrom, known)
	if len(bins) > 0 && known-faultFrom >= second {
		bins = bins[:len(bins)-1]
	} else {
		bins = nil
	}
	t := sum(bins)
	s := State{ValidSeconds: float64(t.valid), Scheduled: t.scheduled, Lost: t.missed(), BadBins: t.bad}
	s.Spent = spent(v.head, s.Lost)
	s.Unsound = !v.baseline.empty() && tooFew(sum(v.bins(v.baseline.from, v.baseline.to)), v.head)
	switch {
	case s.ValidSeconds >= v.head.Phases.Fault.Seconds():
		s.Decision = Enough
	case overBudget(v.head, s.Lost, s.BadBins):
		s.Decision = Curtail
	case now-faultFrom >= int64(v.head.Phases.FaultCap):
		s.Decision = Cap
	}
	return s
}

// settled is the end of the last settled bin in a row from the first one.
func (v *view) settled(from, now int64) int64 {
	patience := bounded(v.head.Timeout) + int64(settleMargin)
	end := from
	for range maxBins {
		next := span{end, end + second}
		if next.to+patience > now && (next.to > now || !v.complete(next)) {
			break
		}
		end = next.to
	}
	return end
}

// complete says that everything that was due in a whole bin has its sample.
func (v *view) complete(bin span) bool {
	return v.head.Rate > 0 && len(within(v.victims, bin)) >= v.head.Rate &&
		len(within(v.controls, bin)) >= bench.ControlRate(v.head.Rate)
}
