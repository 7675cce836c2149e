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
	return p.left(now, around{pace: p.pace}, likely)
}

// around is what happens around the tasks: how many CPUs other programs use until when, and
// afterwards, and how many times its length a task takes that begins then.
type around struct {
	others, later float64
	until         time.Time // zero = they stay
	crowded, pace float64
}

// asExpected is what Left assumes.
func (p *Packer) asExpected(now time.Time) around {
	a := around{others: max(p.others, p.theirs()), later: p.theirs(), until: p.quietAt(now), crowded: p.pace, pace: p.pace}
	if p.Busy() {
		a.crowded = p.crowded
	}
	return a
}

// shortly is for how long other programs stay busy that have just become so.
const shortly = 30 * time.Second

// quietAt is when other programs are expected to be busy no longer; zero = never. What was
// there when the run began stays. What came later lasts as long again as it has lasted.
func (p *Packer) quietAt(now time.Time) time.Time {
	if p.busy.IsZero() {
		return time.Time{}
	}
	return now.Add(max(now.Sub(p.busy), shortly))
}

func likely(t Task) time.Duration { return t.Length }

// Between is what Left may come to. least assumes that the pace becomes what it should be and
// that other programs end, most that they stay. Tasks take their least or their most
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
	if p.pace > 1 || p.Busy() {
		least -= max(0, one-p.left(now, around{pace: min(1, p.pace)}, likely))
	}
	if stays := expected; !stays.until.IsZero() {
		stays.until = time.Time{}
		most += max(0, p.left(now, stays, likely)-one)
	}
	return max(0, least), most
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
			if spoiled(next, at) {
				play.waiting = append(play.waiting, next)
			}
		}
	}
}

// mostShort is for how long a task may have too little CPU before it is expected to be run
// again: an attempt makes up for as many seconds.
const mostShort = 15 * time.Second

// spoiled returns a function that says, the first time that it is called for a task, whether
// that is running, ends at a time, and will have had too little CPU for too long.
func (p *Packer) spoiled(now time.Time, a around) func(task int, end time.Time) bool {
	on := p.short() && a.others > few // it goes on for now
	rest := maps.Clone(p.running)
	return func(task int, end time.Time) bool {
		r, begun := rest[task]
		delete(rest, task)
		if on {
			if !a.until.IsZero() && a.until.Before(end) {
				end = a.until
			}
			r.short += end.Sub(now)
		}
		return begun && r.short > mostShort
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
