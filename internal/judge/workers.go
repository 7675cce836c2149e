package judge

import (
	"cmp"
	"maps"
	"slices"

	"benchrun/internal/bench"
)

// workers is what became of the processes that served. A worker is a process
// that answered a request or wrote a receipt; parents, trackers and helpers are
// none.
type workers struct {
	total  int     // distinct processes that served
	deaths int     // between baseline and shutdown
	causes []cause // of the deaths, most frequent first
	births int     // began to serve after the first fault
	start  int     // alive when the fault phase began
	least  int     // fewest alive at once since then
	final  int     // alive at the end of the watch
	// emptyFrom is since when none was left, to the end of the watch; -1 = some was.
	emptyFrom int64
}

// cause is how some workers ended.
type cause struct {
	words string // "SIGSEGV", "exit code 1", "an unknown cause"
	n     int
}

// never stands for a time that is later than any in a record.
const never = maxTime + 1

// life is when a process could serve: from its birth, or from its first answer
// where its birth was not seen, until its death.
type life struct{ from, to int64 }

func (l life) holds(t int64) bool { return l.from <= t && t < l.to }

func (v *view) workers(firstFault int64) workers {
	served := v.served()
	w := workers{total: len(served), emptyFrom: -1}
	born, deaths := map[int]int64{}, map[int][]bench.ProcEvent{}
	for _, e := range v.procs {
		switch e.Event {
		case bench.Born:
			if _, seen := born[e.PID]; !seen {
				born[e.PID] = e.T
			}
		case bench.Died:
			deaths[e.PID] = append(deaths[e.PID], e)
		}
	}
	byCause := map[string]int{}
	lives := make([]life, 0, len(served))
	for _, pid := range slices.Sorted(maps.Keys(served)) {
		l := life{served[pid], never}
		if t, ok := born[pid]; ok {
			l.from = min(l.from, t)
		}
		if firstFault >= 0 && l.from > firstFault {
			w.births++
		}
		for _, e := range deaths[pid] {
			if e.T < l.from {
				continue
			}
			l.to = e.T
			if v.baseline.from <= e.T && e.T < v.end {
				w.deaths++
				byCause[causeOf(e.Exit)]++
			}
			break
		}
		lives = append(lives, l)
	}
	for words, n := range byCause {
		w.causes = append(w.causes, cause{words, n})
	}
	slices.SortFunc(w.causes, func(a, b cause) int { return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.words, b.words)) })
	w.count(lives, span{v.fault.from, v.end})
	return w
}

// served gives each process that served, and when it was first seen to. The
// control's and the shutdown phase's answers are not in the view.
func (v *view) served() map[int]int64 {
	m := map[int]int64{}
	see := func(pid int, t int64) {
		if old, ok := m[pid]; pid > 0 && (!ok || t < old) {
			m[pid] = t
		}
	}
	for _, pid := range v.boot.PIDs {
		see(pid, 0)
	}
	for _, list := range [][]bench.Sample{v.victims, v.provokers, v.ageing} {
		for _, s := range list {
			see(s.PID, max(s.Done, s.Due))
		}
	}
	for _, r := range v.receipts {
		if r.Event == bench.ReceiptStart {
			see(r.PID, r.T)
		}
	}
	return m
}

// count walks through births and deaths to find how many were alive.
func (w *workers) count(lives []life, watch span) {
	var changes []change
	for _, l := range lives {
		if l.to <= watch.from || l.from >= watch.to {
			continue
		}
		if l.from <= watch.from {
			w.start++
		} else {
			changes = append(changes, change{l.from, 1})
		}
		if l.to < watch.to {
			changes = append(changes, change{l.to, -1})
		}
	}
	// At one instant births go first: a replacement made in time leaves no gap.
	slices.SortFunc(changes, func(a, b change) int { return cmp.Or(cmp.Compare(a.t, b.t), cmp.Compare(b.d, a.d)) })
	w.least, w.final = w.start, w.start
	if w.start == 0 {
		w.emptyFrom = watch.from
	}
	for _, c := range changes {
		w.final += c.d
		w.least = min(w.least, w.final)
		if w.final == 0 {
			w.emptyFrom = c.t
		} else {
			w.emptyFrom = -1
		}
	}
}

func causeOf(e *bench.ExitStatus) string {
	switch {
	case e == nil:
		return "an unknown cause"
	case e.Signal != "":
		return clean(e.Signal)
	}
	return "exit code " + bench.Grouped(e.Code)
}
