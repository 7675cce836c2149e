package judge

import (
	"cmp"
	"slices"

	"benchrun/internal/bench"
)

// second is the width of a bin, ns.
const second int64 = 1e9

// maxTime bounds every time of a record (36 years), so that sums and
// differences of times from a damaged record cannot overflow.
const maxTime int64 = 1 << 60

// span is a half-open stretch of time, ns since origin. The zero span is "not
// reached".
type span struct{ from, to int64 }

func (s span) holds(t int64) bool { return s.from <= t && t < s.to }
func (s span) empty() bool        { return s.to <= s.from }
func (s span) seconds() float64   { return seconds(s.to - s.from) }

// view is a record made ready to be judged: entries copied, sorted and bounded,
// and the marks turned into phases. It never changes the record.
type view struct {
	head bench.Head
	boot bench.Boot
	stop *bench.Stop
	// again is how a second start fared, nil where there was none.
	again *bench.Again
	// repaired is how a reload after the app's repair fared, nil where there was none.
	repaired *bench.Repaired
	// beside is what else was under way at the stop signal, nil where nothing was.
	beside *bench.Beside
	// spared is when the fault itself has taken the server away: victims that are due
	// then are not counted.
	spared span

	victims, controls, provokers, ageing []bench.Sample // ascending by Due
	receipts                             []bench.Receipt
	procs                                []bench.ProcEvent
	vitals                               []bench.Vital
	doubts                               []bench.Doubt

	marks    map[bench.MarkName]int64 // the earliest of each name
	signals  []bench.Mark             // ascending
	capped   []bench.Mark             // the processes that the kernel ended at the memory cap, ascending
	unread   *bench.Mark              // how much of the log waited to be read, of a blocked one
	breaks   []bench.Mark             // when the app was made impossible to load
	disk     string                   // how much the target's files took when it was ended for that
	baseline span
	fault    span
	recovery span
	last     int64 // the end of what was seen
	// end is when the watch ended: at the shutdown mark, or where the record
	// breaks off. What the server does after SIGTERM proves nothing about it.
	end int64
	// whole has every second from the fault phase on count, as if nothing were
	// masked.
	whole bool
}

func newView(rec *bench.Record) *view {
	v := &view{head: rec.Head, boot: rec.Boot, stop: rec.Stop, again: rec.Again, repaired: rec.Repaired, beside: rec.Beside, marks: map[bench.MarkName]int64{}}
	last := int64(0)
	for _, s := range rec.Samples {
		s.Due, s.Sent, s.Done = bounded(s.Due), bounded(s.Sent), bounded(s.Done)
		last = max(last, s.Due+1)
		switch s.Role {
		case bench.RoleVictim:
			v.victims = append(v.victims, s)
		case bench.RoleControl:
			v.controls = append(v.controls, s)
		case bench.RoleProvoker:
			v.provokers = append(v.provokers, s)
		case bench.RoleAgeing:
			v.ageing = append(v.ageing, s)
		}
	}
	for _, list := range [][]bench.Sample{v.victims, v.controls, v.provokers, v.ageing} {
		slices.SortStableFunc(list, bySchedule)
	}
	v.receipts = ascending(rec.Receipts, func(r *bench.Receipt) { r.T = bounded(r.T) }, func(a, b bench.Receipt) int {
		return cmp.Or(cmp.Compare(a.T, b.T), cmp.Compare(a.Nonce, b.Nonce), cmp.Compare(a.Event, b.Event),
			cmp.Compare(a.PID, b.PID), cmp.Compare(a.TID, b.TID))
	})
	v.procs = ascending(rec.Procs, func(p *bench.ProcEvent) { p.T = bounded(p.T) }, func(a, b bench.ProcEvent) int {
		return cmp.Or(cmp.Compare(a.T, b.T), cmp.Compare(a.PID, b.PID), cmp.Compare(a.Event, b.Event))
	})
	v.vitals = ascending(rec.Vitals, func(x *bench.Vital) { x.T = bounded(x.T) }, func(a, b bench.Vital) int {
		return cmp.Compare(a.T, b.T)
	})
	v.doubts = ascending(rec.Doubts, func(d *bench.Doubt) { d.From, d.To = bounded(d.From), bounded(d.To) }, func(a, b bench.Doubt) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), cmp.Compare(a.Cause, b.Cause), cmp.Compare(a.Note, b.Note))
	})
	v.phases(rec.Marks, last)
	v.spared = v.takenAway()
	return v
}

// ascending is a sorted copy of a list of the record, its times bounded.
func ascending[T any](list []T, bound func(*T), compare func(a, b T) int) []T {
	out := slices.Clone(list)
	for i := range out {
		bound(&out[i])
	}
	slices.SortStableFunc(out, compare)
	return out
}

