package campaign

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
	most   time.Duration // what was left of it when the first cell could be begun
}

// errOutOfTime says that --max-time kept something from being measured.
var errOutOfTime = errors.New("not measured: no time was left for it")

func newTimeLimit(length time.Duration) timeLimit {
	return timeLimit{length: length, until: time.Now().Add(length), most: length}
}

// prepared says that from now on cells can be begun.
func (l *timeLimit) prepared() { l.most = time.Until(l.until) }

// fits says whether what takes so long from now on ends in time.
func (l timeLimit) fits(d time.Duration) bool {
	return l.length == 0 || !time.Now().Add(d).After(l.until)
}

// allows says whether a cell may start or continue that takes so long in all and
// so long for its next step, a probe or an attempt. Normally the whole cell must
// fit. A cell that is longer than all the time that the limit leaves for cells
// would then never start, however often the run is resumed: for that one it is
// enough if a step fits, and --resume continues after it.
func (l timeLimit) allows(all, step time.Duration) bool {
	return l.fits(all) || all > l.most && l.fits(step)
}

// why is the reason of what was not measured.
func (l timeLimit) why() error { return fmt.Errorf("%w within --max-time %s", errOutOfTime, l.length) }

// whyNot is the reason for a cell whose next step takes so long. If that step is
// longer than all the time that the limit leaves for cells, the reason says so,
// because resuming does not help.
func (l timeLimit) whyNot(step time.Duration) error {
	if step > l.most {
		return fmt.Errorf("%w, which alone takes about %s", l.why(), step.Round(time.Second))
	}
	return l.why()
}

// guard ends a cell that takes longer than it was expected to: one fault phase
// after the limit. stop is called when the cell is over.
func (l timeLimit) guard(ctx context.Context, c plan.Cell, mode bench.Mode) (guarded context.Context, stop context.CancelFunc) {
	if l.length == 0 {
		return context.WithCancel(ctx)
	}
	grace := c.Timing(mode, bench.Probe{}).Phases.Fault
	return context.WithDeadlineCause(ctx, l.until.Add(grace), l.why())
}

// broke says that the guard ended what it guarded, and nobody else did.
func (l timeLimit) broke(ctx, guarded context.Context) bool {
	return ctx.Err() == nil && errors.Is(context.Cause(guarded), errOutOfTime)
}
