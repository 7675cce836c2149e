package campaign

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/campaign/pack"
	"benchrun/internal/place"
	"benchrun/internal/plan"
	"benchrun/results"
	"benchrun/targets"
)

// Run carries out an order; Open makes it. It stores each attempt as soon as that is
// judged. If a method returns an error, the folder and the returned run hold what was
// measured before.
type Run struct {
	Host   *place.Host
	Folder *results.Folder
	Tell   bench.Listener // gets the events; nil = nobody does

	order     Order
	schedules []plan.Schedule // by place in the order
	prepared  map[string]*place.Target
	failed    map[string]error // why targets could not be installed
	begun     []begun          // by place in the order
	limit     timeLimit
	loads     loads
	meter     meter
	forecast  forecast
	board     *board // nil until the pool needs it
	tasks     []int  // by task of the pool: the place in the order of its first cell
	grouped   int    // how many cells make a task

	mu     sync.Mutex             // guards the fields below: several cells may be under way
	run    bench.Run              // the results so far
	done   []*bench.Cell          // by place in the order; nil = still to be measured
	probes map[string]bench.Probe // by plan.Cell.Launch
	files  map[[2]string]keptIn   // by plan.Cell.Target and family
}

// Do runs the order. If a resumed run cannot continue, for example because a
// server cannot be installed, its folder stays as it is.
func (r *Run) Do(ctx context.Context) (bench.Run, error) {
	if err := r.begin(ctx, 1); err != nil {
		if r.order.Earlier != nil {
			return bench.Run{}, err
		}
		return r.finish(ctx, err)
	}
	var first error
	for i, c := range r.order.Cells {
		if r.done[i] == nil && r.unmeasurable(c) {
			if _, err := r.measure(ctx, r.underway(i)); first == nil {
				first = err
			}
		}
	}
	cells := map[int]*underway{}
	for _, i := range r.tasks {
		cells[i] = r.underway(i)
	}
	err := r.carryOut(ctx, func(t task) (pack.Outcome, error) {
		u := cells[t.place]
		u.task = t
		return r.measure(ctx, u)
	})
	switch {
	case ctx.Err() != nil:
		first = context.Cause(ctx)
	case first == nil:
		first = err
	}
	return r.finish(ctx, first)
}

// measure measures a cell and puts it into the run. If the cell was interrupted or
// must be measured again, the run keeps only its attempts.
func (r *Run) measure(ctx context.Context, u *underway) (pack.Outcome, error) {
	r.Tell.Tell(bench.CellBegun{Cell: u.number(), Name: u.plan.Name()})
	outcome, err := u.measure(ctx)
	switch {
	case ctx.Err() != nil:
		return pack.Stop, context.Cause(ctx)
	case outcome != pack.Over:
		r.forecast.takes(u.task.number, u.toRepeat())
		return outcome, nil
	}
	cell := u.cell
	r.conclude(u.place, cell)
	if kerr := r.keep(); kerr != nil && err == nil { // so that the cells survive if the run is killed
		err = kerr
	}
	r.Tell.Tell(bench.CellConcluded{Cell: u.number(), Result: cell})
	return pack.Over, err
}

// keep stores the run as it is now.
func (r *Run) keep() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.Folder.KeepRun(r.run)
}

// python is the interpreter that all targets of a run use, or that their environments
// were made with. "" = no target needs one.
func (r *Run) python() string {
	for _, c := range r.order.Cells {
		if t := r.prepared[c.Target()]; t != nil && t.Installation.Interpreter != "" {
			return targets.Interpreter(t.Installation.PythonVersion, t.Installation.Interpreter)
		}
	}
	return ""
}

// postgresql is the version of the database that the run needs; "" = it needs none.
func (r *Run) postgresql() string {
	for _, c := range r.order.Cells {
		if t := r.prepared[c.Target()]; t != nil && t.Installation.PostgreSQL != "" {
			return t.Installation.PostgreSQL
		}
	}
	return ""
}

// begin takes up earlier attempts, installs every target that is still to be measured
// and reports how long that will take. together is how many cells make one task.
func (r *Run) begin(ctx context.Context, together int) error {
	order := r.order
	r.limit = newTimeLimit(order.MaxTime)
	r.loads.limits = r.Host.Limits
	r.prepared, r.failed = map[string]*place.Target{}, map[string]error{}
	r.run.Cells = nil
	if err := r.takeUp(ctx); err != nil {
		return err
	}
	if err := r.installAll(ctx); err != nil {
		return err
	}
	if err := r.noteInstalled(); err != nil {
		return err
	}
	if together == 1 { // a duel may measure a target against itself
		if err := r.distinct(); err != nil {
			return err
		}
	}
	if order.Earlier != nil {
		if err := order.Earlier.Repair(ctx); err != nil {
			return err
		}
	}
	if err := r.Folder.WriteRun(r.run); err != nil {
		return err
	}
	r.limit.prepared()
	r.recallProbes()
	r.forecast.start(r.foresee(together), bench.Span{})
	estimate, quiet := expected(r.forecast.pool)
	r.Tell.Tell(bench.RunBegun{Run: r.run.ID, Cells: len(order.Cells), Estimate: estimate.Likely, Open: estimate.Open(), IfQuiet: quiet})
	if !r.limit.fits(estimate.Likely) {
		r.Tell.Note(fmt.Sprintf("that is longer than --max-time %s: not every cell will be measured", order.MaxTime))
	}
	return nil
}

// finish stores run.json. It returns err, or the error of storing.
func (r *Run) finish(ctx context.Context, err error) (bench.Run, error) {
	r.run.FinishedAt = time.Now().UTC().Format(time.RFC3339)
	r.run.Interrupted = ctx.Err() != nil
	if werr := r.Folder.WriteRun(r.run); werr != nil && err == nil {
		err = werr
	}
	r.Tell.Tell(bench.RunDone{Run: r.run})
	return r.run, err
}

// installAll installs every target before anything is measured, because installing
// would disturb measurements. If a target cannot be installed, the others are still
// measured, if there are any.
func (r *Run) installAll(ctx context.Context) error {
	for _, c := range r.open(0) {
		key := c.Target()
		if c.Unsupported != "" || r.prepared[key] != nil || r.failed[key] != nil {
			continue
		}
		t, err := r.install(ctx, c)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if usage := (*bench.UsageError)(nil); errors.As(err, &usage) { // ends the run, even if other targets can be installed
			return err
		}
		if err != nil {
			r.failed[key] = err
			continue
		}
		r.prepared[key] = t
	}
	if len(r.prepared) == 0 {
		for _, c := range r.order.Cells {
			if err := r.failed[c.Target()]; err != nil {
				return err
			}
		}
	}
	for _, err := range r.failed {
		r.Tell.Note(err.Error())
		for _, line := range bench.Tail(err) {
			r.Tell.Note("  " + line)
		}
	}
	return nil
}

func (r *Run) install(ctx context.Context, c plan.Cell) (*place.Target, error) {
	t, err := r.Host.Install(ctx, c, r.order.Python, r.Tell.Note)
	if err != nil {
		return nil, err
	}
	if err := keepVersion(c, t); err != nil {
		r.Tell.Note("the version of " + c.Target() + " is not stored, so dry runs know less: " + err.Error())
	}
	return t, nil
}
