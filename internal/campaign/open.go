package campaign

import (
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/place"
	"benchrun/internal/plan"
	"benchrun/results"
)

// Opening is what a new run stores about itself, besides its order.
type Opening struct {
	Out      string   // the folder in which the run's own folder is made
	Benchrun string   // the version of benchrun
	Args     []string // a command line that measures the same again
	Asked    *bench.Asked
}

// Open gives a run its folder: a new one, or that of order.Earlier. The folder
// belongs to this process until it calls release.
func Open(h *place.Host, order Order, o Opening) (r *Run, release func(), err error) {
	r = newRun(order)
	r.Host = h
	if e := order.Earlier; e != nil { // Resume has claimed its folder
		r.Folder = e.Folder
		r.run, err = e.goOn(h.Environment)
		return r, e.release, err
	}
	r.run = bench.Run{
		Schema: bench.RunSchema, ID: results.NewRunID(), StartedAt: time.Now().UTC().Format(time.RFC3339),
		Benchrun: o.Benchrun, Args: o.Args, Mode: order.Mode, Seed: order.Seed,
		Asked: o.Asked, Environment: h.Environment, Cells: []bench.Cell{},
	}
	r.Folder, release, err = results.Begin(o.Out, r.run)
	return r, release, err
}

// newRun is a run of an order, of which nothing has been measured yet.
func newRun(order Order) *Run {
	order.Cells = plan.WithPatience(order.Cells, order.Mode)
	r := &Run{order: order, schedules: make([]plan.Schedule, len(order.Cells))}
	for i, c := range order.Cells {
		r.schedules[i] = plan.NewSchedule(order.Seed, c.Scenario, bench.StandardLoad.Rate, order.Mode)
	}
	return r
}
