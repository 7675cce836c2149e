package runner

import (
	"context"
	"errors"
	"fmt"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/plan"
)

// timeLimit says what may still be begun within --max-time. The zero value
// allows everything.
type timeLimit struct {
	length time.Duration
	until  time.Time
}

// errOutOfTime says that --max-time kept something from being measured.
var errOutOfTime = errors.New("not measured: no time was left for it")

func newTimeLimit(length time.Duration) timeLimit {
	return timeLimit{length: length, until: time.Now().Add(length)}
}

// fits says whether what takes so long from now on ends in time.
func (l timeLimit) fits(d time.Duration) bool {
	return l.length == 0 || !time.Now().Add(d).After(l.until)
}

// why is the reason of what was not measured.
func (l timeLimit) why() error { return fmt.Errorf("%w within --max-time %s", errOutOfTime, l.length) }

// guard ends a cell that takes longer than it was expected to: one fault phase
// after the limit. stop is called when the cell is over.
func (l timeLimit) guard(ctx context.Context, c plan.Cell, mode bench.Mode) (guarded context.Context, stop context.CancelFunc) {
	if l.length == 0 {
		return context.WithCancel(ctx)
	}
	grace := bench.PhasesFor(mode, c.Scenario.Family.Hold, 0).Fault
	return context.WithDeadlineCause(ctx, l.until.Add(grace), l.why())
}

// broke says that the guard ended what it guarded, and nobody else did.
func (l timeLimit) broke(ctx, guarded context.Context) bool {
	return ctx.Err() == nil && errors.Is(context.Cause(guarded), errOutOfTime)
}
