package html

import (
	"cmp"
	"math"
	"slices"

	"benchrun/internal/bench"
)

// Story is what is drawn of one cell: the record of its published attempt,
// counted by the second. Times are seconds since the fault phase began (since
// the baseline, or the launch, where it never did).
type Story struct {
	// What cell it is, as it stands in the run.
	Server, Version, Profile, Front, Scenario string
	FamilyVer                                 int

	Attempt int
	Rate    int // victims per second
	Seconds []Second
	Phases  []Phase // in order; boot and end are none
	// Procs are the births and deaths of the server's processes, from the
	// baseline on.
	Procs  []Proc
	Memory []Point // MiB, until shutdown
	// MemorySource is "cgroup", "pss" or "rss".
	MemorySource string
	Doubts       []Doubt // about the harness or the host, by cause
	LogTail      string  // last lines of the server's output, as they are
}

// Second is one second of victims, by intended send. The first and the last of
// a story may be shorter.
type Second struct {
	From, To float64
	Counts   map[bench.Outcome]int // victims
	// Why says why the second does not count; "" = it does.
	Why string
}

// Phase is a stretch of the attempt, named by the mark that begins it.
type Phase struct {
	Name     bench.MarkName
	From, To float64
}

// Proc is the birth or the death of one process.
type Proc struct {
	At     float64
	PID    int // as the server sees it
	Died   bool
	Signal string // what it died of; "" = it exited, or nobody knows
}

// Point is a value at a time.
type Point struct{ At, Value float64 }

const (
	second = int64(1e9)
	// maxTime bounds the times of a damaged record, so that differences of
	// them cannot overflow.
	maxTime = int64(1) << 60
	// maxSeconds bounds a story: two hours. Anything later is not drawn.
	maxSeconds = 7200
)

// NewStory makes the story of a cell from the record of its published attempt
// and the end of that attempt's log. Without a record (nil) there is nothing
// to draw and the story has the log only. It changes neither.
func NewStory(cell bench.Cell, rec *bench.Record, logTail string) Story {
	s := Story{
		Server: cell.Server, Version: cell.Version, Profile: cell.Profile, Front: cell.Front, Scenario: cell.Scenario, FamilyVer: cell.FamilyVer,
		LogTail: cut(logTail),
	}
	if rec == nil {
		return s
	}
	if s.LogTail == "" {
		s.LogTail = cut(rec.Boot.LogTail)
	}
	s.Attempt, s.Rate, s.MemorySource = rec.Head.Attempt, rec.Head.Rate, rec.Head.MemorySource
	line := newTimeline(rec)
	s.Phases = line.phases
	s.Seconds = line.count(rec)
	for _, p := range rec.Procs {
		t := bounded(p.T)
		if t < line.begin || t > line.end {
			continue
		}
		e := Proc{At: line.at(t), PID: p.PID, Died: p.Event == bench.Died}
		if p.Exit != nil {
			e.Signal = p.Exit.Signal
		}
		s.Procs = append(s.Procs, e)
	}
	slices.SortStableFunc(s.Procs, func(a, b Proc) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.PID, b.PID)) })
	for _, v := range rec.Vitals {
		if t := bounded(v.T); v.Memory >= 0 && t >= line.begin && t <= line.watched {
			s.Memory = append(s.Memory, Point{line.at(t), float64(v.Memory) / (1 << 20)})
		}
	}
	slices.SortStableFunc(s.Memory, func(a, b Point) int { return cmp.Compare(a.At, b.At) })
	s.Doubts = doubts(rec.Doubts, line)
	return s
}

// timeline is an attempt's time, cut at its marks: ns since origin. It begins
// with the baseline and ends with the record; victims were due in [from, to).
type timeline struct {
	zero, begin, end int64
	from, to         int64
	watched          int64    // the shutdown: what comes later is in no measure of memory
	fault            [2]int64 // from, to; equal = there was none
	recovered        bool     // the recovery mark is there
	phases           []Phase
}

func newTimeline(rec *bench.Record) timeline {
	marks := map[bench.MarkName]int64{} // the earliest of each name
	last := int64(0)
	for _, m := range rec.Marks {
		t := bounded(m.T)
		last = max(last, t)
		if before, ok := marks[m.Name]; !ok || t < before {
			marks[m.Name] = t
		}
	}
	victims := [2]int64{maxTime, 0}
	for _, s := range rec.Samples {
		if s.Role == bench.RoleVictim {
			t := bounded(s.Due)
			victims = [2]int64{min(victims[0], t), max(victims[1], t+second/int64(max(rec.Head.Rate, 1)))}
		}
	}
	last = max(last, victims[1])
	first := func(otherwise int64, names ...bench.MarkName) int64 {
		for _, n := range names {
			if t, ok := marks[n]; ok {
				return t
			}
		}
		return otherwise
	}
	l := timeline{
		zero:  first(0, bench.MarkFault, bench.MarkBaseline, bench.MarkBoot),
		begin: first(0, bench.MarkBaseline, bench.MarkFault, bench.MarkBoot),
		end:   first(last, bench.MarkEnd),
	}
	l.end = min(max(l.end, l.begin), l.begin+maxSeconds*second)
	l.watched = min(first(l.end, bench.MarkShutdown), l.end)
	l.from, l.to = max(l.begin, victims[0]), min(l.watched, victims[1])
	if t, ok := marks[bench.MarkFault]; ok {
		l.fault = [2]int64{t, first(last, bench.MarkRecovery, bench.MarkShutdown, bench.MarkEnd)}
	}
	_, l.recovered = marks[bench.MarkRecovery]
	l.cutPhases(marks)
	return l
}

// cutPhases makes each phase last until the next one begins.
func (l *timeline) cutPhases(marks map[bench.MarkName]int64) {
	type begun struct {
		name bench.MarkName
		at   int64
	}
	var list []begun
	for _, n := range []bench.MarkName{bench.MarkBaseline, bench.MarkAgeing, bench.MarkFault, bench.MarkRecovery, bench.MarkShutdown} {
		if t, ok := marks[n]; ok && t >= l.begin && t <= l.end {
			list = append(list, begun{n, t})
		}
	}
	slices.SortStableFunc(list, func(a, b begun) int { return cmp.Compare(a.at, b.at) })
	for i, b := range list {
		to := l.end
		if i+1 < len(list) {
			to = list[i+1].at
		}
		l.phases = append(l.phases, Phase{b.name, l.at(b.at), l.at(to)})
	}
}

// at turns a record's time into the story's.
func (l timeline) at(t int64) float64 {
	return math.Round(float64(t-l.zero)/1e6) / 1e3
}

func bounded(t int64) int64 { return min(max(t, 0), maxTime) }

// phase finds a phase of a story.
func (s Story) phase(name bench.MarkName) (Phase, bool) {
	i := slices.IndexFunc(s.Phases, func(p Phase) bool { return p.Name == name })
	if i < 0 {
		return Phase{}, false
	}
	return s.Phases[i], true
}
