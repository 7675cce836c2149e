package html

import (
	"math"

	"benchrun/internal/bench"
)

// Why a second does not count.
const (
	whyControl   = "the control missed its SLO"
	whyUnsent    = "a request was never sent"
	whyLate      = "the generator was late"
	whyOutcome   = "a victim without a known outcome"
	whyNoControl = "no control probe"
	whyDoubt     = "doubt: "
	whyBeside    = "beside a second in which: "
)

// grid is the seconds of a timeline, whole ones counted from its zero.
type grid struct {
	line  timeline
	first int64    // index of the first second; -5 = five seconds before zero
	cause []string // what is wrong in each; one more at both ends
}

// count puts the victims into seconds. The rule by which a second does not
// count is that of docs/method.md, here for the whole watch: a stall of the
// host or the harness masks its second and both neighbours, a second without a
// control probe is masked alone.
func (l timeline) count(rec *bench.Record) []Second {
	if l.to <= l.from {
		return nil
	}
	g := grid{line: l, first: floor(l.from - l.zero)}
	n := int(floor(l.to-1-l.zero) - g.first + 1)
	g.cause = make([]string, n+2)
	seconds := make([]Second, n)
	for i := range seconds {
		from := l.zero + (g.first+int64(i))*second
		seconds[i] = Second{From: l.at(max(from, l.from)), To: l.at(min(from+second, l.to)), Counts: map[bench.Outcome]int{}}
	}
	due := make([]int, n)
	probes := make([]int, n)
	for _, d := range rec.Doubts {
		g.doubt(d)
	}
	for _, s := range rec.Samples {
		t := bounded(s.Due)
		slot := g.slot(t)
		if slot < 0 {
			continue
		}
		inside := slot > 0 && slot <= n && t >= l.from && t < l.to
		switch s.Role {
		case bench.RoleControl:
			if inside {
				probes[slot-1]++
			}
			if s.Outcome != bench.OK || s.Done == 0 || s.Done-s.Due > int64(bench.ControlSLO) {
				g.blame(slot, whyControl)
			}
		case bench.RoleVictim:
			g.blame(slot, generatorFault(s))
			if !known(s.Outcome) {
				g.blame(slot, whyOutcome)
			}
			if inside {
				due[slot-1]++
				seconds[slot-1].Counts[s.Outcome]++
			}
		case bench.RoleProvoker:
			if !l.recovered || (t >= l.fault[0] && t < l.fault[1]) {
				g.blame(slot, generatorFault(s))
			}
		}
	}
	whole := func(i int) bool { return seconds[i].To-seconds[i].From >= 1 }
	for i := range seconds {
		if whole(i) && due[i] < rec.Head.Rate {
			g.blame(i+1, whyUnsent)
		}
	}
	for i := range seconds {
		seconds[i].Why = g.why(i+1, probes[i] > 0 || !whole(i))
	}
	return seconds
}

// slot is the index into cause of time t, -1 for one further away than a
// neighbour.
func (g grid) slot(t int64) int {
	i := floor(t-g.line.zero) - g.first + 1
	if i < 0 || i >= int64(len(g.cause)) {
		return -1
	}
	return int(i)
}

func (g grid) blame(slot int, why string) {
	if g.cause[slot] == "" {
		g.cause[slot] = why
	}
}

func (g grid) doubt(d bench.Doubt) {
	if d.From == 0 && d.To == 0 {
		return // about the whole record: the verdict says so
	}
	from, to := bounded(d.From), bounded(d.To)
	if d.To < d.From { // never closed
		to = maxTime
	}
	begin := g.line.zero + (g.first-1)*second
	end := begin + int64(len(g.cause))*second
	if to < begin || from >= end {
		return
	}
	for i := g.slot(max(from, begin)); i <= g.slot(min(to, end-1)); i++ {
		g.blame(i, whyDoubt+d.Cause)
	}
}

func (g grid) why(slot int, probed bool) string {
	switch {
	case g.cause[slot] != "":
		return g.cause[slot]
	case !probed:
		return whyNoControl
	case g.cause[slot-1] != "":
		return whyBeside + g.cause[slot-1]
	case g.cause[slot+1] != "":
		return whyBeside + g.cause[slot+1]
	}
	return ""
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

func known(o bench.Outcome) bool {
	for _, b := range bands {
		for _, k := range b.outcomes {
			if k == o {
				return true
			}
		}
	}
	return false
}

// floor is the whole seconds of a time, downwards.
func floor(ns int64) int64 { return int64(math.Floor(float64(ns) / float64(second))) }
