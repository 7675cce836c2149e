package pack

import (
	"maps"
	"math"
	"slices"
	"time"
)

// Left is the time from now until the last task is over, if each takes as long as
// expected. It simulates the rest. A task that takes longer than expected counts as
// about to end.
func (p *Packer) Left(now time.Time) time.Duration {
	return p.left(now, p.asExpected(now), likely)
}

// LeftIfQuiet is the same if other programs use no CPU from now on.
func (p *Packer) LeftIfQuiet(now time.Time) time.Duration {
	return p.left(now, around{pace: p.pace, spoils: probably}, likely)
}

// around is what happens around the tasks: how many CPUs other programs use until when, and
// afterwards, and how many times its length a task takes that begins then.
type around struct {
	others, later float64
	until         time.Time // zero = they stay
	crowded, pace float64
	spoils        func(running, time.Duration) bool // whether a task comes again that had, or will have had, too little CPU for so long
}

// What comes again: what certainly does, what probably does, and what may.
func certainly(r running, _ time.Duration) bool { return r.told && r.spoiled >= 1 }

func probably(r running, short time.Duration) bool {
	if r.told {
		return r.spoiled > 0.5
	}
	return short > mostShort
}

func perhaps(r running, short time.Duration) bool {
	if r.told {
		return r.spoiled > 0
	}
	return short > mayShort
}

// mostShort is for how long a task may have too little CPU before it is expected to be run
// again: an attempt makes up for as many seconds. After mayShort it may be, because the
// baseline makes up for none.
const (
	mostShort = 15 * time.Second
	mayShort  = 3 * time.Second
)

const (
	// shortly is for how long other programs stay busy that have just become so.
	shortly = 30 * time.Second
	// fades is for how long programs that have ended go on taking room, about.
	fades = 7 * time.Second
)

// asExpected is what Left assumes.
func (p *Packer) asExpected(now time.Time) around {
	a := around{others: max(p.lately, p.theirs()), later: p.theirs(), until: p.quietAt(now), crowded: p.pace, pace: p.pace, spoils: probably}
	switch {
	case p.Busy():
		a.crowded = p.crowded
	case p.others > a.others: // what they used is no room yet
		a.others, a.later, a.until = p.others, a.others, now.Add(fades)
	}
	return a
}

// quietAt is when other programs are expected to be busy no longer; zero = never. What was
// there when the run began stays. What came later lasts as long again as it has lasted.
func (p *Packer) quietAt(now time.Time) time.Time {
	if p.busy.IsZero() {
		return time.Time{}
	}
	return now.Add(max(now.Sub(p.busy), shortly))
}

func likely(t Task) time.Duration { return t.Length }

// Between is what Left may come to. least assumes that the pace becomes what it should be, that
// other programs end and that no task comes again that need not, most that they stay and that
// all come again that may. Tasks take their least or their most
// independently of each other, so the range of many grows only with the root of their number.
func (p *Packer) Between(now time.Time) (least, most time.Duration) {
	expected := p.asExpected(now)
	one := p.left(now, expected, likely)
	least, most = one, one
	var widths, squares float64
	for i, t := range p.tasks {
		if _, ok := p.running[i]; !ok && !slices.Contains(p.waiting, i) {
			continue
		}
		if w := float64(max(t.Most, t.Length) - t.least()); w > 0 {
			widths, squares = widths+w, squares+w*w
		}
	}
	if widths > 0 {
		share := math.Sqrt(squares) / widths
		low := p.left(now, expected, Task.least)
		high := p.left(now, expected, func(t Task) time.Duration { return max(t.Most, t.Length) })
		least = one - time.Duration(share*float64(one-low))
		most = one + time.Duration(share*float64(high-one))
	}
	best, worst := expected, expected
	best.pace, best.crowded, best.spoils, worst.spoils = min(1, p.pace), min(1, p.pace), certainly, perhaps
	if p.Busy() {
		best.others, worst.until = 0, time.Time{}
	}
	open := p.mayComeAgain()
	if p.pace > 1 || p.Busy() || open {
		least -= max(0, one-p.left(now, best, likely))
	}
	if p.Busy() || open {
		most += max(0, p.left(now, worst, likely)-one)
	}
	return max(0, least), most
}

