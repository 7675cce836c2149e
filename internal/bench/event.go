package bench

import "time"

// Event is something that happens in a run. Listeners show it or write it down. An event of a cell carries the cell's number, its place in the run's order
// from 1: several cells may be under way at once.
type Event interface{ event() }

// Listener hears the events of a run, in their order. It may be called from several
// goroutines at once, and holds the run up: it must return quickly. nil hears
// nothing.
type Listener func(Event)

// Tell calls the listener, unless it is nil.
func (l Listener) Tell(e Event) {
	if l != nil {
		l(e)
	}
}

// Note tells a line of text.
func (l Listener) Note(text string) { l.Tell(Noted{Text: text}) }

// Listeners are several listeners as one.
func Listeners(all ...Listener) Listener {
	return func(e Event) {
		for _, l := range all {
			l.Tell(e)
		}
	}
}

// RunBegun comes when everything is installed and the first cell is about to
// begin.
type RunBegun struct {
	Run      string        // its id
	Cells    int           // how many it has, those that are measured already included; 0 = they are not counted
	Estimate time.Duration // of what is to be measured; 0 = not known
	Open     Range         // what the estimate may come to
	IfQuiet  time.Duration // the same if other programs stop using the CPU; 0 = that would not shorten it much
}

// CellBegun comes when a cell is begun, and again when it continues alone because other
// cells may have disturbed it.
type CellBegun struct {
	Cell int
	Name string
}

// PhaseBegun comes when a phase of an attempt begins, or a probe.
type PhaseBegun struct {
	Cell, Attempt int    // no attempt: 0
	Phase         string // a mark's name, or "probe"
	Length        time.Duration
	AtMost        bool // Length is a limit: the phase ends as soon as it can
}

// ServedSoFar comes twice a second during the fault phase.
type ServedSoFar struct {
	Cell, Attempt int
	H             float64 // percent
}

// AttemptJudged comes after each attempt that was made. Kept ones were made by an
// earlier part of the run.
type AttemptJudged struct {
	Cell     int
	Attempt  Attempt
	Why      string // what made it invalid; "" of another verdict
	Kept     bool
	Alone    bool    // other cells may have spoiled it: the cell continues alone, later
	Later    bool    // other programs spoiled it: the cell continues later, beside others
	Most     int     // how many attempts the cell has in the end if no later one holds or is invalid; 0 = not known
	Of       Cell    // the cell so far
	Record   *Record // of a kept one without samples and receipts
	Timeline Timeline
}

// CellConcluded comes when no further attempt of a cell is made.
type CellConcluded struct {
	Cell   int
	Result Cell
}

// Noted is a line that people should read.
type Noted struct{ Text string }

// Remaining says how long the rest of the run is expected to take from now on.
type Remaining struct {
	Left   time.Duration
	Open   Range   // what that may come to
	Others float64 // CPUs that other programs use meanwhile; 0 = hardly any
}

// RunDone comes at the end of a run, however it ended. Only notes follow.
type RunDone struct{ Run Run }

func (RunBegun) event()      {}
func (CellBegun) event()     {}
func (PhaseBegun) event()    {}
func (ServedSoFar) event()   {}
func (AttemptJudged) event() {}
func (CellConcluded) event() {}
func (Noted) event()         {}
func (Remaining) event()     {}
func (RunDone) event()       {}
