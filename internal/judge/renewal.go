package judge

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"benchrun/internal/bench"
)

// renewal is what became of the workers after each signal that is to replace them.
type renewal struct {
	signals int
	late    int   // of these, not followed by a whole renewal within the limit
	young   int   // not followed by one, and the record ends before the limit
	due     int64 // when the limit of the last young one ends
	whole   int64 // when the last renewal was whole
	longest int64 // until a renewal was whole, or until it was given up, ns
	why     string
}

// member is a process of the tree, from its birth to its death.
type member struct {
	life
	pid    int
	kind   kind
	served int64 // when it was first seen to serve; never = it was not
}

// kind is what workers of one pool have in common.
type kind struct {
	ppid int
	name string
}

// members are all processes of the tree. A pid that is used again counts as one
// process for each life.
func (v *view) members() []member {
	var all []member
	open := map[int]int{}
	for _, e := range v.procs {
		i, lives := open[e.PID]
		switch {
		case e.Event == bench.Born && !lives:
			open[e.PID] = len(all)
			all = append(all, member{life{e.T, never}, e.PID, kind{e.PPID, e.Name}, never})
		case e.Event == bench.Died && lives:
			all[i].to = e.T
			delete(open, e.PID)
		}
	}
	see := func(pid int, t int64) {
		for i := range all {
			if m := &all[i]; m.pid == pid && m.from <= t && t <= m.to {
				m.served = min(m.served, t)
			}
		}
	}
	for _, pid := range v.boot.PIDs {
		see(pid, v.baseline.from)
	}
	for _, list := range [][]bench.Sample{v.victims, v.provokers} {
		seen := map[int]int64{} // a process answers many: its first answer of each second is enough
		for _, s := range list {
			if t := max(s.Done, s.Due); s.PID > 0 && (seen[s.PID] == 0 || t-seen[s.PID] > second) {
				seen[s.PID] = t
				see(s.PID, t)
			}
		}
	}
	return all
}

// renewal looks after each signal for the end of every process that had served,
// and for new ones in their place. A new one counts once it has served, or is a
// child of the same parent by the same name: under an uneven load some wait long
// for their first request.
func (v *view) renewal() renewal {
	r := renewal{signals: len(v.signals)}
	limit := int64(v.head.Traits.Expects.SettleLimit(v.head.Target.Claims))
	if !v.head.Traits.Expects.BySignal() || len(v.signals) == 0 {
		return renewal{}
	}
	all := v.members()
	look := func(signal bench.Mark) (int64, string) { return v.renewed(all, signal.T, limit) }
	if v.head.Traits.Expects == bench.ExpectsReplacement {
		turnover := v.turnover(all, v.signals[0].T)
		look = func(signal bench.Mark) (int64, string) { return turnover.replaced(signal, limit) }
	}
	for _, signal := range v.signals {
		at, why := look(signal)
		switch {
		case at >= 0:
			r.longest = max(r.longest, at-signal.T)
			r.whole = max(r.whole, at)
		case signal.T+limit > v.end:
			r.young++
			r.due = max(r.due, signal.T+limit)
			r.longest = max(r.longest, v.end-signal.T)
		default:
			r.late++
			r.longest = max(r.longest, limit)
			if r.why == "" {
				r.why = why
			}
		}
	}
	return r
}

// renewed is when every worker that had served before time t had been replaced; -1 =
// it was not within limit, and why.
func (v *view) renewed(all []member, t, limit int64) (at int64, why string) {
	at = t
	kinds := map[kind]bool{}
	left := 0
	for _, m := range all {
		if m.served >= t || m.from >= t || m.to <= t {
			continue
		}
		kinds[m.kind] = true
		if at = max(at, m.to); m.to > t+limit {
			left++
		}
	}
	if left > 0 {
		return -1, bench.Things(left, "worker that had served was", "workers that had served were") + " still there"
	}
	need := max(1, v.head.Target.Workers)
	var births []int64
	for _, m := range all {
		if m.from >= t && (m.served < never || kinds[m.kind]) && m.to > at {
			births = append(births, m.from)
		}
	}
	slices.Sort(births)
	if len(births) < need || births[need-1] > t+limit {
		return -1, fmt.Sprintf("%s of %s came in their place", bench.Grouped(len(births)), bench.Things(need, "new worker", "new workers"))
	}
	return max(at, births[need-1]), ""
}

