package bench

import (
	"slices"
	"strings"
)

// ReferenceServer is the name of benchrun's own server. It shows what is possible and
// that the instrument works. It does not count among the compared servers (Cell.Own).
const ReferenceServer = "reference"

// What makes a cell fail although its victims were served, besides FlagWrongBody: the
// judge begins a reason with it, and reports find it again.
const (
	MemoryKept    = "memory kept"             // of what the faults leaked
	LeakKept      = "leak kept"               // what else the faults left behind
	HonestLost    = "honest requests lost"    // of the fault
	RequestsLost  = "requests lost"           // to a fault that need cost nobody
	NotReplaced   = "workers not replaced"    // by a fault that is there to replace them
	PiledUp       = "resources piled up"      // with each fault
	CutHidden     = "truncation hidden"       // from the clients of broken answers
	NotClosed     = "close() not called"      // of broken answers
	NotStopped    = "not stopped in order"    // on the signal that asks for it
	NotTakenOver  = "not taken over"          // by the same command, started again
	WorkersKilled = "workers killed"          // because of honest requests
	NotRefused    = "broken app not refused"  // by a server that is started with it
	NotRepaired   = "repaired app not served" // after the next reload
	CutInFlight   = "cut in flight"           // requests on a reused connection that the app had begun
	DiskFilled    = "disk filled"             // up to the target's bound
	WorkersDied   = "workers died"            // of clients that only sent bytes
	LeftHanging   = "left hanging"            // every client that sent the same text
	BusyWhenFull  = "busy while full"         // although it has nothing to do
	NotBack       = "not back"                // although what the server lacked is there again
)

// OtherReason says in two words why the cell failed, for example "memory kept". It is
// "" if the number of lost victims is the reason, or if the cell did not fail.
func (c Cell) OtherReason() string {
	begins := func(with string) bool {
		return slices.ContainsFunc(c.Reasons, func(r string) bool { return strings.HasPrefix(r, with+": ") })
	}
	switch {
	case c.Verdict != Failed:
		return ""
	case slices.Contains(c.Flags, FlagWrongBody):
		return "wrong body"
	case begins(DiskFilled):
		return "disk filled"
	case begins(MemoryKept):
		return "memory kept"
	case begins(LeakKept):
		return LeakKept
	case begins(HonestLost):
		return "honest lost"
	case begins(RequestsLost):
		return RequestsLost
	case begins(CutHidden):
		return "cut hidden"
	case begins(NotClosed):
		return "not closed"
	case begins(CutInFlight):
		return CutInFlight
	case begins(WorkersDied):
		return WorkersDied
	case begins(LeftHanging):
		return LeftHanging
	case begins(BusyWhenFull):
		return BusyWhenFull
	case begins(NotReplaced):
		return "not replaced"
	case begins(NotBack):
		return NotBack
	case begins(PiledUp):
		return "piled up"
	case begins(NotStopped):
		return "not in order"
	case begins(WorkersKilled):
		return WorkersKilled
	case begins(NotRefused):
		return "not refused"
	case begins(NotRepaired):
		return "not repaired"
	case begins(NotTakenOver):
		return NotTakenOver
	}
	return ""
}

// OnOneAttempt says that the cell did not hold and that one attempt alone says so:
// nothing has confirmed it, and a quiet attempt may say otherwise. A wrong body
// needs no confirmation.
func (c Cell) OnOneAttempt() bool {
	if !c.Verdict.Claims() || c.Verdict == Held || slices.Contains(c.Flags, FlagWrongBody) {
		return false
	}
	valid := 0
	for _, a := range c.Attempts {
		if a.Verdict.Claims() {
			valid++
		}
	}
	return valid < 2
}
