package judge

import (
	"benchrun/internal/bench"
)

// collapse is the first of two consecutive valid seconds in which less than
// half of the victims were served.
type collapse struct {
	found  bool
	at     int64 // intended send of the first victim lost in that second
	faults int   // that had taken effect by then, ageing included
}

const collapsePercent = 50

func (v *view) collapse(bins []bench.Bin, d delivery) collapse {
	for i := 0; i+1 < len(bins); i++ {
		a, b := bins[i], bins[i+1]
		if !a.Valid || !b.Valid || !below(a, collapsePercent) || !below(b, collapsePercent) {
			continue
		}
		at := a.From
		for _, s := range within(v.victims, span{a.From, a.To}) {
			if s.Outcome != bench.OK {
				at = s.Due
				break
			}
		}
		return collapse{found: true, at: at, faults: d.reached(at)}
	}
	return collapse{}
}

// outage is a run of victims that were all lost.
type outage struct {
	ns      int64 // from the first one's intended send to that of the next one served
	victims int
}

// longestOutage looks through the valid seconds of the fault phase. An invalid
// second ends a run: what happened in it is not known.
func (v *view) longestOutage(bins []bench.Bin) outage {
	var best outage
	for _, stretch := range validStretches(bins) {
		var from int64
		n := 0
		end := func(t int64) {
			if n > 0 && t-from > best.ns {
				best = outage{t - from, n}
			}
			n = 0
		}
		for _, s := range within(v.victims, stretch) {
			if v.goneForGood(s.Due) {
				break
			}
			if s.Outcome == bench.OK {
				end(s.Due)
				continue
			}
			if n == 0 {
				from = s.Due
			}
			n++
		}
		end(min(stretch.to, max(stretch.from, v.goneFrom())))
	}
	return best
}

// validStretches joins neighbouring valid bins.
func validStretches(bins []bench.Bin) []span {
	var out []span
	for _, b := range bins {
		switch {
		case !b.Valid:
		case len(out) > 0 && out[len(out)-1].to == b.From:
			out[len(out)-1].to = b.To
		default:
			out = append(out, span{b.From, b.To})
		}
	}
	return out
}

const (
	recoverStep = second / 10 // the resolution of time_to_recover
	recoverRun  = 20          // steps that must be served whole: 2 s
)

// recovered is how long after the last fault the victims were served again.
type recovered struct {
	known bool
	ns    int64
	bound bool // never for 2 s: ns is when a victim was last lost
}

// recoverTime looks from the last fault to the end of the recovery phase, in steps
// of 100 ms. A crawling client's fault lasts until it is cut off, at the recovery
// mark. Steps in invalid seconds, or without a victim, say nothing.
func (v *view) recoverTime() recovered {
	if v.fault.empty() || v.recovery.empty() || v.goneForGood(v.recovery.to) {
		return recovered{}
	}
	from := v.recovery.from
	if faults := within(v.provokers, v.fault); len(faults) > 0 && !v.head.Any(func(t bench.Traits) bool { return t.CutOff }) {
		from = faults[len(faults)-1].Due
	}
	// Whole seconds, counted back from the end, so that none is left over.
	whole := (v.recovery.to - from + second - 1) / second
	bins := v.bins(bounded(v.recovery.to-whole*second), v.recovery.to)
	run, began, lost, seen := 0, from, from, false
	for i := range (v.recovery.to - from) / recoverStep {
		step := span{from + i*recoverStep, from + (i+1)*recoverStep}
		if i >= maxBins*10 {
			break
		}
		victims := within(v.victims, step)
		if len(victims) == 0 || !validAt(bins, step.from) {
			continue
		}
		seen = true
		if !allOK(victims) {
			run, lost = 0, step.to
			continue
		}
		if run == 0 {
			began = step.from
		}
		if run++; run == recoverRun {
			if lost == from { // nothing was lost since the last fault
				began = from
			}
			return recovered{known: true, ns: began - from}
		}
	}
	if !seen || lost == from {
		return recovered{} // too little was seen, and nothing of it lost
	}
	return recovered{known: true, ns: lost - from, bound: true}
}

func allOK(samples []bench.Sample) bool {
	for _, s := range samples {
		if s.Outcome != bench.OK {
			return false
		}
	}
	return true
}
