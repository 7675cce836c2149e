package plan

import (
	"time"

	"benchrun/internal/bench"
)

// Outlook is how an attempt of a cell is expected to go: before it begins, and while it
// is under way. All times count from its beginning.
type Outlook struct {
	Held, Failed time.Duration // when it is over if it holds, and if it does not
	Chance       float64       // that it holds, 0 to 1
	Drain        time.Duration // of Failed: how much longer than usual the server takes to end
	known        bool          // one attempt went so, and its boot and ageing took their time too
}

// Past is how an attempt went.
type Past struct {
	Held bool
	Took time.Duration
}

// Learn takes in how an attempt of the same cell went. The next one is expected to go like it.
func (o *Outlook) Learn(p Past) {
	o.known = true
	if p.Held {
		o.Held, o.Chance = p.Took, 1
	} else {
		o.Failed, o.Chance = p.Took, 0
	}
}

// If is how long the attempt takes if it holds, or if it does not.
func (o Outlook) If(held bool) time.Duration {
	if held {
		return o.Held
	}
	return o.Failed
}

// Of is how long a cell takes that ends with one attempt that holds, or with so many that
// do not.
func (o Outlook) Of(many int) bench.Span {
	failed := time.Duration(many) * o.Failed
	switch o.Chance {
	case 0:
		return bench.Exactly(failed)
	case 1:
		return bench.Exactly(o.Held)
	}
	likely := time.Duration(o.Chance*float64(o.Held) + (1-o.Chance)*float64(failed))
	return bench.Span{Likely: likely, Least: min(o.Held, failed), Most: max(o.Held, failed)}
}

// besideFaults is what an attempt takes besides its fault phase.
func besideFaults(t Timing) time.Duration { return beforeFaults(t) + afterFaults(t) }

func beforeFaults(t Timing) time.Duration {
	before := booting + t.Phases.Baseline
	if t.Aged > 0 {
		before += time.Duration(t.Aged)*AgeingEvery + AgeingSettle
	}
	return before
}

func afterFaults(t Timing) time.Duration { return t.RecoveryLeast + stopping }

// Course follows an attempt under way.
type Course struct {
	Outlook
	Late    time.Duration // how much longer than its schedule the fault phase takes, so far or in all
	Spoiled float64       // how likely it is that the attempt is invalid, because too few seconds count; Unknown = nobody can tell yet
	timing  Timing
	begun   Outlook       // as expected when the fault phase began
	fault   time.Duration // when that was
	faulted bool
	looks   []look // at the fault phase, lately
	counted time.Duration
	sound   bool // what is known of the baseline allows a verdict
}

// look is how late the fault phase was at a time.
type look struct{ at, late time.Duration }

// NewCourse is that of an attempt that begins now.
func NewCourse(o Outlook, t Timing) *Course {
	return &Course{Outlook: o, Spoiled: Unknown, timing: t, sound: true}
}

// Unknown stands for a chance that nobody knows.
const Unknown = -1.0

// Fault takes in that the fault phase has begun at a time.
func (c *Course) Fault(at time.Duration) {
	if !c.known {
		late := at - beforeFaults(c.timing)
		c.Held += late
		c.Failed += late
	}
	c.begun, c.fault, c.faulted = c.Outlook, at, true
	c.looks = []look{{at, 0}}
}

// Baseline takes in whether enough of the baseline counts.
func (c *Course) Baseline(sound bool) { c.sound = sound }

const (
	// lag is how much later than its end a valid second is known, at most, usually.
	lag = 2500 * time.Millisecond
	// overdue is how much longer than a failing server's a fault phase goes on until the server
	// is expected to hold, and mayHold how likely that is then: it may fail late.
	overdue = 3 * time.Second
	mayHold = 0.75
	// fewLost and manyLost are shares of the losses that end a fault phase.
	fewLost, manyLost = 0.2, 0.5
	// lately is for how long a phase is watched to tell how many of its next seconds count.
	lately = 8 * time.Second
	// mayBeInvalid is how likely an attempt is invalid that will be if seconds go on not to
	// count.
	mayBeInvalid = 0.75
)

