package reference

import (
	"context"
	"os"
	"os/signal"
	"sync"
)

// seat is the place of a slot in the pool. A reload gives it to a new slot. The old slot
// leaves when the new one's worker is ready.
type seat struct {
	occupy func()        // makes the predecessor leave; may be called again
	taken  chan struct{} // closed when this slot must leave
	here   chan struct{} // closed by occupy
}

// newSeat makes a seat; before is the one that it replaces, or nil.
func newSeat(before *seat) *seat {
	st := &seat{taken: make(chan struct{}), here: make(chan struct{})}
	st.occupy = sync.OnceFunc(func() {
		close(st.here)
		if before != nil {
			close(before.taken)
		}
	})
	return st
}

func (st *seat) isTaken() bool {
	select {
	case <-st.taken:
		return true
	default:
		return false
	}
}

// followHangups reloads at each signal until ctx ends, one reload after the other. Signals
// that come during a reload count as one.
func (p *pool) followHangups(ctx context.Context, hangups chan os.Signal) {
	defer signal.Stop(hangups)
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangups:
			p.events.Print("SIGHUP: the workers are replaced")
			p.reload(ctx)
		}
	}
}

// reload replaces every worker. Each new worker is ready before the old one finishes its
// request and ends, so that there are always enough. It returns when the last new one is
// ready, or ctx has ended.
func (p *pool) reload(ctx context.Context) {
	switch {
	case p.o.flaws[dropsOnReload]:
		p.killAll()
		return
	case p.o.flaws[ignoresReload]:
		return
	case p.o.flaws[leaksOnReload]:
		p.leak()
	case p.o.flaws[dropsBacklog]:
		p.dropWaiting()
	}
	for i, old := range p.seats {
		st := newSeat(old)
		p.seats[i] = st
		p.slots.Go(func() { p.slot(ctx, st) })
	}
	for _, st := range p.seats {
		<-st.here // a slot also closes it when it ends
	}
}

// killAll is the flaw drops-on-reload: it kills the workers together with their requests.
func (p *pool) killAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for w := range p.live {
		w.kill()
	}
}