// notReplacedWords: "workers not replaced: after 2 of 3 signals, within 14 s: 4
// workers that had served were still there".
func (f *facts) notReplacedWords() string {
	r := f.renewal
	if r.late == 0 {
		return ""
	}
	return fmt.Sprintf(bench.NotReplaced+": after %s of %s, within %s s: %s", bench.Grouped(r.late), bench.Things(r.signals, "signal", "signals"),
		figure(f.v.head.Traits.Expects.SettleLimit(f.v.head.Target.Claims).Seconds(), 1), r.why)
}

// Settled says that nothing is left to wait for in a recovery: every worker that is
// to be replaced was, long enough ago to see what is left, or will not be, or the
// attempt has failed already; and nothing stays of clients that are gone.
func Settled(rec *bench.Record) bool {
	v := newView(rec)
	_, failed := v.marks[bench.MarkCurtailed]
	switch expects := v.head.Traits.Expects; {
	case failed:
		return true
	case v.head.Any(func(t bench.Traits) bool { return t.Vanishes }):
		f := factsOf(v)
		return v.isBack() && v.respawned() && (!f.left.due || f.left.known && f.leftWords() == "")
	case v.head.Traits.Returns:
		return v.isBack()
	case v.head.Any(kills):
		return v.respawned()
	case v.head.Traits.Refuses:
		return v.repaired != nil || len(v.signals) == 0
	case len(v.signals) == 0:
		return true
	case expects == bench.ExpectsEnd:
		return v.stop != nil
	case expects == bench.ExpectsTakeover:
		return v.again != nil
	case !expects.BySignal():
		return true
	}
	return v.end >= v.renewal().settled() && v.isBack()
}

// SettledBy is when a recovery will be Settled at the latest, if no worker is replaced
// any more and the server keeps what it has.
func SettledBy(rec *bench.Record) int64 {
	v := newView(rec)
	if v.mustBeBack() || v.head.Any(func(t bench.Traits) bool { return t.Vanishes }) {
		return v.recovery.from + int64(v.head.Phases.Recovery)
	}
	if v.head.Any(kills) {
		return v.recovery.from + int64(bench.RespawnLimit)
	}
	if v.head.Traits.Expects.TakesAway() && len(v.signals) > 0 {
		return v.signals[0].T + int64(v.head.Traits.Expects.SettleLimit(v.head.Target.Claims))
	}
	if v.head.Traits.Refuses {
		return v.first(v.end, bench.MarkRepaired) + int64(v.head.Traits.Expects.SettleLimit(v.head.Target.Claims))
	}
	return v.renewal().settled()
}

// settled is when nothing is left to wait for, by what is known so far.
func (r renewal) settled() int64 {
	if r.young > 0 {
		return r.due
	}
	return r.whole + levelSpan
}

// straySilent are the losses that a stalled host can cause. The server causes all
// others: it, or the kernel on its behalf, refused, broke off or answered
// wrongly.
var straySilent = []bench.Outcome{bench.Late, bench.TimedOut}

// strays are the requests lost to faults that should cost nobody anything.
type strays struct {
	victims int
	how     map[bench.Outcome]int
	honest  int // of the fault's own
	queued  int // of the requests that waited when it came
	usual   int // victims that would be lost at the baseline's rate
}

