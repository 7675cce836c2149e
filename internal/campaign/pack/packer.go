package pack

import (
	"cmp"
	"slices"
	"time"
)

// Task is something to run once.
type Task struct {
	Load
	// Length is as expected, from the task's start, without what Apart adds. Least and Most
	// are what it may come to; 0 = as Length.
	Length, Least, Most time.Duration
	Alone               bool // nothing runs beside it
	// Elsewhere is the part of CPU that Scale corrects, because it was measured on
	// another machine.
	Elsewhere float64
	// Apart keeps tasks with the same word from running side by side; "" = no word. The
	// first of them takes longer by First, and then they no longer are kept apart.
	Apart string
	First time.Duration
	later bool // it comes after those that may have company and have not begun
}

// Packer hands out tasks while there is room for them. It runs no tasks: its driver
// says when a task is over. It is not safe for concurrent use.
type Packer struct {
	room    Room
	tasks   []Task
	waiting []int // in the order in which Next tries them
	running map[int]running
	others  float64 // CPUs that other programs use, other pools included, on average
	lately  float64 // the same, at last
	scale   float64 // work takes so many times the CPU that it took elsewhere
	pace    float64 // what has not begun takes so many times its length,
	crowded float64 // and so many times while other programs are busy
	spacing time.Duration

	looked time.Time // when Now was called; zero = never
	busy   time.Time // since when other programs are; zero = they are not, or were when the run began

	neighbours []Notice  // of the other pools on this machine
	wants      *Claim    // the task that waits because of them; nil = none
	since      time.Time // since when
	outlasted  bool      // a task has waited as long as it may, so the other pools are not believed
}

// running is a task that was handed out and is not over yet.
type running struct {
	slot  int
	since time.Time
	first time.Duration // it takes so much longer, because it was the first with its word
	short time.Duration // for so long it and its company had too little CPU in this attempt, because of other programs
	// Once told is set, spoiled is how likely it is that the task comes again, and again how
	// long it takes then.
	told    bool
	spoiled float64
	again   time.Duration
}

// New makes a packer. If only one task may run at a time, they run in the given order.
// Otherwise the task that takes most of the machine for longest goes first, so that
// only small ones are left at the end. Tasks that must run alone go last, so that the
// machine has to become empty only once.
func New(room Room, tasks []Task) *Packer {
	p := &Packer{room: room, tasks: slices.Clone(tasks), running: map[int]running{}, scale: 1, pace: 1, crowded: 1}
	for i := range tasks {
		p.waiting = append(p.waiting, i)
	}
	p.arrange()
	return p
}

// arrange puts the waiting tasks in order.
func (p *Packer) arrange() {
	if p.room.Jobs != 1 {
		slices.SortStableFunc(p.waiting, func(a, b int) int { return p.before(p.tasks[a], p.tasks[b]) })
	}
}

func (p *Packer) before(a, b Task) int {
	if one, other := p.alone(a), p.alone(b); one != other {
		if one {
			return 1
		}
		return -1
	}
	if a.later != b.later {
		if a.later {
			return 1
		}
		return -1
	}
	return cmp.Compare(p.load(b).peak()*(b.First+b.Length).Seconds(), p.load(a).peak()*(a.First+a.Length).Seconds())
}

// alone says that no other task can run beside this one.
func (p *Packer) alone(t Task) bool {
	l := p.load(t)
	return t.Alone || p.room.Quota > 0 && l.CPU+l.Burst >= p.room.Quota || p.room.Full(l)
}

// load is what a task takes on this machine, as far as is known.
func (p *Packer) load(t Task) Load {
	l := t.Load
	l.CPU += (p.scale - 1) * t.Elsewhere
	return l
}

// Scale says that the same work takes so many times the CPU here that it took
// elsewhere. So other tasks may have to run alone.
func (p *Packer) Scale(scale float64) {
	p.scale = scale
	p.arrange()
}

// Next hands out the next task that has room now. slot is the lowest number from 0
// that no other running task has. ok is false if no task has room until another is
// over, or if none is left.
func (p *Packer) Next(now time.Time) (task, slot int, ok bool) {
	claims, cpus := p.claims(now)
	for at, i := range p.waiting {
		if !p.fits(p.tasks[i], claims, cpus) {
			continue
		}
		p.waiting = slices.Delete(p.waiting, at, at+1)
		slot := p.freeSlot()
		p.running[i] = running{slot: slot, since: now}
		if t := p.tasks[i]; t.Apart != "" {
			p.running[i] = running{slot: slot, since: now, first: t.First}
		}
		p.wants = nil
		return i, slot, true
	}
	p.want(now)
	return 0, 0, false
}

