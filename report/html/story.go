package html

import (
	"cmp"
	"math"
	"slices"

	"benchrun/internal/bench"
)

// Story is what is drawn of one cell: the record of its published attempt, counted by second.
// Times are seconds since the fault phase began, or since the baseline or the launch if it never
// did.
type Story struct {
	// The cell, as the run names it.
	Server, Version, Profile, Front, Scenario string
	FamilyVer                                 int

	Attempt int
	Rate    int // victims a second
	Seconds []Second
	Phases  []Phase // in order, without boot and end
	// Procs are the births and deaths of the server's processes, from the baseline on.
	Procs  []ProcEvent
	Memory []Point // MiB, until shutdown
	// MemorySource is "cgroup", "pss" or "rss".
	MemorySource string
	Doubts       []Doubt  // about the harness or the host, by cause
	LogTail      string   // the last lines of the server's output, unchanged
	LogTold      []string // lines before them that say what went wrong, ready to be shown
}

// Second is one second of victims, by their intended send. The first and the last second of a
// story may be shorter.
type Second struct {
	From, To float64
	Counts   map[bench.Outcome]int // of victims
	// Offered is how many requests of a surge were sent, and Good how many right answers in
	// time came.
	Offered, Good int
	// Waited is the median time that those which were due waited for the app, seconds.
	Waited float64
	// Why says why the second does not count; "" = it does.
	Why string
}

// Phase is a period of the attempt, with the name of the mark that begins it.
type Phase struct {
	Name     bench.MarkName
	From, To float64
}

// ProcEvent is the birth or death of one process.
type ProcEvent struct {
	At     float64
	PID    int // as the server sees it
	Died   bool
	Signal string // the signal that ended it; "" = it exited, or nobody knows
}

// Point is a value at a time.
type Point struct{ At, Value float64 }

const second = int64(1e9)

// NewStory makes the story of a cell from the record of its published attempt, the judge's
// timeline of that record, and the attempt's log. Without a record (nil), the story only has
// the log. It does not change its arguments.
func NewStory(cell bench.Cell, rec *bench.Record, l bench.Timeline, log string) Story {
	s := Story{
		Server: cell.Server, Version: cell.Version, Profile: cell.Profile, Front: cell.Front, Scenario: cell.Scenario, FamilyVer: cell.FamilyVer,
	}
	if rec == nil {
		s.LogTold, s.LogTail = s.excerpt(log, cell.Verdict)
		return s
	}
	if log == "" {
		log = rec.Boot.LogTail
	}
	s.Attempt, s.Rate, s.MemorySource = rec.Head.Attempt, rec.Head.Rate, rec.Head.MemorySource
	at := since(l.Zero)
	for _, p := range l.Phases {
		s.Phases = append(s.Phases, Phase{p.Name, at(p.From), at(p.To)})
	}
	for _, b := range l.Bins {
		s.Seconds = append(s.Seconds, newSecond(b, at))
	}
	for _, p := range rec.Procs {
		if p.T < l.From || p.T > l.To {
			continue
		}
		e := ProcEvent{At: at(p.T), PID: p.PID, Died: p.Event == bench.Died}
		if p.Exit != nil {
			e.Signal = p.Exit.Signal
		}
		s.Procs = append(s.Procs, e)
	}
	slices.SortStableFunc(s.Procs, func(a, b ProcEvent) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.PID, b.PID)) })
	for _, v := range rec.Vitals {
		if v.Memory >= 0 && v.T >= l.From && v.T <= l.Watched {
			s.Memory = append(s.Memory, Point{at(v.T), float64(v.Memory) / (1 << 20)})
		}
	}
	slices.SortStableFunc(s.Memory, func(a, b Point) int { return cmp.Compare(a.At, b.At) })
	s.Doubts = doubts(rec.Doubts, l)
	s.LogTold, s.LogTail = s.excerpt(log, cell.Verdict)
	return s
}

func newSecond(b bench.Bin, at func(int64) float64) Second {
	s := Second{From: at(b.From), To: at(b.To), Counts: map[bench.Outcome]int{}, Offered: b.Offered, Good: b.Good, Waited: b.Waited, Why: b.Why}
	for o, n := range b.Lost {
		s.Counts[o] = n
	}
	if b.OK > 0 {
		s.Counts[bench.OK] = b.OK
	}
	return s
}

// since converts a record's times to a story's.
func since(zero int64) func(int64) float64 {
	return func(t int64) float64 { return math.Round((float64(t)-float64(zero))/1e6) / 1e3 }
}

// phase finds a phase of a story.
func (s Story) phase(name bench.MarkName) (Phase, bool) {
	i := slices.IndexFunc(s.Phases, func(p Phase) bool { return p.Name == name })
	if i < 0 {
		return Phase{}, false
	}
	return s.Phases[i], true
}
