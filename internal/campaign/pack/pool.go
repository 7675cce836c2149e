package pack

import (
	"context"
	"sync"
	"time"

	"benchrun/internal/bench"
)

// Pool runs the tasks of a packer. Its methods may be called from any goroutine.
type Pool struct {
	mu      sync.Mutex
	packer  *Packer
	begun   int           // how many tasks have begun; one that runs again counts again
	changed chan struct{} // signals that a task may have room now
}

// NewPool makes a pool that will run these tasks.
func NewPool(room Room, tasks []Task) *Pool {
	return &Pool{packer: New(room, tasks), changed: make(chan struct{}, 1)}
}

// Outcome says how the pool goes on after a task.
type Outcome int

// The outcomes.
const (
	Over  Outcome = iota // the task is finished
	Again                // run the task again, alone
	Later                // run the task again after all that have not begun, beside others
	Stop                 // the task is finished, and no other may begin
)

// Machine is the machine that a pool's tasks run on.
type Machine struct {
	Spacing time.Duration  // the least time between two starts
	Others  func() float64 // CPUs that programs other than the tasks use, on average over some seconds
	Lately  func() float64 // the same over fewer seconds, asked after Others; nil = as Others
	Memory  func() int64   // bytes that all tasks together may take now; 0 = not counted
	Board   Board          // of the pools of other programs; nil = nobody tells the others anything
}

// lookEvery is how often Run checks whether other programs leave more room.
const lookEvery = 2 * time.Second

// Run calls do for each task while there is room, and returns when all started tasks
// are over. Once ctx has ended or a task returns Stop, no more tasks begin.
func (p *Pool) Run(ctx context.Context, m Machine, do func(task, slot int) Outcome) {
	if m.Board != nil {
		defer m.Board.Leave()
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var tasks sync.WaitGroup
	defer tasks.Wait()
	for ctx.Err() == nil {
		task, slot, left := p.next(m)
		switch {
		case left == 0:
			return
		case task < 0: // no room
			p.waitForRoom(ctx)
			continue
		}
		tasks.Go(func() {
			outcome := do(task, slot)
			if outcome == Stop {
				stop()
			}
			p.over(task, outcome)
		})
		bench.Sleep(ctx, m.Spacing)
	}
}

// Now takes in what the machine has room for now.
func (p *Pool) Now(m Machine) { p.decide(m, func() {}) }

// decide calls do when the packer knows what the machine has room for now, and no other
// pool on the machine decides meanwhile.
func (p *Pool) decide(m Machine, do func()) {
	others, memory := m.Others(), m.Memory()
	lately := others
	if m.Lately != nil {
		lately = m.Lately()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.packer.Now(time.Now(), others, lately, memory)
	p.packer.spacing = m.Spacing
	if m.Board == nil {
		do()
		return
	}
	m.Board.Turn(func(neighbours []Notice) Notice {
		p.packer.Beside(neighbours)
		do()
		return p.packer.Notice()
	})
}

// next returns the task to begin now (-1 = none has room) and its slot, and how many
// tasks are not over.
func (p *Pool) next(m Machine) (task, slot, left int) {
	task = -1
	p.decide(m, func() {
		t, s, ok := p.packer.Next(time.Now())
		left = len(p.packer.Waiting()) + len(p.packer.Running())
		if ok {
			p.begun++
			task, slot = t, s
		}
	})
	return task, slot, left
}

func (p *Pool) over(task int, outcome Outcome) {
	p.mu.Lock()
	switch outcome {
	case Again:
		p.packer.Again(task)
	case Later:
		p.packer.Later(task)
	default:
		p.packer.Done(task)
	}
	p.mu.Unlock()
	p.look()
}

// look makes Run check again whether a task has room.
func (p *Pool) look() {
	select {
	case p.changed <- struct{}{}:
	default: // Run will check anyway
	}
}

// Together lets the tasks with this Apart word run side by side from now on.
func (p *Pool) Together(word string) {
	p.mu.Lock()
	p.packer.Together(word)
	p.mu.Unlock()
	p.look()
}

// Scale says that the same work takes so many times the CPU here that it took elsewhere.
func (p *Pool) Scale(scale float64) {
	p.mu.Lock()
	p.packer.Scale(scale)
	p.mu.Unlock()
	p.look()
}

// Foresee corrects how long a task is expected to take, and what that may come to. Of one
// that is running this is all, counted from its start.
func (p *Pool) Foresee(task int, length, least, most time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.packer.Foresee(task, length, least, most)
}

// Attempt says that an attempt of a running task is over, or the next one begins.
func (p *Pool) Attempt(task int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.packer.Attempt(task)
}

// Spoiled says how likely it is that a running task comes again, which then takes so long.
func (p *Pool) Spoiled(task int, chance float64, again time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.packer.Spoiled(task, chance, again)
}

// Waiting returns the tasks that have not begun.
func (p *Pool) Waiting() []int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.packer.Waiting()
}

// Pace says that what has not begun takes so many times its length, and so many times if it
// begins while other programs are busy.
func (p *Pool) Pace(calm, crowded float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.packer.Pace(calm, crowded)
}

// Busy is how many CPUs programs use that are no pools; 0 = hardly any.
func (p *Pool) Busy() float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.packer.Busy() {
		return 0
	}
	return p.packer.Others()
}

// Left is the time from now until the last task is over, if each takes as long as
// expected.
func (p *Pool) Left() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.packer.Left(time.Now())
}

// Between is what Left may come to.
func (p *Pool) Between() (least, most time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.packer.Between(time.Now())
}

// LeftIfQuiet is the same if other programs use no CPU from now on.
func (p *Pool) LeftIfQuiet() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.packer.LeftIfQuiet(time.Now())
}

// Company is to be called by a running task. It returns a function that says whether
// more than one task was running at any time since.
func (p *Pool) Company() func() bool {
	now := func() (running, begun int) {
		p.mu.Lock()
		defer p.mu.Unlock()
		return len(p.packer.running), p.begun
	}
	running, before := now()
	return func() bool {
		_, after := now()
		return running > 1 || after > before
	}
}

func (p *Pool) waitForRoom(ctx context.Context) {
	t := time.NewTimer(lookEvery)
	defer t.Stop()
	select {
	case <-p.changed:
	case <-t.C:
	case <-ctx.Done():
	}
}
