package judge

import (
	"cmp"

	"benchrun/internal/bench"
)

// bad says that the bin lost more than the smallest loss that is claimed (2 %).
func bad(b bench.Bin) bool { return b.Missed()*100 > claimPercent*b.Scheduled }

// below says that less than percent of the bin's victims were served.
func below(b bench.Bin, percent int) bool { return b.OK*100 < percent*b.Scheduled }

// Why a bin is invalid. Constant words, so that they can be counted.
const (
	whyControl   = "the control missed its SLO"
	whyUnsent    = "a request was never sent"
	whyLate      = "the generator was late"
	whyOutcome   = "a victim without a known outcome"
	whyNoControl = "no control request"
)

// maxBins bounds a phase: six hours. No phase comes near; a damaged mark might.
const maxBins = 21_600

// bins cuts [from, to) into bins of one second, beginning at from. A last part
// shorter than a second is dropped, unless it is all there is.
func (v *view) bins(from, to int64) []bench.Bin {
	if whole := (to - from) / second * second; whole > 0 {
		to = from + whole
	}
	return v.cut(from, from, to)
}

// cut makes the bins of [from, to) and fills them with the victims that were due
// in them. Seconds are counted from zero, which need not lie in the range: the
// first and the last bin may be shorter.
//
// A bin and both its neighbours are invalid if in it a control request was not
// answered within bench.ControlSLO, a victim or provoker was never sent (or a
// victim is missing from the record), the generator was more than
// bench.MaxLateness late, or a doubt overlaps it. The seconds just outside the
// range count as neighbours. A bin in which no control request was due is invalid
// alone.
func (v *view) cut(zero, from, to int64) []bench.Bin {
	if to <= from {
		return nil
	}
	first := floor(from - zero)
	n := int(min(floor(to-1-zero)-first+1, maxBins))
	// The first cause that is found for a second stays.
	g := grid{from: zero + first*second, cause: make([]string, n+2)}
	bins := make([]bench.Bin, n)
	for i := range bins {
		at := g.from + int64(i)*second
		bins[i].From, bins[i].To = max(at, from), min(at+second, to)
	}
	v.blameDoubts(g)
	asked := v.blameControls(g)
	v.blameGenerator(g)
	spared := make([]int, n)
	for _, s := range within(v.victims, span{from, bins[n-1].To}) {
		i := g.slot(s.Due) - 1
		b := &bins[i]
		if v.spared.holds(s.Due) {
			spared[i]++
			continue
		}
		b.Scheduled++
		if s.Outcome == bench.OK {
			b.OK++
			continue
		}
		if b.Lost == nil {
			b.Lost = map[bench.Outcome]int{}
		}
		b.Lost[s.Outcome]++
	}
	v.addSurge(g, bins)
	for i := range bins {
		if b := &bins[i]; b.To-b.From == second && b.Scheduled+spared[i] < v.head.Rate {
			b.Scheduled = v.head.Rate - spared[i] // missing victims were scheduled too
			g.blame(i+1, whyUnsent)
		}
	}
	for i := range bins {
		bins[i].Why = g.why(i+1, asked[i+1] > 0)
		bins[i].Valid = bins[i].Why == "" || v.whole && bins[i].From >= v.fault.from
	}
	return bins
}

// floor is the whole seconds of a time, downwards.
func floor(ns int64) int64 {
	if ns < 0 {
		return -((-ns + second - 1) / second)
	}
	return ns / second
}

// grid maps times to seconds and keeps what is wrong in each: in one for every
// bin, and in one before and one behind them.
type grid struct {
	from  int64    // when the second of the first bin begins
	cause []string // cause[i+1] is bin i's
}

// around is all the time that the grid covers.
func (g grid) around() span {
	return span{g.from - second, g.from + int64(len(g.cause)-1)*second}
}

// slot is the index into cause for time t; out of range means that t is
// further away than a neighbour.
func (g grid) slot(t int64) int {
	if !g.around().holds(t) {
		return -1
	}
	return int((t - g.around().from) / second)
}

func (g grid) blame(slot int, why string) {
	if slot >= 0 && g.cause[slot] == "" {
		g.cause[slot] = why
	}
}

func (g grid) why(slot int, asked bool) string {
	switch {
	case g.cause[slot] != "":
		return g.cause[slot]
	case !asked:
		return whyNoControl
	}
	return cmp.Or(g.cause[slot-1], g.cause[slot+1])
}

func (v *view) blameDoubts(g grid) {
	around := g.around()
	for _, d := range v.doubts {
		to := d.To
		if to < d.From { // never closed
			to = maxTime
		}
		if to < around.from || d.From >= around.to {
			continue
		}
		for i := g.slot(max(d.From, around.from)); i <= g.slot(min(to, around.to-1)); i++ {
			g.blame(i, "doubt: "+clean(d.Cause))
		}
	}
}

// blameControls gives the number of control requests that were due in each second
// of the grid.
func (v *view) blameControls(g grid) []int {
	asked := make([]int, len(g.cause))
	for _, s := range within(v.controls, g.around()) {
		asked[g.slot(s.Due)]++
		if missed(s) {
			g.blame(g.slot(s.Due), whyControl)
		}
	}
	return asked
}

// missed says that a control request was not served within its SLO.
func missed(s bench.Sample) bool {
	return s.Outcome != bench.OK || s.Done == 0 || s.Done-s.Due > int64(bench.ControlSLO)
}

// blameGenerator looks for requests that the harness sent late or never.
// Provokers count while the fault phase lasts; after it none is due.
func (v *view) blameGenerator(g grid) {
	around := g.around()
	for _, s := range within(v.victims, around) {
		g.blame(g.slot(s.Due), generatorFault(s))
		if !knownOutcome(s.Outcome) {
			g.blame(g.slot(s.Due), whyOutcome)
		}
	}
	for _, s := range within(v.provokers, around) {
		if _, faulting := v.marks[bench.MarkRecovery]; !faulting || v.fault.holds(s.Due) {
			g.blame(g.slot(s.Due), generatorFault(s))
		}
	}
}

func generatorFault(s bench.Sample) string {
	switch {
	case s.Outcome == bench.Unsent || s.Sent == 0:
		return whyUnsent
	case s.Sent-s.Due > int64(bench.MaxLateness):
		return whyLate
	}
	return ""
}

func knownOutcome(o bench.Outcome) bool {
	if o == bench.OK || o == bench.Unsent {
		return true
	}
	for _, l := range bench.VictimLosses {
		if o == l {
			return true
		}
	}
	return false
}
