package campaign

import (
	"context"
	"errors"
	"fmt"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/plan"
)

// timeLimit decides what may still begin within --max-time. The zero value is no
// limit.
type timeLimit struct {
	length time.Duration
	until  time.Time
	most   time.Duration // the time that was left when the first cell could begin
}

// errOutOfTime says that --max-time was too short to measure something.
var errOutOfTime = errors.New("not measured: no time was left for it")

func newTimeLimit(length time.Duration) timeLimit {
	return timeLimit{length: length, until: time.Now().Add(length), most: length}
}

// prepared marks the moment from which cells can begin.
func (l *timeLimit) prepared() { l.most = time.Until(l.until) }

// fits says whether something that takes d ends in time if it begins now.
func (l timeLimit) fits(d time.Duration) bool {
	return l.length == 0 || !time.Now().Add(d).After(l.until)
}

// within is how much of d is left within the limit.
func (l timeLimit) within(d time.Duration) time.Duration {
	if l.length == 0 {
		return d
	}
	return max(0, min(d, time.Until(l.until)))
}

// allows says whether a cell may begin or continue. all is how long it takes in all,
// step how long its next step takes, a probe or an attempt. Normally the whole cell
// must fit. A cell that is longer than all the time that the limit leaves for cells
// would then never begin, however often the run is resumed. For such a cell it is
// enough if the step fits; --resume continues after it.
func (l timeLimit) allows(all, step time.Duration) bool {
	return l.fits(all) || all > l.most && l.fits(step)
}

// why is the reason that an unmeasured cell gives.
func (l timeLimit) why() error { return fmt.Errorf("%w within --max-time %s", errOutOfTime, l.length) }

// whyNot is the reason for a cell whose next step takes this long. If the step is
// longer than all the time that the limit leaves for cells, the reason says so,
// because resuming does not help.
func (l timeLimit) whyNot(step time.Duration) error {
	if step > l.most {
		return fmt.Errorf("%w, which alone takes about %s", l.why(), step.Round(time.Second))
	}
	return l.why()
}

// guard returns a context that ends one fault phase after the limit, because a cell
// may take longer than expected. The caller calls stop when the cell is over.
func (l timeLimit) guard(ctx context.Context, c plan.Cell, mode bench.Mode) (guarded context.Context, stop context.CancelFunc) {
	if l.length == 0 {
		return context.WithCancel(ctx)
	}
	grace := c.Timing(mode, bench.Probe{}).Phases.Fault
	return context.WithDeadlineCause(ctx, l.until.Add(grace), l.why())
}

// broke says that the guard, and nobody else, has ended the guarded context.
func (l timeLimit) broke(ctx, guarded context.Context) bool {
	return ctx.Err() == nil && errors.Is(context.Cause(guarded), errOutOfTime)
}
