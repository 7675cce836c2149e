package judge

import (
	"benchrun/internal/bench"
)

// Bin is one second of an attempt: the unit that counts, or does not.
type Bin struct {
	From, To  int64 // ns since origin, half-open
	Scheduled int   // victims that were due, whether or not they were sent
	OK        int   // of these, served right and in time
	// Lost counts the others by outcome; nil when there are none.
	Lost  map[bench.Outcome]int
	Valid bool
	Why   string // what makes the bin invalid; "" when it is valid
}

// Missed is the number of victims that were not served.
func (b Bin) Missed() int { return b.Scheduled - b.OK }

// bad says that the bin lost more than the smallest loss that is claimed (2 %).
func (b Bin) bad() bool { return b.Missed()*100 > claimPercent*b.Scheduled }

// below says that less than percent of the bin's victims were served.
func (b Bin) below(percent int) bool { return b.OK*100 < percent*b.Scheduled }

// Why a bin is invalid. Constant words, so that they can be counted.
const (
	whyControl   = "the control missed its SLO"
	whyUnsent    = "a request was never sent"
	whyLate      = "the generator was late"
	whyOutcome   = "a victim without a known outcome"
	whyNoControl = "no control probe"
	beside       = "beside a second in which: " // before the neighbour's
)

// maxBins bounds a phase: six hours. No phase comes near; a damaged mark might.
const maxBins = 21_600

// Bins cuts [from, to) into bins of one second, beginning at from, and fills
// them with the victims that were due in them. A last part shorter than a
// second is dropped, unless it is all there is.
//
// A bin and both its neighbours are invalid if in it a control probe was not
// answered within bench.ControlSLO, a victim or provoker was never sent (or a
// victim is missing from the record), the generator was more than
// bench.MaxLateness late, or a doubt overlaps it. The seconds just outside
// [from, to) count as neighbours. A bin in which no control probe was due is
// invalid alone.
func Bins(rec *bench.Record, from, to int64) []Bin {
	if rec == nil {
		return nil
	}
	return newView(rec).bins(bounded(from), bounded(to))
}

func (v *view) bins(from, to int64) []Bin {
	if to <= from {
		return nil
	}
	n := int(min((to-from)/second, maxBins))
	whole := n > 0
	if whole {
		to = from + int64(n)*second
	} else {
		n = 1
	}
	bins := make([]Bin, n)
	for i := range bins {
		bins[i].From = from + int64(i)*second
		bins[i].To = min(bins[i].From+second, to)
	}

	// cause[i+1] is what is wrong inside bin i; the first and last entries are
	// the seconds just outside. The first cause found stays.
	g := grid{from: from, to: to, cause: make([]string, n+2)}
	v.blameDoubts(g)
	probes := v.blameControls(g, n)
	v.blameGenerator(g)
	for _, s := range within(v.victims, span{from, to}) {
		b := &bins[g.slot(s.Due)-1]
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
	for i := range bins {
		if whole && bins[i].Scheduled < v.head.Rate {
			bins[i].Scheduled = v.head.Rate // what is missing was scheduled all the same
			g.blame(i+1, whyUnsent)
		}
	}
	for i := range bins {
		bins[i].Why = g.why(i+1, probes[i] > 0)
		bins[i].Valid = bins[i].Why == ""
	}
	return bins
}

// grid maps times to bins and keeps what is wrong with each.
type grid struct {
	from, to int64
	cause    []string
}

// slot is the index into cause for time t; out of range means that t is
// further away than a neighbour.
func (g grid) slot(t int64) int {
	switch {
	case t < g.from-second || t >= g.to+second:
		return -1
	case t < g.from:
		return 0
	case t >= g.to:
		return len(g.cause) - 1
	}
	return int((t-g.from)/second) + 1
}

func (g grid) blame(slot int, why string) {
	if slot >= 0 && g.cause[slot] == "" {
		g.cause[slot] = why
	}
}

func (g grid) why(slot int, probed bool) string {
	switch {
	case g.cause[slot] != "":
		return g.cause[slot]
	case !probed:
		return whyNoControl
	case g.cause[slot-1] != "":
		return beside + g.cause[slot-1]
	case g.cause[slot+1] != "":
		return beside + g.cause[slot+1]
	}
	return ""
}

func (v *view) blameDoubts(g grid) {
	for _, d := range v.doubts {
		to := d.To
		if to < d.From { // never closed
			to = maxTime
		}
		if to < g.from-second || d.From >= g.to+second {
			continue
		}
		first, last := g.slot(max(d.From, g.from-second)), g.slot(min(to, g.to+second-1))
		for i := max(first, 0); i <= last; i++ {
			g.blame(i, "doubt: "+clean(d.Cause))
		}
	}
}

// blameControls gives the number of control probes that were due in each of n
// bins.
func (v *view) blameControls(g grid, n int) []int {
	probes := make([]int, n)
	for _, s := range within(v.controls, span{g.from - second, g.to + second}) {
		i := g.slot(s.Due)
		if i >= 1 && i <= n {
			probes[i-1]++
		}
		if missed(s) {
			g.blame(i, whyControl)
		}
	}
	return probes
}

// missed says that a control probe was not served within its SLO.
func missed(s bench.Sample) bool {
	return s.Outcome != bench.OK || s.Done == 0 || s.Done-s.Due > int64(bench.ControlSLO)
}

// blameGenerator looks for requests that the harness sent late or never.
// Provokers count while the fault phase lasts; after it none is due.
func (v *view) blameGenerator(g grid) {
	around := span{g.from - second, g.to + second}
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