// takenAway is from just before the signal that ends the server until it serves again,
// and where it does not, for good.
func (v *view) takenAway() span {
	if !v.head.Traits.Expects.TakesAway() || len(v.signals) == 0 {
		return span{}
	}
	s := span{v.signals[0].T - int64(bench.BeforeSignal), never}
	if a := v.again; a != nil && a.Ready && v.head.Traits.Expects == bench.ExpectsTakeover {
		s.to = bounded(a.T) + int64(min(max(a.Seconds, 0), seconds(maxTime))*float64(second))
	}
	return s
}

// bySchedule orders samples by intended send; ties by what identifies them, so
// that the order of writing cannot show.
func bySchedule(a, b bench.Sample) int {
	return cmp.Or(cmp.Compare(a.Due, b.Due), cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.Nonce, b.Nonce),
		cmp.Compare(a.Done, b.Done), cmp.Compare(a.Outcome, b.Outcome))
}

// phases cuts the attempt at its marks. last is the end of what was seen, for
// records that break off.
func (v *view) phases(marks []bench.Mark, last int64) {
	for _, m := range marks {
		t := bounded(m.T)
		last = max(last, t)
		if m.Name == bench.MarkDiskCap && v.disk == "" {
			v.disk = clean(m.Note)
		}
		if m.Name == bench.MarkBroken {
			v.breaks = append(v.breaks, bench.Mark{T: t, Name: m.Name, Note: m.Note})
		}
		if m.Name == bench.MarkSignal {
			v.signals = append(v.signals, bench.Mark{T: t, Name: m.Name, Note: m.Note, PID: m.PID})
		}
		if m.Name == bench.MarkLogUnread && v.unread == nil {
			v.unread = &m
		}
		if m.Name == bench.MarkMemoryCap && m.PID > 0 {
			v.capped = append(v.capped, bench.Mark{T: t, Name: m.Name, Note: m.Note, PID: m.PID})
		}
		if old, ok := v.marks[m.Name]; !ok || t < old {
			v.marks[m.Name] = t
		}
	}
	v.last = last
	slices.SortStableFunc(v.signals, func(a, b bench.Mark) int { return cmp.Or(cmp.Compare(a.T, b.T), cmp.Compare(a.Note, b.Note)) })
	slices.SortStableFunc(v.capped, func(a, b bench.Mark) int { return cmp.Or(cmp.Compare(a.T, b.T), cmp.Compare(a.PID, b.PID)) })
	v.end = v.first(last, bench.MarkShutdown, bench.MarkEnd)
	if from, ok := v.marks[bench.MarkBaseline]; ok {
		// Without a later mark the record breaks off inside the baseline.
		v.baseline = span{from, v.first(from, bench.MarkAgeing, bench.MarkFault, bench.MarkShutdown, bench.MarkEnd)}
		// The load may begin a moment after the mark: seconds are counted from
		// the first victim, or the first of them would seem to lack some.
		if early := within(v.victims, span{from, min(from+second, v.baseline.to)}); len(early) > 0 {
			v.baseline.from = early[0].Due
		}
	}
	from, began := v.marks[bench.MarkFault]
	to, ended := v.marks[bench.MarkRecovery]
	if began && ended {
		v.fault = span{from, to}
		v.recovery = span{to, max(to, v.end)}
		if long := bounded(int64(v.head.Phases.Recovery)); long > 0 {
			// Between its end and the shutdown mark no victim is due.
			v.recovery.to = min(v.recovery.to, to+long)
		}
	}
}

// goneFrom is since when the fault has taken the server away for good; never = it has not.
func (v *view) goneFrom() int64 {
	if v.spared.to == never {
		return v.spared.from
	}
	return never
}

func (v *view) goneForGood(t int64) bool { return t >= v.goneFrom() }

// first gives the time of the first of the named marks that exists, in the
// order named, or fallback.
func (v *view) first(fallback int64, names ...bench.MarkName) int64 {
	for _, n := range names {
		if t, ok := v.marks[n]; ok {
			return t
		}
	}
	return fallback
}

// perSecond is how many faults a second the scenario means: R·p.
func (v *view) perSecond() float64 { return v.head.PerSecond() }

// within gives the samples due in s; list is ascending by Due.
func within(list []bench.Sample, s span) []bench.Sample {
	if s.empty() {
		return nil
	}
	byDue := func(x bench.Sample, t int64) int { return cmp.Compare(x.Due, t) }
	i, _ := slices.BinarySearchFunc(list, s.from, byDue)
	j, _ := slices.BinarySearchFunc(list, s.to, byDue)
	return list[i:j]
}

// looks are the vitals within s, ascending; false if they are too few to say how something
// went on.
func (v *view) looks(s span) ([]bench.Vital, bool) {
	var looks []bench.Vital
	for _, x := range v.vitals {
		if s.holds(x.T) {
			looks = append(looks, x)
		}
	}
	return looks, len(looks) >= leastLooks && looks[len(looks)-1].T > looks[0].T
}

func bounded(t int64) int64 { return min(max(t, 0), maxTime) }

func seconds(ns int64) float64 { return float64(ns) / float64(second) }
