package judge

import (
	"fmt"
	"strings"

	"benchrun/internal/bench"
)

// shortageSpan is how much of the end of the fault phase says what a server does that is
// full: by then its room is taken.
const shortageSpan = 5 * second

// What a full server does beyond what it did before is worth a sentence.
const (
	busyCPUs  = 0.8     // CPUs more: a loop without a pause
	floodRate = 100_000 // bytes a second more of log
)

// floodFailed is how much of a log, bytes a second more, is no line for each client any more:
// some kilobytes for each of those who ask in vain are less.
const floodFailed = 1_000_000

// shortage is what a server does that clients fill, at the end of the fault phase and
// before any fault.
type shortage struct {
	cpus, cpusBefore float64 // on average
	log, logBefore   float64 // bytes a second
	cpuKnown, known  bool
}

func (v *view) shortage() shortage {
	var s shortage
	if t := v.head.Traits; !t.Fills || !t.Vanishes || v.fault.empty() {
		return s
	}
	full := span{max(v.fault.from, v.fault.to-shortageSpan), v.fault.to}
	var ok1, ok2 bool
	s.cpusBefore, ok1 = v.cpus(v.baseline)
	s.cpus, ok2 = v.cpus(full)
	s.cpuKnown = ok1 && ok2
	s.logBefore, ok1 = v.logRate(v.baseline)
	s.log, ok2 = v.logRate(full)
	s.known = ok1 && ok2
	return s
}

// others is how many workers were there beside the one that the signal took, where nobody could
// be started in its place for a while: these go on.
func (v *view) others() int {
	if t := v.head.Traits; !t.Fills || t.Expects != bench.ExpectsReplacement || len(v.signals) == 0 {
		return 0
	}
	n, signal := 0, v.signals[0]
	for _, m := range v.members() {
		if m.pid != signal.PID && m.holds(signal.T) && m.served < signal.T {
			n++
		}
	}
	return n
}

// othersWords: "3 other workers were there meanwhile"; "" if these have served.
func (f *facts) othersWords() string {
	switch {
	case f.others == 0 || !f.fault.below(heldPercent):
		return ""
	case f.others == 1:
		return "another worker was there meanwhile"
	}
	return bench.Grouped(f.others) + " other workers were there meanwhile"
}

// logRate is how many bytes a second the server wrote to its log within s.
func (v *view) logRate(s span) (rate float64, ok bool) {
	looks, ok := v.looks(s)
	if !ok {
		return 0, false
	}
	first, last, grown := looks[0], looks[0], int64(0)
	for _, x := range looks[1:] {
		grown += max(0, x.Log-last.Log) // less = benchrun has emptied it
		last = x
	}
	return float64(grown) / seconds(last.T-first.T), true
}

func (s shortage) burns() bool  { return s.cpuKnown && s.cpus-s.cpusBefore >= busyCPUs }
func (s shortage) floods() bool { return s.known && s.log-s.logBefore >= floodFailed }

// busyWords: "busy while full: it used 0.97 CPUs (0.05 before any fault), although it had nothing
// to do". It is "" of a server that has something to do, or does not do it.
func (f *facts) busyWords() string {
	s := f.v.shortage()
	if !f.v.head.Traits.Rests || !s.burns() && !s.floods() {
		return ""
	}
	return bench.BusyWhenFull + ": it " + s.does() + ", although it had nothing to do"
}

// words: "while it was full, it used 0.97 CPUs (0.05 before any fault) and wrote 1.2 MB a
// second to its log (0 before)". It is "" if it was quiet.
func (s shortage) words() string {
	if does := s.does(); does != "" {
		return "while it was full, it " + does
	}
	return ""
}

// does is what of it is worth words.
func (s shortage) does() string {
	var parts []string
	if s.burns() {
		parts = append(parts, fmt.Sprintf("used %s CPUs (%s before any fault)", figure(s.cpus, 2), figure(s.cpusBefore, 2)))
	}
	if s.known && s.log-s.logBefore >= floodRate {
		parts = append(parts, fmt.Sprintf("wrote %s MB a second to its log (%s before any fault)", figure(s.log/1e6, 1), figure(s.logBefore/1e6, 1)))
	}
	return strings.Join(parts, " and ")
}
