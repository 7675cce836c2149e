package judge

import (
	"fmt"
	"slices"

	"benchrun/internal/bench"
)

// keptPercent is the share of what can be kept of a leak that is too much to keep until
// the recovery ends.
const keptPercent = 50

// leaking are the parts whose faults leave something behind: one of them, or none.
func (f *facts) leaking() []part {
	return slices.DeleteFunc(slices.Clone(f.parts), func(p part) bool { return p.head.Traits.Leaked().Amount == 0 })
}

// leaked is what the delivered faults have left behind, all together.
func (f *facts) leaked() bench.Leak {
	var all bench.Leak
	for _, p := range f.leaking() {
		each := p.head.Traits.Leaked()
		all.Of = each.Of
		all.Amount += int64(len(p.faults.times)) * max(0, each.Amount)
	}
	return all
}

// leakToldApart says that what is kept of a leak can be told from what other parts of a
// mix take: their slots need descriptors, threads or processes too.
func (f *facts) leakToldApart() bool {
	return !f.mixed() || f.leaked().Of == bench.ResourceMemory || f.toldApart(float64(f.keepable())*keptPercent/100)
}

// keepable is how much of that a server can keep: at most the room below its limit.
// Otherwise a leak larger than the limit would always seem to be kept in small
// part.
func (f *facts) keepable() int64 {
	leaked := f.leaked()
	takes := leaked.Of
	if takes == bench.ResourceProcesses { // the limit is about threads, and each process has one at least
		takes = bench.ResourceThreads
	}
	most := f.limit(takes)
	before, ok := f.had(takes, f.v.baseline)
	if most <= 0 || !ok {
		return leaked.Amount
	}
	return min(leaked.Amount, max(0, most-before)+f.freed())
}

// freed is how much was left behind in processes that have ended since, which made room
// for more. A server that replaces a process at its limit is not one that stays there.
// Memory at its cap is another matter (leakedToCap).
func (f *facts) freed() int64 {
	freed, died := int64(0), f.v.deathTimes()
	for _, p := range f.leaking() {
		each := p.head.Traits.Leaked()
		if each.Of == bench.ResourceMemory {
			continue
		}
		starts := p.starts()
		for _, s := range within(p.provokers, f.v.fault) {
			if slices.ContainsFunc(starts[s.Nonce], func(r bench.Receipt) bool {
				gone, dead := died[r.PID]
				return dead && gone >= r.T && gone <= f.v.recovery.to
			}) {
				freed += max(0, each.Amount)
			}
		}
	}
	return freed
}

// limit is how much of a resource the processes that serve may have together; 0 = as
// much as they like.
func (f *facts) limit(of bench.Resource) int64 {
	l := f.v.head.Limits
	switch of {
	case bench.ResourceMemory:
		return l.MemoryBytes
	case bench.ResourceFDs: // the limit is each process's own
		return int64(min(l.NoFile, maxLeak)) * int64(max(1, len(f.v.boot.PIDs)))
	case bench.ResourceThreads, bench.ResourceProcesses:
		return int64(l.PIDs)
	}
	return 0
}

// had is how much of a resource the tree has at the end of a phase. It is false where
// that was not seen.
func (f *facts) had(of bench.Resource, phase span) (n int64, ok bool) {
	if of == bench.ResourceMemory {
		return f.v.lastMemory(phase)
	}
	l, ok := f.v.level(span{phase.to - levelSpan, phase.to}, f.v.bins(phase.from, phase.to))
	switch of {
	case bench.ResourceFDs:
		return int64(l[0]), ok
	case bench.ResourceThreads:
		return int64(l[1]), ok
	case bench.ResourceProcesses:
		return int64(l[5]), ok
	}
	return 0, false
}

// kept is how much more of a resource is in use at the end of the recovery than at that
// of the baseline. It is false where that was not seen.
func (f *facts) kept(of bench.Resource) (n int64, ok bool) {
	before, ok1 := f.had(of, f.v.baseline)
	after, ok2 := f.had(of, f.v.recovery)
	return after - before, ok1 && ok2
}

