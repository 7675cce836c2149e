package runner

import (
	"context"
	"sync"
)

// crew is a set of goroutines that are ended together. The zero value is
// ready, and after end it is ready again.
type crew struct {
	mu     sync.Mutex
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

// start runs work until end, or until ctx ends.
func (c *crew) start(ctx context.Context, work func(context.Context)) {
	c.mu.Lock()
	if c.ctx == nil {
		c.ctx, c.cancel = context.WithCancel(ctx)
	}
	ctx = c.ctx
	c.mu.Unlock()
	c.wg.Go(func() { work(ctx) })
}

// end cancels and waits. It is idempotent.
func (c *crew) end() {
	c.mu.Lock()
	if c.cancel != nil {
		c.cancel()
	}
	c.ctx, c.cancel = nil, nil
	c.mu.Unlock()
	c.wg.Wait()
}
