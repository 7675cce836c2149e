package place

import (
	"context"
	"fmt"
	"time"

	"benchrun/internal/bench"
)

// BootPatience is how long a target may take to come up that is launched to be
// looked at.
const BootPatience = 15 * time.Second

// Use launches a target to be looked at: it waits until the target is ready, does
// the work and clears everything away. notReady is told instead, or afterwards,
// where what was seen means nothing: the target never was ready, or benchrun had to
// end it.
func (h *Host) Use(ctx context.Context, t *Target, logPath string, work func(*Place), notReady func()) error {
	return h.Elsewhere(func() error { return h.useOnce(ctx, t, logPath, work, notReady) })
}

func (h *Host) useOnce(ctx context.Context, t *Target, logPath string, work func(*Place), notReady func()) (err error) {
	p, err := Open(ctx, h, t, Options{Clock: bench.NewClock(), Journal: &Journal{}, LogPath: logPath})
	if err != nil {
		return err
	}
	defer func() {
		if cerr := p.Close(ctx); cerr != nil && err == nil {
			err = fmt.Errorf("cleaning up after %s: %w", t.Server.Name, cerr)
		}
	}()
	boot, err := p.Ready(ctx, BootPatience)
	if err != nil {
		return err
	}
	if !boot.Ready {
		notReady()
		return nil
	}
	if work(p); p.ended.Load() { // what was seen then is benchrun's doing
		notReady()
	}
	return ctx.Err()
}
