package place

import (
	"context"
	"sync"
	"time"
)

// mostTurn is how long a target may keep others from booting: one that hangs while it
// boots must not hold up the run.
const mostTurn = 5 * time.Second

// bootTurn lets one target boot at a time. A server uses all the CPU that it can get
// while it boots, and several at once would disturb the cells that are being measured.
// nil lets everybody boot at once. Safe for concurrent use.
type bootTurn chan struct{}

func newBootTurn() bootTurn { return make(bootTurn, 1) }

// take waits until no other target boots, or until ctx ends. The turn ends when over is
// called, and after most at the latest. over may be called more than once.
func (b bootTurn) take(ctx context.Context, most time.Duration) (over func()) {
	if b == nil {
		return func() {}
	}
	select {
	case b <- struct{}{}:
	case <-ctx.Done():
		return func() {}
	}
	end := sync.OnceFunc(func() { <-b })
	limit := time.AfterFunc(most, end)
	return func() {
		limit.Stop()
		end()
	}
}

// BootTurn is to be called before a target is opened. It waits until no other target of
// this benchrun boots. The caller calls over as soon as the target is ready or has
// failed; more calls do nothing.
func (h *Host) BootTurn(ctx context.Context) (over func()) { return h.boots.take(ctx, mostTurn) }
