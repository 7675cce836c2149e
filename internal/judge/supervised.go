package judge

import (
	"fmt"
	"slices"

	"benchrun/internal/bench"
)

// What follows is about targets whose server a supervisor starts, whichever it is.

// endedEachTime says that a server which was started with a broken app ended, as often as its
// supervisor started it again: the supervisor itself stays.
func (f *facts) endedEachTime() bool {
	a := f.v.again
	return a != nil && f.v.head.Target.Supervisor != nil && a.Exited == nil && !a.Ready && a.Starts > 1
}

// keptDownWords: "; started 6 times, 3 processes of the first start are still there, and
// python3 (pid 7) listens on the port".
func (f *facts) keptDownWords() string {
	a := f.v.again
	if a == nil {
		return ""
	}
	s := ""
	if a.Starts != 1 {
		s += "; started " + bench.Things(a.Starts, "time", "times")
	}
	if a.Orphans > 0 {
		is := "are"
		if a.Orphans == 1 {
			is = "is"
		}
		s += fmt.Sprintf("; %s of the first start %s still there", bench.Things(a.Orphans, "process", "processes"), is)
	}
	if a.Holder != "" {
		s += "; " + clean(a.Holder) + " listens on the port"
	}
	if dark, over := f.dark(); over {
		s += fmt.Sprintf("; nobody got a right answer for %s s", figure(seconds(dark), 1))
	}
	return s
}

// dark is the longest time in which no victim got a right answer, from the signal that ended
// the server's first process until the end of the recovery. over says that it ended.
func (f *facts) dark() (ns int64, over bool) {
	v := f.v
	if len(v.signals) == 0 || v.recovery.to <= v.signals[0].T {
		return 0, false
	}
	since := span{v.signals[0].T, v.recovery.to}
	var at []int64
	for _, s := range v.victims {
		if s.Outcome == bench.OK && since.holds(s.Done) {
			at = append(at, s.Done)
		}
	}
	slices.Sort(at)
	last := since.from
	for _, t := range at {
		if t-last > ns {
			ns, over = t-last, true
		}
		last = t
	}
	if since.to-last > ns {
		ns, over = since.to-last, false
	}
	return ns, over
}

func (f *facts) supervisedMeasures(s sheet) {
	a, expects := f.v.again, f.v.head.Traits.Expects
	if a == nil || f.v.head.Target.Supervisor == nil {
		return
	}
	switch expects {
	case bench.ExpectsTakeover:
		s.set("supervisor_starts", float64(a.Starts), 1)
		s.set("orphans_left", float64(a.Orphans), 1)
		if dark, over := f.dark(); over {
			s.set("dark_time", seconds(dark), 1)
		} else if dark > 0 {
			s.above("dark_time", seconds(dark), 1)
		}
	case bench.ExpectsRefusal:
		s.set("supervisor_starts", float64(a.Starts), 1)
	}
}
