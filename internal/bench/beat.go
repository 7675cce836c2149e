package bench

import "time"

// Beat is the schedule of an open loop: when each of its requests is due,
// without drift, whether or not earlier ones have been answered.
type Beat struct {
	Start int64 // ns since origin, when request 0 is due
	Rate  int   // requests a second; it counts as 1 to 10⁹, whatever a damaged record says
}

// mostBeats is how many seconds a beat reaches (36 years): what a damaged record
// says of later requests cannot overflow.
const mostBeats = 1 << 60 / int64(time.Second)

// Due is when request seq is due: Start plus seq/Rate seconds, rounded down to
// the nanosecond.
func (b Beat) Due(seq uint64) int64 {
	rate, second := uint64(b.rate()), uint64(time.Second) //nolint:gosec // positive
	// Whole seconds are taken apart so that no product can overflow.
	return b.Start + int64(min(seq/rate, uint64(mostBeats))*second+seq%rate*second/rate) //nolint:gosec // far below the largest
}

// Next is the first time from t on at which a request is due.
func (b Beat) Next(t int64) int64 {
	if t <= b.Start {
		return b.Start
	}
	rate, second := b.rate(), int64(time.Second)
	since := t - b.Start
	part := (since%second*rate + second - 1) / second              // rounded up: no request may be due before t
	return b.Due(uint64(since/second)*uint64(rate) + uint64(part)) //nolint:gosec // neither is negative
}

func (b Beat) rate() int64 { return min(max(int64(b.Rate), 1), int64(time.Second)) }

// ControlRate is how often a second the control is asked beside rate victims a
// second.
func ControlRate(rate int) int { return max(1, rate/10) }
