package judge

import (
	"fmt"
	"strings"

	"benchrun/internal/bench"
)

// refusal is what a server did while the app could not be loaded, and when it was started
// with such an app.
type refusal struct {
	known   bool
	ns      int64 // how long it could not be loaded
	born    int   // processes that were started meanwhile
	started int   // processes that the start brought about
}

func (v *view) refusal() refusal {
	if v.head.Traits.Expects != bench.ExpectsRefusal || len(v.signals)+len(v.breaks) == 0 {
		return refusal{}
	}
	from := v.first(never, bench.MarkBroken)
	if len(v.signals) > 0 {
		from = min(from, v.signals[0].T)
	}
	broken := span{from, v.first(v.end, bench.MarkRepaired)}
	r := refusal{known: true, ns: max(0, broken.to-broken.from)}
	for _, e := range v.procs {
		if e.Event != bench.Born {
			continue
		}
		if broken.holds(e.T) {
			r.born++
		}
		if v.startedBroken().holds(e.T) {
			r.started++
		}
	}
	return r
}

// startedBroken is when the server was looked at that was started with such an app.
func (v *view) startedBroken() span {
	if v.again == nil {
		return span{}
	}
	from := bounded(v.again.T)
	return span{from, from + int64(min(max(v.again.Seconds, 0), seconds(maxTime))*float64(second)) + 1}
}

// rateRefusal says whether a server that is started with a broken app refuses it, and one
// that goes on takes up the repaired app. Records from before this rule are not judged by it.
func (f *facts) rateRefusal() (bench.Verdict, string) {
	v := f.v
	if !v.head.Traits.Refuses {
		return bench.Held, ""
	}
	late, accepted := f.notRepairedWords(), f.notRefusedWords()
	switch a := v.again; {
	case late != "":
		return bench.Failed, late
	case accepted != "" && a.Exited == nil && !a.Ready && v.stalled(v.startedBroken()): // only that it is still there can be the host's doing
		return bench.Invalid, "how a start with such an app ends was not measured: the host stalled"
	case accepted != "":
		return bench.Failed, accepted
	case len(v.signals) > 0 && v.repaired == nil:
		return bench.Invalid, "interrupted: the record breaks off before it is known whether the repaired app is served"
	case a == nil && v.stop != nil && v.stop.NeededSIGKILL:
		return bench.Invalid, "how a start with such an app ends was not measured: the server did not end on the stop signal"
	case a == nil:
		return bench.Invalid, "interrupted: the record breaks off before it is known how a start with such an app ends"
	case v.stop != nil && (v.stop.Survivors > 0 || !v.stop.PortFreed):
		return bench.Invalid, "how a start with such an app ends was not measured: what the server had left may have ended it"
	}
	return bench.Held, ""
}

// stalled says that the control missed more than a tenth of its requests, or nobody asked it.
func (v *view) stalled(s span) bool {
	asked, misses := v.controlIn(s)
	return asked == 0 || misses > asked/10
}

// notRepairedWords: "repaired app not served: 14 s after the next reload a process that has not
// loaded it answered".
func (f *facts) notRepairedWords() string {
	r := f.v.repaired
	if r == nil || r.Served {
		return ""
	}
	return fmt.Sprintf(bench.NotRepaired+": within %.1f s of the next reload: %s", r.Seconds, clean(r.Note))
}

// notRefusedWords: "broken app not refused: started with such an app, it was still there
// after 10 s: …".
func (f *facts) notRefusedWords() string {
	if a := f.v.again; a == nil || a.Exited != nil && (a.Exited.Signal != "" || a.Exited.Code != 0) || f.endedEachTime() {
		return ""
	}
	return bench.NotRefused + ": " + f.brokenStartWords()
}

// refusalWords: "19 processes were started, 0.4 s of CPU used and 12 kB logged in the 8.0 s in
// which the app could not be loaded; the repaired one was served 0.3 s after the next reload".
func (f *facts) refusalWords() string {
	if !f.refused.known {
		return ""
	}
	what := bench.Things(f.refused.born, "process was", "processes were") + " started"
	var used *bench.Used
	if r := f.v.repaired; r != nil {
		used = &r.Used
	}
	s := fmt.Sprintf("%s%s in the %.1f s in which the app could not be loaded", what, usedWords(used), seconds(f.refused.ns))
	switch r := f.v.repaired; {
	case r != nil && r.Served:
		s += fmt.Sprintf("; the repaired one was served %.1f s after the next reload", r.Seconds)
	case len(f.v.signals) == 0:
		s += ", without a reload: none is known"
	}
	return s
}

// usedWords: ", 0.4 s of CPU used and 12 kB logged"; "" where nobody knows.
func usedWords(u *bench.Used) string {
	if u == nil {
		return ""
	}
	logged := fmt.Sprintf("%s kB logged", figure(float64(max(0, u.Log))/1000, 1))
	if u.CPU == nil {
		return " and " + logged
	}
	return fmt.Sprintf(", %s s of CPU used and %s", figure(max(0, *u.CPU), 1), logged)
}

// brokenStartWords says what the server did when it was started with such an app: "started
// with such an app, it ended with exit code 3 after 0.4 s".
func (f *facts) brokenStartWords() string {
	a := f.v.again
	if a == nil || f.v.head.Traits.Expects != bench.ExpectsRefusal {
		return ""
	}
	cost := ""
	if a.Used != nil {
		cost = ": " + bench.Things(f.refused.started, "process was", "processes were") + " started" + usedWords(a.Used)
	}
	switch {
	case a.Ready:
		return "started with such an app, it serves" + cost
	case f.endedEachTime():
		return fmt.Sprintf("started with such an app, it ended each time, and its supervisor started it %d times in %.0f s", a.Starts, a.Seconds) + cost
	case a.Exited != nil:
		return fmt.Sprintf("started with such an app, it ended with %s after %.1f s", causeOf(a.Exited), a.Seconds) + cost
	}
	if last := clean(a.Note); last != "" {
		cost += "; " + strings.TrimPrefix(last, "it did not answer: ")
	}
	return fmt.Sprintf("started with such an app, it was still there after %.0f s", a.Seconds) + cost
}

func (f *facts) refusalMeasures(s sheet) {
	if !f.refused.known {
		return
	}
	used := func(prefix string, u *bench.Used) {
		if u == nil {
			return
		}
		if u.CPU != nil {
			s.set(prefix+"_cpu", max(0, *u.CPU), 1)
		}
		s.set(prefix+"_log", mib(max(0, u.Log)), 1)
	}
	s.set("boot_attempts", float64(f.refused.born), 1)
	if r := f.v.repaired; r != nil {
		used("boot", &r.Used)
	}
	if a := f.v.again; a != nil {
		s.set("start_attempts", float64(f.refused.started), 1)
		used("start", a.Used)
	}
}