// fits says that a task can run beside those that are running and the claims of other
// pools, if all together fill no more than cpus. Without any of these it always can.
func (p *Packer) fits(t Task, claims []Claim, cpus float64) bool {
	if len(p.running)+len(claims) == 0 {
		return true
	}
	if p.alone(t) || p.room.Jobs > 0 && len(p.running) >= p.room.Jobs {
		return false
	}
	loads := []Load{p.load(t)}
	for i := range p.running {
		other := p.tasks[i]
		if p.alone(other) || t.Apart != "" && t.Apart == other.Apart {
			return false
		}
		loads = append(loads, p.load(other))
	}
	for _, c := range claims {
		if c.Alone {
			return false
		}
		loads = append(loads, c.Load)
	}
	room := Room{CPUs: min(p.room.CPUs, cpus) - max(0, p.others-p.theirs()), Memory: p.room.Memory}
	return !room.Full(loads...)
}

// Now says how many CPUs other programs use, on average over some seconds and lately, and
// how many bytes all tasks together may take (0 = not counted). The average and the memory
// decide only about a task that would run beside another: a pause is no room yet. What they
// do lately decides what is expected.
func (p *Packer) Now(now time.Time, others, lately float64, memory int64) {
	was := p.Busy()
	if p.short() {
		for i, r := range p.running {
			r.short += now.Sub(p.looked)
			p.running[i] = r
		}
	}
	p.others, p.lately, p.room.Memory = others, lately, memory
	switch busy := p.Busy(); {
	case !busy:
		p.busy = time.Time{}
	case !p.looked.IsZero() && !was:
		p.busy = now
	}
	p.looked = now
}

// short says that the running tasks have too little CPU because of other programs. What one
// task alone comes to then, the pace says.
func (p *Packer) short() bool {
	if !p.Busy() || len(p.running) < 2 {
		return false
	}
	loads := []Load{{CPU: p.lately}}
	for i := range p.running {
		loads = append(loads, p.load(p.tasks[i]))
	}
	return Room{CPUs: p.room.CPUs}.Full(loads...)
}

// few is how many CPUs other programs may use that do not count as busy.
const few = 0.25

// Busy says that other programs are, which are no pools: for some seconds, and still.
func (p *Packer) Busy() bool { return min(p.others, p.lately)-p.theirs() > few }

// Others is how many CPUs they use lately.
func (p *Packer) Others() float64 { return max(0, p.lately-p.theirs()) }

func (p *Packer) freeSlot() int {
	taken := make([]bool, len(p.running))
	for _, r := range p.running {
		if r.slot < len(taken) {
			taken[r.slot] = true
		}
	}
	if free := slices.Index(taken, false); free >= 0 {
		return free
	}
	return len(taken)
}

// Done marks a task as over.
func (p *Packer) Done(task int) { delete(p.running, task) }

// Again puts a task that is over back into the queue. It will run alone.
func (p *Packer) Again(task int) {
	p.Done(task)
	p.tasks[task].Alone = true
	p.waiting = append(p.waiting, task)
}

// Later puts a task that is over back into the queue, behind all that may have company.
func (p *Packer) Later(task int) {
	p.Done(task)
	p.tasks[task].later = true
	p.waiting = append(p.waiting, task)
	p.arrange()
}

// Together lets the tasks with this Apart word run side by side from now on.
func (p *Packer) Together(word string) {
	for i := range p.tasks {
		if p.tasks[i].Apart == word {
			p.tasks[i].Apart = ""
		}
	}
}

// Foresee corrects how long a task is expected to take. Of one that is running this is all,
// counted from its start.
func (p *Packer) Foresee(task int, length, least, most time.Duration) {
	t := &p.tasks[task]
	t.Length, t.Least, t.Most = length, least, most
	if r, ok := p.running[task]; ok {
		r.first = 0
		p.running[task] = r
	}
}

// Attempt says that an attempt of a running task is over, or the next one begins: what the
// last one lacked no longer matters.
func (p *Packer) Attempt(task int) {
	if r, ok := p.running[task]; ok {
		r.short, r.told = 0, false
		p.running[task] = r
	}
}

// Spoiled says how likely it is that a running task comes again, behind all others, and how
// long it takes then. Until this is said, how long it had too little CPU decides.
func (p *Packer) Spoiled(task int, chance float64, again time.Duration) {
	if r, ok := p.running[task]; ok {
		r.told, r.spoiled, r.again = true, chance, again
		p.running[task] = r
	}
}

// Pace says that what has not begun takes so many times its length, and so many times if it
// begins while other programs are busy.
func (p *Packer) Pace(calm, crowded float64) { p.pace, p.crowded = calm, crowded }

// Running returns the running tasks, by slot.
func (p *Packer) Running() []int {
	out := make([]int, 0, len(p.running))
	for i := range p.running {
		out = append(out, i)
	}
	slices.SortFunc(out, func(a, b int) int { return cmp.Compare(p.running[a].slot, p.running[b].slot) })
	return out
}

// Waiting returns the tasks that were not handed out yet, in the order in which Next
// tries them.
func (p *Packer) Waiting() []int { return slices.Clone(p.waiting) }
