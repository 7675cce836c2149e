package campaign

import (
	"context"
	"errors"
	"slices"
	"sync"
	"syscall"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/campaign/pack"
	"benchrun/internal/launch"
	"benchrun/internal/place"
	"benchrun/internal/plan"
)

// benchrun measures several cells at once, as many as the machine has room for
// according to their known loads. It watches what the company does to a cell:
//   - An attempt that is invalid in company is repeated alone. The judge also calls an
//     attempt invalid that held in company only because seconds are masked. The first
//     attempt that other programs made invalid, and company did not, is repeated beside
//     others instead, after all cells that have not begun. The first attempt of a cell that
//     is invalid in company does not count as one of the retries.
//   - An attempt that did not hold counts. If company may have disturbed it, the next
//     one runs alone, even if --attempts asks for no other.
//   - An attempt that held, with or without its masked seconds, stands.

const (
	// roomShare is the share of the machine's CPUs that cells may fill, on average
	// and with their bursts. The rest is for the kernel and other programs. It must be
	// well above the idle share that place needs to trust a second.
	roomShare = 0.85
	// blindShare replaces roomShare if no cgroup tells what a target used: then
	// benchrun cannot see when company takes CPU from it.
	blindShare = 0.5
	// quotaShare is the share of its CPU quota above which a target runs alone: it
	// would take more if it could.
	quotaShare = 0.9
	// probeCPU is how many CPUs a cell takes at least if its target must be probed.
	probeCPU = 0.35
	// spacing is the shortest time between the starts of two cells: servers use much
	// CPU while they boot, and cells that start together also end together.
	spacing = 500 * time.Millisecond
)

// room is what the host has for cells that run at once. At most jobs of them run
// (0 = as many as have room).
func room(h *place.Host, jobs int) pack.Room {
	share := roomShare
	if !h.Caps.CPU {
		share = blindShare
	}
	return pack.Room{CPUs: share * float64(h.Environment.CPUs), Memory: h.MemoryRoom(), Jobs: jobs, Quota: quotaShare * h.Limits.CPUs}
}

// known is what is known about a cell before it is measured.
type known struct {
	load      pack.Load
	elsewhere float64 // CPUs of the load that were measured on another machine, without the fault's own
	probed    bool    // its target's slots and watchdog are known, or not needed
}

// tasksOf turns each group of together cells, which benchrun measures one after the
// other, into a task.
func tasksOf(cells []plan.Cell, together int, k plan.Knowledge, about func(plan.Cell) known) []pack.Task {
	var tasks []pack.Task
	probings := plan.Probings(cells, k)
	for i := 0; i+together <= len(cells); i += together {
		length := takes(cells[i:i+together], k)
		task := pack.Task{Length: length.Likely, Least: length.Least, Most: length.Most}
		counted := map[string]bool{} // the launches whose probe is in First
		for _, c := range cells[i : i+together] {
			of := about(c)
			if !of.probed {
				task.Apart = c.Launch()
				if !counted[c.Launch()] {
					task.First += probings[c.Launch()]
				}
				counted[c.Launch()] = true
				of.load.CPU = max(of.load.CPU, probeCPU)
			}
			if of.load.CPU > task.CPU {
				task.Elsewhere = of.elsewhere
			}
			task.CPU, task.Burst, task.Memory = max(task.CPU, of.load.CPU), max(task.Burst, of.load.Burst), max(task.Memory, of.load.Memory)
		}
		tasks = append(tasks, task)
	}
	return tasks
}

// foresee makes the pool of the run's tasks: the cells that are still to be
// measured, in groups of together cells.
func (r *Run) foresee(together int) *pack.Pool {
	var places []int
	for i := 0; i+together <= len(r.order.Cells) && (r.order.Most == 0 || len(places) < r.order.Most); i += together {
		if r.done[i] == nil && !slices.ContainsFunc(r.order.Cells[i:i+together], r.unmeasurable) {
			places = append(places, i)
		}
	}
	return r.poolOf(places, together)
}

