package judge

import (
	"cmp"
	"slices"

	"benchrun/internal/bench"
)

// unknownTau stands in for a watchdog that was neither probed nor documented.
const unknownTau = 5.0

// tau is how long one fault holds its slot, in seconds: the family's own hold, or
// the watchdog's time if that is shorter. known is false when it is only a lower
// bound: no watchdog was seen while the probe looked. If the documented watchdog
// is longer than the probe looked, that explains it, and tau uses the documented
// time; claims explain, they decide nothing.
func tau(h bench.Head) (s float64, known bool) {
	p, c := h.Target.Probe, h.Target.Claims
	switch {
	case p.Watchdog > 0 && !p.WatchdogCensored:
		s, known = p.Watchdog, true
	case c.Watchdog > p.Watchdog:
		s, known = c.Watchdog, true
	case p.Watchdog > 0:
		s = p.Watchdog
	}
	if own := h.Traits.OwnHold().Seconds(); own > 0 && (h.Traits.CutOff || !known || own < s) {
		return own, true
	}
	return s, known
}

// patience is the age from which a wedge can tell whether its slot comes back:
// 2·τ, in seconds.
func patience(h bench.Head) float64 {
	s, _ := tau(h)
	if s <= 0 {
		s = unknownTau
	}
	return 2 * s
}

// wedges is what became of the requests that held a slot, or may have.
type wedges struct {
	known     bool      // app faults that hold: there are receipts to go by
	total     int       // start receipts
	open      int       // slots never given back, old enough or not
	old       int       // of the total, old enough to tell
	back      []float64 // of the old, seconds until the slot came back, ascending
	still     []float64 // of the old, ages of those that still hold, ascending
	mostHeld  int       // at once
	filled    int64     // when all slots were first held at once; -1 = never, or slots unknown
	fillCount int       // slots that were held then
	beside    int       // without receipts: most that were open throughout a second whose victims were served; 0 = no such second
	held      []change  // each slot that was taken, and given back
	openings  []span    // without receipts: when each request was open
}

// wedge is one request that took a slot.
type wedge struct {
	nonce    string
	pid, tid int
}

// reclaim follows every wedge from its start receipt until its slot came back:
// its end receipt, or its thread or process gone. What comes after SIGTERM
// proves nothing and is left out. Without receipts nobody knows what holds a slot:
// then it only counts the requests that were open. bins are those of the fault phase.
func (v *view) reclaim(bins []bench.Bin) wedges {
	w := wedges{filled: -1}
	if !v.head.Traits.HoldsSlot() {
		return w
	}
	if !v.head.Traits.Proof.ByReceipt() {
		w.openings = v.openRequests()
		w.mostHeld, w.beside = mostAtOnce(w.openings), servedBeside(w.openings, bins)
		return w
	}
	w.known = true
	gone, free := map[wedge]int64{}, map[wedge]bool{}
	for _, r := range v.receipts {
		key := wedge{r.Nonce, r.PID, r.TID}
		if v.head.Traits.Free > 0 && r.Event == bench.ReceiptEnd { // one that waits goes on until its process ends
			free[key] = true
		}
		if _, ok := gone[key]; r.Event != bench.ReceiptStart && !ok && r.T <= v.end {
			gone[key] = r.T
		}
	}
	old := patience(v.head)
	var held []change
	for _, r := range v.receipts {
		if r.Event != bench.ReceiptStart || r.Fault != v.head.Traits.Receipt || r.T > v.end || free[wedge{r.Nonce, r.PID, r.TID}] {
			continue
		}
		w.total++
		held = append(held, change{r.T, 1})
		end, back := gone[wedge{r.Nonce, r.PID, r.TID}]
		back = back && end >= r.T
		if back {
			held = append(held, change{end, -1})
		} else {
			w.open++
		}
		age := seconds(v.end - r.T)
		switch {
		case age < old: // too young to tell, either way
		case back:
			w.old++
			w.back = append(w.back, seconds(end-r.T))
		default:
			w.old++
			w.still = append(w.still, age)
		}
	}
	slices.Sort(w.back)
	slices.Sort(w.still)
	w.held = held
	w.occupancy(held, v.head.Target.Probe)
	return w
}

// change is a slot taken (+1) or given back (−1).
type change struct {
	t int64
	d int
}

// occupancy finds how many slots were held at once, and when it was all.
func (w *wedges) occupancy(held []change, p bench.Probe) {
	slices.SortFunc(held, func(a, b change) int { return cmp.Or(cmp.Compare(a.t, b.t), cmp.Compare(a.d, b.d)) })
	now := 0
	for _, c := range held {
		now += c.d
		w.mostHeld = max(w.mostHeld, now)
		if w.filled < 0 && p.Slots > 0 && !p.Unbounded && now >= p.Slots {
			w.filled, w.fillCount = c.t, now
		}
	}
}

// median of the times until a slot came back, over the wedges old enough to
// tell. Those that still hold lie above their age; where they are the middle,
// bound is true and s is a time that the median is surely above.
func (w wedges) median() (s float64, bound bool) {
	i := (w.old - 1) / 2
	if i < len(w.back) {
		return w.back[i], false
	}
	all := slices.Concat(w.back, w.still)
	slices.Sort(all)
	return all[i], true
}