// Seen takes in what is known of the fault phase at a time: how many valid seconds are in,
// and what share of the losses that would end it.
func (c *Course) Seen(at time.Duration, valid, lost float64) {
	if !c.faulted {
		return
	}
	spent, counted, p := at-c.fault, bench.Seconds(valid), c.timing.Phases
	c.counted = counted
	late := max(0, spent-counted-lag)
	more := c.later(look{at, late}, p.Fault+late-spent)
	if late > 0 { // seconds that do not count are made up for, and more of them may come
		c.late(min(late+more, p.FaultCap-p.Fault))
	}
	if c.spoil(late, more); c.Spoiled == 0 && spent < lag+time.Second {
		c.Spoiled = Unknown
	}
	end := at + afterFaults(c.timing) + c.Drain // if it is curtailed now
	if lost < 1 {
		end += settling
	}
	curtailed := c.begun.Failed - afterFaults(c.timing) - c.Drain - c.fault // so long a failing server's phase would be
	goesOn := lost < fewLost && c.begun.Chance < 1 && curtailed < p.Fault-overdue && counted > curtailed+overdue-lag
	switch {
	case lost > manyLost && c.Chance > 0:
		c.Chance, c.Failed = 0, end
	case lost > manyLost:
		c.Failed = max(c.begun.Failed, end)
	case goesOn && counted > p.Fault*3/4:
		c.Chance = 1
	case goesOn:
		c.Chance, c.Failed = max(c.Chance, mayHold), c.Held // if it fails after all, then late
	}
}

// later is how much later the phase gets if as many of the seconds that it still needs do not
// count as lately.
func (c *Course) later(now look, needed time.Duration) time.Duration {
	for len(c.looks) > 1 && now.at-c.looks[1].at >= lately {
		c.looks = c.looks[1:]
	}
	c.looks = append(c.looks, now)
	lost, passed := now.late-c.looks[0].late, now.at-c.looks[0].at
	switch {
	case lost <= 0 || needed <= 0:
		return 0
	case lost >= passed:
		return c.timing.Phases.FaultCap
	}
	return time.Duration(float64(needed) * float64(lost) / float64(passed-lost))
}

// spoil works out how likely it is that too few seconds count, if the phase is so late and
// gets so much later.
func (c *Course) spoil(late, more time.Duration) {
	makesUp := c.timing.Phases.FaultCap - c.timing.Phases.Fault
	switch {
	case !c.sound || late > makesUp:
		c.Spoiled = 1
	case more > makesUp-late:
		c.Spoiled = mayBeInvalid
	case more > 0:
		c.Spoiled = 1 - mayBeInvalid
	default:
		c.Spoiled = 0
	}
}

// late takes in that the fault phase takes so much longer than its schedule.
func (c *Course) late(d time.Duration) {
	c.Late = d
	c.Held = c.begun.Held + d
	if c.begun.Failed >= c.begun.Held-overdue { // it is not curtailed
		c.Failed = c.begun.Failed + d
	}
}

// Recovery takes in that the fault phase is over at a time, early or not.
func (c *Course) Recovery(at time.Duration, curtailed bool) {
	if !c.faulted {
		return
	}
	if c.Spoiled = 0; !c.sound || !curtailed && c.counted < c.timing.Phases.Fault {
		c.Spoiled = 1
	}
	if curtailed {
		c.Chance, c.Failed = 0, at+afterFaults(c.timing)+c.Drain
		return
	}
	c.late(at - c.fault - c.timing.Phases.Fault - settling)
}

// Waits takes in that the recovery goes on for d after a time.
func (c *Course) Waits(at, d time.Duration) {
	c.Held, c.Failed = at+d+stopping, at+d+stopping+c.Drain
}