// poolOf makes the pool of the tasks that begin at these places in the order.
func (r *Run) poolOf(places []int, together int) *pack.Pool {
	r.tasks, r.grouped = places, together
	var cells []plan.Cell
	for _, i := range places {
		cells = append(cells, r.order.Cells[i:i+together]...)
	}
	tasks := tasksOf(cells, together, r.knowledge(), func(c plan.Cell) known {
		t := r.launched(c)
		load, here := r.loads.of(r.keptIn(t, c).loads, c)
		if here {
			r.loads.compare(load.CPU, published()[c.Name()].CPU)
		}
		var probe bench.Probe
		if t != nil {
			probe = t.Probe
		}
		return known{load: load, elsewhere: elsewhere(c, here), probed: !c.NeedsProbe(probe)}
	})
	for n, i := range r.tasks {
		tasks[n].Alone = tasks[n].Alone || r.begun[i].alone()
	}
	pool := pack.NewPool(room(r.Host, r.order.atMost()), tasks)
	pool.Now(r.machine())
	pool.Scale(r.loads.scale())
	return pool
}

// expected is how long the tasks of a pool take. quiet is the same if other programs stop
// using the CPU; 0 = that would make no difference.
func expected(p *pack.Pool) (estimate bench.Span, quiet time.Duration) {
	estimate.Likely = p.Left()
	estimate.Least, estimate.Most = p.Between()
	if quiet = p.LeftIfQuiet(); quiet > estimate.Likely*9/10 {
		quiet = 0
	}
	return estimate, quiet
}

// machine is the machine as the pool sees it.
func (r *Run) machine() pack.Machine {
	m := pack.Machine{Spacing: spacing, Others: r.Host.OthersCPU, Lately: r.Host.LatelyCPU, Memory: r.Host.MemoryRoom}
	if r.Host.Notices != "" {
		if r.board == nil {
			r.board = &board{notices: launch.NewNotices(r.Host.Notices), note: r.Tell.Note}
		}
		m.Board = r.board
	}
	return m
}

// unmeasurable says that no target can be launched for a cell.
func (r *Run) unmeasurable(c plan.Cell) bool {
	return c.Unsupported != "" || r.failed[c.Target()] != nil
}

// task is a task of the pool that is under way: a cell, or a bout of a duel. The
// zero value belongs to no pool.
type task struct {
	number int
	place  int // of its cell, or its first, in the order
	slot   int // no other running task has this slot
	began  time.Time
	pool   *pack.Pool
}

// company returns a function that says whether any other task has run since the call
// of company.
func (t task) company() func() bool {
	if t.pool == nil {
		return func() bool { return false }
	}
	return t.pool.Company()
}

// carryOut does all tasks of the pool and returns the first error. do does one task
// and says whether it is over.
func (r *Run) carryOut(ctx context.Context, do func(task) (pack.Outcome, error)) error {
	var mu sync.Mutex
	var first error
	pool := r.forecast.pool
	telling, told := context.WithCancel(ctx)
	var teller sync.WaitGroup
	teller.Go(func() { r.keepTelling(telling) })
	defer teller.Wait()
	defer told()
	pool.Run(ctx, r.machine(), func(number, slot int) pack.Outcome {
		r.meter.change(1)
		defer r.meter.change(-1)
		t := task{number: number, place: r.tasks[number], slot: slot, began: time.Now(), pool: pool}
		outcome, err := do(t)
		if errors.Is(err, syscall.ENOSPC) { // the next task would have no space either
			outcome = pack.Stop
		}
		r.tellRemaining()
		mu.Lock()
		defer mu.Unlock()
		if first == nil {
			first = err
		}
		return outcome
	})
	return first
}

// together lets the cells of a launch run side by side from now on: either its probe
// is known, or each of them must try to make it.
func (r *Run) together(launch string) {
	if r.forecast.pool != nil {
		r.forecast.pool.Together(launch)
	}
}
