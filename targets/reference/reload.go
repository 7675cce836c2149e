package reference

import (
	"context"
	"os"
	"os/signal"
	"sync"
)

// seat is where a slot of the pool works. A reload gives it to a new slot,
// and the old one leaves when the new one's worker is ready.
type seat struct {
	occupy func()        // tells the predecessor to leave; may be called again
	taken  chan struct{} // closed when this slot is to leave
	here   chan struct{} // closed by occupy
}

// newSeat makes a seat; before is the one that it takes over, or nil.
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

// followHangups reloads at each signal until ctx ends, one reload after the
// other; signals that come during one count as one.
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

// reload replaces every worker. Each new one is ready before an old one
// finishes its request and ends, so that none is missing meanwhile. It returns
// when the last new one is ready, or ctx has ended.
func (p *pool) reload(ctx context.Context) {
	if p.o.flaws[dropsOnReload] {
		p.killAll()
		return
	}
	for i, old := range p.seats {
		st := newSeat(old)
		p.seats[i] = st
		p.slots.Go(func() { p.slot(ctx, st) })
	}
	for _, st := range p.seats {
		<-st.here // a slot closes it at its end too
	}
}

// killAll is the flaw drops-on-reload: what is in flight goes with the workers.
func (p *pool) killAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for w := range p.live {
		w.kill()
	}
}
