package judge

import (
	"fmt"
	"slices"

	"benchrun/internal/bench"
)

// keptPercent is the share of the keepable memory that is too much to keep until
// the recovery ends.
const keptPercent = 50

// leaked is how much the delivered faults have leaked, bytes.
func (f *facts) leaked() int64 {
	return int64(len(f.faults.times)) * max(0, f.v.head.Traits.LeakBytes)
}

// keepable is how much of that a server can keep: at most the room below its cap.
// Otherwise a leak larger than the cap would always seem to be kept in small
// part.
func (f *facts) keepable() int64 {
	leaked, most := f.leaked(), f.v.head.Limits.MemoryBytes
	before, ok := f.v.lastMemory(f.v.baseline)
	if most <= 0 || !ok {
		return leaked
	}
	return min(leaked, max(0, most-before))
}

// kept is how much more memory is in use at the end of the recovery than at that
// of the baseline, bytes. It is false where memory was not seen.
func (v *view) kept() (bytes int64, ok bool) {
	before, ok1 := v.lastMemory(v.baseline)
	after, ok2 := v.lastMemory(v.recovery)
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
	most := f.v.head.Limits.MemoryBytes
	if f.leaked() == 0 || most <= 0 {
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
	kept, ok := f.v.kept()
	if keepable := f.keepable(); ok && keepable > 0 {
		return 100 * float64(kept) / float64(keepable), true
	}
	return 0, false
}

// rateMemory returns Held if little of the leaked memory is still there, or none
// was leaked.
func (f *facts) rateMemory() (bench.Verdict, string) {
	leaked, keepable := f.leaked(), f.keepable()
	if leaked == 0 {
		return bench.Held, ""
	}
	if f.leakedToCap() {
		words := fmt.Sprintf(bench.MemoryKept+": all of it, up to the cap of %s MiB", figure(mib(f.v.head.Limits.MemoryBytes), 0))
		if f.endedAtCap() {
			words += ", where benchrun ended the server: what was lost after that is no further fault of it"
		}
		return bench.Failed, words
	}
	kept, ok := f.v.kept()
	switch {
	case !ok:
		return bench.Invalid, "what is left of the leaked memory was not measured"
	case keepable == 0:
		return bench.Invalid, fmt.Sprintf("no room to keep memory: before any fault all of the %s MiB were in use", figure(mib(f.v.head.Limits.MemoryBytes), 0))
	case float64(kept)*100 < float64(keepable)*keptPercent:
		return bench.Held, ""
	}
	words := fmt.Sprintf(bench.MemoryKept+": %s of %s MiB", figure(mib(kept), 0), figure(mib(leaked), 0))
	if keepable < leaked {
		words += fmt.Sprintf(", %s of which had room under the cap", figure(mib(keepable), 0))
	}
	return bench.Failed, words
}
