package campaign

import (
	"context"

	"benchrun/internal/bench"
	"benchrun/internal/campaign/pack"
	"benchrun/internal/plan"
)

// Search measures some of the order's cells, one after the other: each time the one that
// next chooses by what was measured so far, until it chooses none (-1). done has a place
// for each cell of the order; nil = it was not measured. order.Most says how many next
// chooses at most.
//
// However the search ends, last then adds to the run's folder what belongs there, before
// the run is over. err is what ended the search early; last returns what ended all of it. If
// a resumed run cannot continue, its folder stays as it is.
func (r *Run) Search(ctx context.Context, next func(done []*bench.Cell) int, last func(run bench.Run, err error) error) (bench.Run, error) {
	err := r.begin(ctx, 1)
	if err != nil && r.order.Earlier != nil {
		return bench.Run{}, err
	}
	if err == nil {
		err = r.search(ctx, next)
	}
	return r.finish(ctx, last(r.run, err))
}

func (r *Run) search(ctx context.Context, next func([]*bench.Cell) int) error {
	measured := len(r.run.Cells)
	for i := next(r.done); i >= 0; i = next(r.done) {
		u := r.underway(i)
		measured++
		r.forecast.start(r.poolOf([]int{i}, 1), plan.Foresee(u.plan, r.knowledge()).Of(1).Times(float64(max(0, r.order.Most-measured))))
		err := r.carryOut(ctx, func(t task) (pack.Outcome, error) {
			u.task = t
			return r.measure(ctx, u)
		})
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil || r.done[i] == nil:
			return err
		}
	}
	return nil
}