// mayComeAgain says that a running task may come again, or need not.
func (p *Packer) mayComeAgain() bool {
	for _, r := range p.running {
		if perhaps(r, r.short) != certainly(r, r.short) {
			return true
		}
	}
	return false
}

func (t Task) least() time.Duration {
	if t.Least == 0 {
		return t.Length
	}
	return t.Least
}

// left simulates the rest. Tasks that are running and will have had too little CPU for too
// long come again, when nothing else is left.
func (p *Packer) left(now time.Time, a around, length func(Task) time.Duration) time.Duration {
	play := &Packer{
		room: p.room, others: a.others, scale: p.scale,
		tasks: slices.Clone(p.tasks), waiting: slices.Clone(p.waiting), running: maps.Clone(p.running),
	}
	for i := range play.tasks {
		play.tasks[i].Length = length(p.tasks[i])
	}
	clock, pace := now, a.crowded
	spoiled := p.spoiled(now, a)
	if a.others <= few {
		pace = a.pace
	}
	for {
		for {
			i, _, ok := play.Next(clock)
			if !ok {
				break
			}
			r := play.running[i]
			r.first = time.Duration(pace * float64(r.first))
			play.running[i] = r
			play.tasks[i].Length = time.Duration(pace * float64(play.tasks[i].Length))
			if len(play.waiting) > 0 {
				clock = clock.Add(p.spacing)
			}
		}
		next, at := play.firstToEnd(clock)
		apart, isApart := play.apartUntil(clock)
		isApart = isApart && !apart.After(at)
		switch {
		case next < 0:
			return clock.Sub(now)
		case !a.until.IsZero() && a.until.Before(at) && (!isApart || a.until.Before(apart)):
			if a.until.After(clock) {
				clock = a.until
			}
			play.others, pace, a.until = a.later, a.pace, time.Time{}
		case isApart:
			clock = apart
			play.notApart(clock)
		default:
			clock = at
			play.Done(next)
			if again, ok := spoiled(next, at); ok {
				play.tasks[next].Length = again
				play.waiting = append(play.waiting, next)
			}
		}
	}
}

// spoiled returns a function that says, the first time that it is called for a task, whether
// that is running, ends at a time, and comes again, and how long it takes then.
func (p *Packer) spoiled(now time.Time, a around) func(task int, end time.Time) (time.Duration, bool) {
	on := p.short() && a.others > few // it goes on for now
	rest := maps.Clone(p.running)
	return func(task int, end time.Time) (time.Duration, bool) {
		r, begun := rest[task]
		delete(rest, task)
		short, again := r.short, r.again
		if on {
			if !a.until.IsZero() && a.until.Before(end) {
				end = a.until
			}
			short += end.Sub(now)
		}
		if !r.told {
			again = p.tasks[task].Length
		}
		return again, begun && a.spoils(r, short)
	}
}

// apartUntil is when a running task is expected to keep others apart no longer, the first of
// them, at now or later. ok is false if none does.
func (p *Packer) apartUntil(now time.Time) (first time.Time, ok bool) {
	for i, r := range p.running {
		until := r.since.Add(r.first)
		if until.Before(now) {
			until = now
		}
		if p.tasks[i].Apart != "" && (!ok || until.Before(first)) {
			first, ok = until, true
		}
	}
	return first, ok
}

// notApart lets tasks run side by side that nothing is expected to keep apart any more.
func (p *Packer) notApart(now time.Time) {
	for i, r := range p.running {
		if word := p.tasks[i].Apart; word != "" && !r.since.Add(r.first).After(now) {
			p.Together(word)
		}
	}
}

// firstToEnd returns the running task that is expected to end first, and when, at now
// or later; -1 = no task is running.
func (p *Packer) firstToEnd(now time.Time) (task int, at time.Time) {
	task = -1
	for _, i := range p.Running() {
		end := p.running[i].since.Add(p.running[i].first + p.tasks[i].Length)
		if end.Before(now) {
			end = now
		}
		if task < 0 || end.Before(at) || end.Equal(at) && i < task {
			task, at = i, end
		}
	}
	return task, at
}
