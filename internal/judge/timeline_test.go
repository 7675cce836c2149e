package judge

import (
	"math"
	"reflect"
	"testing"

	"benchrun/internal/bench"
)

func TestTimelineOfAnAttempt(t *testing.T) {
	s := wedged().lose(fault(2), fault(3), 7, bench.TimedOut)
	l := Timeline(s.Record)
	if l.Zero != ns(faultAt) || l.From != ns(baseAt) || l.Watched != ns(shutdownAt) || l.To != ns(shutdownAt+1) {
		t.Errorf("zero %d, %d to %d, watched until %d", l.Zero, l.From, l.To, l.Watched)
	}
	want := []bench.Phase{
		{Name: bench.MarkBaseline, From: ns(baseAt), To: ns(faultAt)}, {Name: bench.MarkFault, From: ns(faultAt), To: ns(recoveryAt)},
		{Name: bench.MarkRecovery, From: ns(recoveryAt), To: ns(shutdownAt)}, {Name: bench.MarkShutdown, From: ns(shutdownAt), To: ns(shutdownAt + 1)},
	}
	if !reflect.DeepEqual(l.Phases, want) {
		t.Errorf("phases %+v", l.Phases)
	}
	if len(l.Bins) != int(shutdownAt-baseAt) || l.Bins[0].From != ns(baseAt) || l.Bins[len(l.Bins)-1].To != ns(shutdownAt) {
		t.Errorf("%d bins, %+v", len(l.Bins), l.Bins)
	}
	if b := l.Bins[6]; b.From != ns(fault(2)) || b.OK != 93 || b.Lost[bench.TimedOut] != 7 {
		t.Errorf("the third second of faults is %+v", b)
	}
}

// What is drawn as not counted is what the verdict does not count: over the fault
// phase the timeline has the very bins that are judged, whatever spoils them.
func TestTimelineHasTheJudgesBins(t *testing.T) {
	all := scenes()
	all["control missed at the edge"] = wedged().edit(bench.RoleControl, fault(-0.5), fault(-0.4), func(x *bench.Sample) { x.Outcome = bench.TimedOut })
	all["no control"] = wedged().drop(bench.RoleControl, fault(2), fault(3))
	all["late"] = wedged().edit(bench.RoleVictim, fault(1), fault(1.1), func(x *bench.Sample) { x.Sent = x.Due + 260e6 })
	all["missing"] = wedged().drop(bench.RoleVictim, fault(2), fault(2.2))
	all["open doubt"] = wedged().doubt(fault(8), 0, "x")
	masked := 0
	for name, s := range all {
		judged, l := factsOf(newView(s.Record)).bins, Timeline(s.Record)
		drawn := map[int64]bench.Bin{}
		for _, b := range l.Bins {
			drawn[b.From] = b
		}
		for _, b := range judged {
			if !reflect.DeepEqual(drawn[b.From], b) {
				t.Errorf("%s: drawn %+v, judged %+v", name, drawn[b.From], b)
			}
			if !b.Valid {
				masked++
			}
		}
	}
	if masked < 10 {
		t.Errorf("only %d seconds were spoiled", masked)
	}
}

// A bin at either end may be a part of a second: its victims are no fewer than
// they should be.
func TestTimelineBeginsWithTheFirstVictim(t *testing.T) {
	s := wedged().drop(bench.RoleVictim, base(0), base(0.7))
	b := Timeline(s.Record).Bins[0]
	if b.From != ns(base(0.7)) || b.To != ns(base(1)) || b.Scheduled != 30 || !b.Valid {
		t.Errorf("the first bin is %+v", b)
	}
}

func TestTimelineOfLittle(t *testing.T) {
	if l := Timeline(nil); !reflect.DeepEqual(l, bench.Timeline{}) {
		t.Errorf("of no record: %+v", l)
	}
	broken := quiet() // breaks off in the fault phase
	broken.Marks = broken.Marks[:3]
	if l := Timeline(broken.Record); l.Watched != l.To || l.To < ns(shutdownAt) || l.Phases[len(l.Phases)-1].Name != bench.MarkFault {
		t.Errorf("of a record that breaks off: %+v", l)
	}
	for _, rec := range []*bench.Record{ // damaged
		{Marks: []bench.Mark{{T: math.MaxInt64, Name: bench.MarkEnd}, {T: math.MinInt64, Name: bench.MarkFault}},
			Samples: []bench.Sample{{Role: bench.RoleVictim, Due: math.MaxInt64}, {Role: bench.RoleVictim, Due: math.MinInt64}}},
		{Head: bench.Head{Rate: -5}, Marks: []bench.Mark{{T: 5e9, Name: bench.MarkShutdown}, {T: 9e9, Name: bench.MarkBaseline}},
			Samples: []bench.Sample{{Role: bench.RoleVictim, Due: 7e9}}},
	} {
		l := Timeline(rec)
		if len(l.Bins) > maxBins || l.To < l.From || l.Watched > l.To {
			t.Errorf("%d bins from %d to %d, watched until %d", len(l.Bins), l.From, l.To, l.Watched)
		}
	}
}
