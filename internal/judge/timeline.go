package judge

import (
	"cmp"
	"slices"

	"benchrun/internal/bench"
)

// Timeline says how a record is cut into phases and seconds, from the baseline
// to the end. Like Judge it is pure and fails on nothing.
func Timeline(rec *bench.Record) bench.Timeline {
	if rec == nil {
		return bench.Timeline{}
	}
	v := newView(rec)
	l := bench.Timeline{
		Zero: v.first(0, bench.MarkFault, bench.MarkBaseline, bench.MarkBoot),
		From: v.first(0, bench.MarkBaseline, bench.MarkFault, bench.MarkBoot),
	}
	last, victims := v.last, span{}
	if n := len(v.victims); n > 0 { // each stands for the stretch until the next one is due
		victims.from = v.victims[0].Due
		victims.to = bench.Beat{Start: v.victims[n-1].Due, Rate: v.head.Rate}.Due(1)
		last = max(last, victims.to)
	}
	l.To = min(max(v.first(last, bench.MarkEnd), l.From), l.From+maxBins*second)
	l.Watched = min(v.first(l.To, bench.MarkShutdown), l.To)
	l.Phases = v.phasesUntil(l)
	l.Bins = v.cut(l.Zero, max(l.From, victims.from), min(l.Watched, victims.to))
	return l
}

// phasesUntil makes each phase of the timeline last until the next one begins.
func (v *view) phasesUntil(l bench.Timeline) []bench.Phase {
	var list []bench.Phase
	for _, n := range []bench.MarkName{bench.MarkBaseline, bench.MarkAgeing, bench.MarkFault, bench.MarkRecovery, bench.MarkShutdown} {
		if t, ok := v.marks[n]; ok && t >= l.From && t <= l.To {
			list = append(list, bench.Phase{Name: n, From: t, To: l.To})
		}
	}
	slices.SortStableFunc(list, func(a, b bench.Phase) int { return cmp.Compare(a.From, b.From) })
	for i := 1; i < len(list); i++ {
		list[i-1].To = list[i].From
	}
	return list
}
