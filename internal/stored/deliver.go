package stored

import (
	"errors"
	"fmt"

	"benchrun/internal/bench"
	"benchrun/internal/gate"
	"benchrun/report"
)

// Delivery is a run that is over, with what must hold of it.
type Delivery struct {
	Run     bench.Run
	Folder  string
	Gate    gate.Gate
	Damaged []string // what cannot be read of it
	Broke   error    // what kept it from coming to its end; nil = it did
}

// Fresh delivers a run that was just measured, if anything of it was. The error says what
// it came to.
func (d Delivery) Fresh(out report.Outlets) error {
	if d.Broke != nil && len(d.Run.Cells) == 0 {
		return d.Broke
	}
	verdict, err := d.tell(out)
	if d.Run.Interrupted { // half a run breaks no rule
		return errors.Join(d.Broke, err)
	}
	return errors.Join(bench.Ended(verdict, d.Broke), err)
}

// Again delivers a run that was measured before. An invalid cell in it is no news, and
// without a rule not a reason to fail. If the run is incomplete, its rules are not kept.
// If something of it cannot be read, not everything could be judged.
func (d Delivery) Again(out report.Outlets) error {
	verdict, err := d.tell(out)
	switch {
	case !d.Gate.Asks() && !d.Gate.Strict(): // judging again is not measuring
		verdict = nil
	case d.Broke != nil && verdict == nil:
		verdict = bench.ErrUnmeasured
	}
	if len(d.Damaged) > 0 {
		verdict = errors.Join(verdict, bench.ErrUnmeasured)
	}
	return errors.Join(err, verdict)
}

// FreshDuel delivers a duel that was just measured, if it was begun. The error says what
// it came to. broke is what kept it from coming to its end; nil = it did.
func FreshDuel(out report.Outlets, run bench.Run, d bench.Duel, folder string, broke error) error {
	if run.ID == "" {
		return broke
	}
	return bench.Ended(d.Err(), errors.Join(broke, out.Duel(run, d, folder, broke)))
}

// FreshLadder delivers a ladder that was just measured, if any of its cells was. The error
// says what it came to. broke is what kept it from being complete; nil = it is.
func FreshLadder(out report.Outlets, run bench.Run, l bench.Ladder, folder string, broke error) error {
	if len(run.Cells) == 0 {
		return broke
	}
	return bench.Ended(l.Err(), errors.Join(broke, out.Ladder(l, folder)))
}

// tell tells everybody what the run came to: the reader of stdout, the files asked for,
// and CI. The verdict is what the gate says of it; err says that something could not be
// written.
func (d Delivery) tell(out report.Outlets) (verdict, err error) {
	decided := d.Gate.Decide(d.Run)
	err = out.Print(d.Run, d.Folder)
	if decided.Tally != "" {
		_, _ = fmt.Fprintf(out.Stderr, "gate: %s\n", decided.Tally)
	}
	report.Lines(out.Stderr, decided.Lines(d.Run))
	err = errors.Join(err, out.TellCI(d.Run, d.Folder, decided.Findings, decided.Notes, d.Broke))
	return decided.Err(), err
}
