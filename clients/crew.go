package clients

import (
	"context"
	"sync"
)

// Crew is a set of goroutines that end together. The zero value is ready, and after End
// it is ready again.
type Crew struct {
	mu     sync.Mutex
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

// Start runs work in a goroutine. The context of work ends with End or with ctx.
func (c *Crew) Start(ctx context.Context, work func(context.Context)) {
	c.mu.Lock()
	if c.ctx == nil {
		c.ctx, c.cancel = context.WithCancel(ctx)
	}
	ctx = c.ctx
	c.mu.Unlock()
	c.wg.Go(func() { work(ctx) })
}

// End cancels the contexts and waits. It may be called again.
func (c *Crew) End() {
	c.mu.Lock()
	if c.cancel != nil {
		c.cancel()
	}
	c.ctx, c.cancel = nil, nil
	c.mu.Unlock()
	c.wg.Wait()
}
