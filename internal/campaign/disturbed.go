package campaign

import (
	"fmt"
	"slices"

	"benchrun/internal/bench"
)

// disturbed says that company may have spoiled an attempt, so the next attempt runs
// alone. The judge decides whether this one counts.
//
// It may have done so if the server lost victims before any fault, although no second is in
// doubt: a server with a short queue of connections loses them in a stall of 0.2 s, which
// leaves CPUs idle for the rest of the second.
func disturbed(rec *bench.Record, j bench.Judgement) bool {
	lostBefore := j.Verdict == bench.Broken && rec.Boot.Ready
	return rec.Head.Company > 0 &&
		(j.Verdict == bench.Invalid || lostBefore || len(rec.Doubts) > 0 || slices.Contains(j.Flags, bench.FlagMasked))
}

// disturbed is the same of an attempt of this cell. The first one that other programs made
// invalid is not, so its repeat may have company.
func (u *underway) disturbed(rec *bench.Record, j bench.Judgement) bool {
	return disturbed(rec, j) && (u.side != "" || j.Verdict != bench.Invalid || !byPrograms(rec) || slices.ContainsFunc(u.cell.Attempts, invalidInCompany))
}

// byPrograms says that other programs left no CPU idle, and company never did.
func byPrograms(rec *bench.Record) bool {
	return caused(rec, bench.DoubtHostBusy) && !caused(rec, bench.DoubtCompany)
}

// caused says that any second of an attempt is in doubt for a cause.
func caused(rec *bench.Record, cause string) bool {
	return slices.ContainsFunc(rec.Doubts, func(d bench.Doubt) bool { return d.Cause == cause })
}

func invalidInCompany(a bench.Attempt) bool { return a.Company > 0 && a.Verdict == bench.Invalid }

// tellAlone says that company may have spoiled what benchrun did for a cell, so that
// it comes again.
func (r *Run) tellAlone(cell, what string) {
	r.Tell.Note(fmt.Sprintf("%s: other cells may have spoiled %s: again, alone, later", cell, what))
}
