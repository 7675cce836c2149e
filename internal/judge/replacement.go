package judge

import (
	"slices"

	"benchrun/internal/bench"
)

// turnover is which workers came and went since the first fault that is to end one.
type turnover struct {
	workers []member // all that served, and those that came since and are of their kind
	ends    []int64  // when workers ended, ascending
	births  []int64  // when new ones came, ascending
	need    int      // so many at once are enough, whoever they are
}

// turnover looks at the processes that can serve, from the first fault to the end of the
// watch: what the shutdown ends is no matter of it.
func (v *view) turnover(all []member, first int64) turnover {
	t := turnover{need: max(1, v.head.Target.Workers)}
	kinds := map[kind]bool{}
	for _, m := range all {
		if m.from <= first && (m.served < never || v.got(m)) {
			kinds[m.kind] = true
		}
	}
	for _, m := range all {
		fresh := m.from > first
		if serves := m.served < never || v.got(m) || fresh && kinds[m.kind]; !serves || m.from > v.end {
			continue
		}
		if m.to > v.end {
			m.to = never
		}
		t.workers = append(t.workers, m)
		if fresh {
			t.births = append(t.births, m.from)
		}
		if m.to > first && m.to < never {
			t.ends = append(t.ends, m.to)
		}
	}
	slices.Sort(t.births)
	slices.Sort(t.ends)
	return t
}

// got says that a process got a signal.
func (v *view) got(m member) bool {
	return slices.ContainsFunc(v.signals, func(s bench.Mark) bool { return s.PID == m.pid && m.holds(s.T) })
}

// replaced is when the worker that got a signal was gone and another was there in its
// place; -1 = it was not within limit, and why. The first that ends is replaced by the
// first that comes, the second by the second. A server that has enough workers left
// need not start another.
func (t turnover) replaced(signal bench.Mark, limit int64) (at int64, why string) {
	gone := never
	for _, m := range t.workers {
		if m.pid == signal.PID && m.holds(signal.T) {
			gone = m.to
		}
	}
	if gone > signal.T+limit {
		return -1, "the worker that got the signal was still there"
	}
	if at := t.enough(gone, signal.T+limit); at >= 0 {
		return at, ""
	}
	n, _ := slices.BinarySearch(t.ends, gone)
	if n >= len(t.births) || max(gone, t.births[n]) > signal.T+limit {
		return -1, "no new worker came in its place"
	}
	return max(gone, t.births[n]), ""
}

// enough is when, between two times, there were first as many workers as the target
// should have; -1 = at no time.
func (t turnover) enough(from, until int64) int64 {
	for _, at := range append([]int64{from}, t.births...) {
		n := 0
		for _, m := range t.workers {
			if m.holds(at) {
				n++
			}
		}
		if from <= at && at <= until && n >= t.need {
			return at
		}
	}
	return -1
}
