package campaign

import (
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/place"
	"benchrun/results"
)

// Opening is what a new run writes down of itself, besides its order.
type Opening struct {
	Out      string   // the folder in which the run's own folder is made
	Benchrun string   // the version
	Args     []string // the command line that says by itself what was measured
	Asked    *bench.Asked
}

// Open gives a run a folder: a new one, or that of order.Earlier. The folder is this
// process's until release is called.
func Open(h *place.Host, order Order, o Opening) (r *Run, release func(), err error) {
	r = &Run{Host: h, order: order}
	if e := order.Earlier; e != nil { // claimed before it was read
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
