package campaign

import (
	"context"

	"benchrun/internal/bench"
	"benchrun/internal/campaign/pack"
)

// Search measures some of the order's cells, one after the other: each time the one that
// next chooses by what was measured so far, until it chooses none (-1). done has a place
// for each cell of the order; nil = it was not measured. order.Most says how many next
// chooses at most. If Search returns an error, the folder and the run hold what was
// measured before it.
func (r *Run) Search(ctx context.Context, next func(done []*bench.Cell) int) (bench.Run, error) {
	if err := r.begin(ctx, 1); err != nil {
		return r.finish(ctx, err)
	}
	for i := next(r.done); i >= 0; i = next(r.done) {
		u := r.underway(i)
		r.forecast.pool = r.poolOf([]int{i}, 1)
		err := r.carryOut(ctx, func(t task) (pack.Outcome, error) {
			u.task = t
			return r.measure(ctx, u)
		})
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if err != nil || r.done[i] == nil {
			return r.finish(ctx, err)
		}
	}
	return r.finish(ctx, nil)
}
