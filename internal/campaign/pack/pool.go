package pack

import (
	"context"
	"sync"
	"time"
)

// Pool runs the tasks of a packer. Its methods may be called from any goroutine.
type Pool struct {
	mu      sync.Mutex
	packer  *Packer
	begun   int           // tasks so far; one that is run again counts again
	changed chan struct{} // a task may have room that had none
}

// NewPool makes a pool of tasks that are to be run.
func NewPool(room Room, tasks []Task) *Pool {
	return &Pool{packer: New(room, tasks), changed: make(chan struct{}, 1)}
}

// Outcome is what becomes of a task that has been run.
type Outcome int

// The outcomes.
const (
	Over  Outcome = iota // nothing is left to do of it
	Again                // it is run again, alone
	Stop                 // it is over, and no other is begun
)

// Run calls do for each task while there is room, the next at least spacing after
// the one before it, and returns when all that were begun are over. Once ctx has
// ended or a task says Stop, none is begun any more.
func (p *Pool) Run(ctx context.Context, spacing time.Duration, do func(task, slot int) Outcome) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var tasks sync.WaitGroup
	defer tasks.Wait()
	for ctx.Err() == nil {
		task, slot, left := p.next()
		switch {
		case left == 0:
			return
		case task < 0: // no room
			select {
			case <-p.changed:
			case <-ctx.Done():
			}
			continue
		}
		tasks.Go(func() {
			outcome := do(task, slot)
			if outcome == Stop {
				stop()
			}
			p.over(task, outcome)
		})
		wait(ctx, spacing)
	}
}

// next is the task to begin now, -1 = none has room, and how many are not over.
func (p *Pool) next() (task, slot, left int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	task, slot, ok := p.packer.Next(time.Now())
	left = len(p.packer.Waiting()) + len(p.packer.Running())
	if !ok {
		return -1, 0, left
	}
	p.begun++
	return task, slot, left
}

func (p *Pool) over(task int, outcome Outcome) {
	p.mu.Lock()
	if outcome == Again {
		p.packer.Again(task)
	} else {
		p.packer.Done(task)
	}
	p.mu.Unlock()
	p.look()
}

// look has Run look again whether a task has room.
func (p *Pool) look() {
	select {
	case p.changed <- struct{}{}:
	default: // it will look anyway
	}
}

// Together lets the tasks with a word run side by side from now on.
func (p *Pool) Together(word string) {
	p.mu.Lock()
	p.packer.Together(word)
	p.mu.Unlock()
	p.look()
}

// Foresee corrects how long a task takes, from its start on.
func (p *Pool) Foresee(task int, length time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.packer.Foresee(task, length)
}

// Left is how long it takes from now on until the last task is over, if each takes
// as long as foreseen.
func (p *Pool) Left() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.packer.Left(time.Now())
}

// Company returns a function that says whether, at any time since Company was
// called, more than one task was under way. A task under way calls it.
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

func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