// endedAtCap says that benchrun ended the target above its memory cap, because no
// memory cgroup could.
func (f *facts) endedAtCap() bool {
	return slices.ContainsFunc(f.v.doubts, func(d bench.Doubt) bool { return whole(d) && d.Cause == bench.DoubtMemoryCap })
}

// whole says that a doubt is about the whole record.
func whole(d bench.Doubt) bool { return d.From == 0 && d.To == 0 }

// leakedToCap says that what leaked was kept until processes of the target were
// ended at its memory cap, by the kernel or by benchrun. That the memory is free
// afterwards is not the server's merit.
func (f *facts) leakedToCap() bool {
	leaked, most := f.leaked(), f.v.head.Limits.MemoryBytes
	if leaked.Of != bench.ResourceMemory || leaked.Amount == 0 || most <= 0 {
		return false
	}
	if _, capped := f.v.marks[bench.MarkMemoryCap]; capped {
		return true
	}
	before, ok := f.v.lastMemory(f.v.baseline)
	return ok && before <= most && f.endedAtCap()
}

// keptShare is how much of what could be kept was, in percent; false where that
// was not seen.
func (f *facts) keptShare() (percent float64, ok bool) {
	if f.leakedToCap() {
		return 100, true
	}
	kept, ok := f.kept(f.leaked().Of)
	if keepable := f.keepable(); ok && keepable > 0 && f.leakToldApart() {
		return 100 * float64(kept) / float64(keepable), true
	}
	return 0, false
}

// rateKept returns Held if little of what leaked is still there, or nothing leaked.
func (f *facts) rateKept() (bench.Verdict, string) {
	leaked, keepable := f.leaked(), f.keepable()
	if leaked.Amount == 0 || !f.leakToldApart() {
		return bench.Held, ""
	}
	if f.leakedToCap() {
		words := fmt.Sprintf(bench.MemoryKept+": all of it, up to the cap of %s MiB", figure(mib(f.v.head.Limits.MemoryBytes), 0))
		if f.endedAtCap() {
			words += ", where benchrun ended the server: what was lost after that is no further fault of it"
		}
		return bench.Failed, words
	}
	rule, limit, unit := bench.LeakKept, "limit", resourceWords[leaked.Of]
	if leaked.Of == bench.ResourceMemory {
		rule, limit, unit = bench.MemoryKept, "cap", bench.Words{"memory", "memory"}
	}
	kept, ok := f.kept(leaked.Of)
	switch {
	case !ok:
		return bench.Invalid, "what is left of the leaked " + unit[1] + " was not measured"
	case keepable == 0:
		return bench.Invalid, fmt.Sprintf("no room to keep %s: before any fault all of the %s were in use", unit[1],
			amountWords(bench.Leak{Of: leaked.Of, Amount: f.limit(leaked.Of)}))
	case float64(kept)*100 < float64(keepable)*keptPercent:
		return bench.Held, ""
	}
	words := fmt.Sprintf("%s: %s of %s", rule, amount(bench.Leak{Of: leaked.Of, Amount: kept}), amountWords(leaked))
	if keepable < leaked.Amount {
		words += fmt.Sprintf(", %s of which had room under the %s", amount(bench.Leak{Of: leaked.Of, Amount: keepable}), limit)
	}
	return bench.Failed, words
}

// resourceWords are the units in which resources are counted.
var resourceWords = map[bench.Resource]bench.Words{
	bench.ResourceMemory:    {"MiB", "MiB"},
	bench.ResourceFDs:       {"descriptor", "descriptors"},
	bench.ResourceThreads:   {"thread", "threads"},
	bench.ResourceProcesses: {"process", "processes"},
}

// amount is how much of a resource, without its unit.
func amount(l bench.Leak) string {
	if l.Of == bench.ResourceMemory {
		return figure(mib(l.Amount), 0)
	}
	return bench.Grouped(int(l.Amount))
}

// amountWords: "96 MiB", "1,920 descriptors".
func amountWords(l bench.Leak) string {
	unit := resourceWords[l.Of]
	if l.Amount == 1 {
		return amount(l) + " " + unit[0]
	}
	return amount(l) + " " + unit[1]
}