// strayLosses counts the victims due in valid seconds from the first fault to the
// end of the recovery that the server turned away, and the fault's own requests.
func (f *facts) strayLosses() strays {
	s := strays{how: map[bench.Outcome]int{}}
	v := f.v
	always := v.head.Traits.Expects == bench.ExpectsTurnover
	if !v.head.Traits.Spares || v.fault.empty() || len(f.faults.times) == 0 && !always {
		return s
	}
	lost := func(bins []bench.Bin, from int64) (n, of int) {
		if len(bins) == 0 {
			return 0, 0
		}
		for _, x := range within(v.victims, span{max(bins[0].From, from), bins[len(bins)-1].To}) {
			if !validAt(bins, x.Due) {
				continue
			}
			of++
			if slices.Contains(bench.VictimLosses, x.Outcome) && !slices.Contains(straySilent, x.Outcome) {
				n++
				if from > 0 {
					s.how[x.Outcome]++
				}
			}
		}
		return n, of
	}
	if v.beside != nil {
		s.queued = max(0, v.beside.Lost())
	}
	due, all, from := 0, [][]bench.Bin{f.bins, v.bins(v.recovery.from, v.recovery.to)}, f.faults.first-second/10 // what was in flight when the fault came
	if always {
		all, from = append(all, f.baseBins), v.baseline.from
	}
	for _, bins := range all {
		n, of := lost(bins, from)
		s.victims, due = s.victims+n, due+of
	}
	if always { // no request was sent without the fault
		s.honest = f.honest.lost
		return s
	}
	if before, of := lost(f.baseBins, 0); before > 0 {
		s.usual = (before*due + of - 1) / of
	}
	s.honest = f.honest.lost
	return s
}

// turnedOver says that the baseline was under the fault too: workers are to end all the time, and
// some did. What it lost may have been lost to that.
func (f *facts) turnedOver() bool {
	v := f.v
	return v.head.Traits.Expects == bench.ExpectsTurnover && len(v.ends(v.baseline, true, nil))+len(v.ends(v.baseline, false, nil)) > 0
}

// turnoverWords is strayWords of a server that lost so many in such a baseline that nothing else
// need be told of it.
func (f *facts) turnoverWords() string {
	if !f.base.below(heldPercent) || !f.turnedOver() {
		return ""
	}
	return f.strayWords()
}

// strayWords: "requests lost: 3 of 1,400 …". A single one decides nothing;
// oneStrayWords reports it.
func (f *facts) strayWords() string {
	s := f.strays
	if s.victims+s.honest+s.queued <= 1+s.usual {
		return ""
	}
	return bench.RequestsLost + ": " + f.strayParts() + "; a fault that is planned need cost nobody"
}

// oneStrayWords tells of a request that was lost alone, or of as many as the baseline
// lost.
func (f *facts) oneStrayWords() string {
	lost := "lost " + f.strayParts() + " although the fault is planned; "
	switch n := f.strays.victims + f.strays.honest + f.strays.queued; n {
	case 0:
		return ""
	case 1:
		return lost + "one alone decides nothing"
	}
	return lost + "without a fault, the baseline loses requests at that rate"
}

// strayParts: "3 victims (2 reset, 1 refused) and 1 of 3 requests of the fault (1
// cut off)".
func (f *facts) strayParts() string {
	s := f.strays
	var parts []string
	if s.victims > 0 {
		var how []string
		for _, o := range bench.VictimLosses {
			if n := s.how[o]; n > 0 {
				how = append(how, bench.Grouped(n)+" "+string(o))
			}
		}
		parts = append(parts, bench.Things(s.victims, "victim", "victims")+" ("+strings.Join(how, ", ")+")")
	}
	if s.honest > 0 {
		var how []string
		for _, what := range slices.Sorted(maps.Keys(f.honest.how)) {
			how = append(how, bench.Grouped(f.honest.how[what])+" "+what)
		}
		parts = append(parts, bench.Grouped(s.honest)+" of "+bench.Things(f.honest.due, "request", "requests")+" of the fault ("+strings.Join(how, ", ")+")")
	}
	if s.queued > 0 {
		parts = append(parts, bench.Grouped(s.queued)+" of "+bench.Things(f.v.beside.Queued, "request", "requests")+" in the queue")
	}
	return strings.Join(parts, " and ")
}
