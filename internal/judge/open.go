package judge

import (
	"cmp"
	"slices"

	"benchrun/internal/bench"
)

// A client of a fault without receipts proves that it is connected, and not that it holds
// a slot: the server may read for it beside its workers.

// openRequests is when each request of the fault was open.
func (v *view) openRequests() []span {
	var open []span
	for _, s := range slices.Concat(v.ageing, within(v.provokers, v.fault)) {
		if s.Sent == 0 || s.Outcome == bench.NoConnect || s.Outcome == bench.Unsent {
			continue
		}
		is := span{s.Sent, never}
		if s.Done > 0 {
			is.to = max(s.Done, s.Sent)
		}
		open = append(open, is)
	}
	return open
}

// mostAtOnce is how many of them were open at once, at most.
func mostAtOnce(open []span) int {
	changes := make([]change, 0, 2*len(open))
	for _, s := range open {
		changes = append(changes, change{s.from, 1}, change{s.to, -1})
	}
	var w wedges
	w.occupancy(changes, bench.Probe{})
	return w.mostHeld
}

// servedBeside is how many of them were open throughout one valid second whose victims
// were served, at most. It counts the same requests for the whole second: where one ends
// and another begins, a victim may have had the slot in between.
func servedBeside(open []span, bins []bench.Bin) int {
	begin, end := make([]int, len(bins)+1), make([]int, len(bins)+1)
	for _, s := range open {
		first, _ := slices.BinarySearchFunc(bins, s.from, func(b bench.Bin, t int64) int { return cmp.Compare(b.From, t) })
		after, _ := slices.BinarySearchFunc(bins, s.to, func(b bench.Bin, t int64) int {
			if b.To <= t {
				return -1
			}
			return 1
		})
		if first < after {
			begin[first]++
			end[after]++
		}
	}
	most, now := 0, 0
	for i, b := range bins {
		now += begin[i] - end[i]
		if b.Valid && b.Scheduled > 0 && !bad(b) {
			most = max(most, now)
		}
	}
	return most
}

// holdNone says that the requests of the fault did not hold a slot each: victims were
// served while more of them were open than there are slots.
func (f *facts) holdNone() bool {
	p := f.v.head.Target.Probe
	return !f.wedges.known && p.Slots > 0 && !p.Unbounded && f.wedges.beside > p.Slots
}
