package place

import (
	"context"
	"fmt"
	"time"

	"benchrun/internal/bench"
)

// BootPatience is how long Use waits for a target to be ready.
const BootPatience = 15 * time.Second

// Use launches a target for a probe or a check: it waits until the target is
// ready, calls work and removes everything. It calls notReady if the results mean
// nothing: instead of work if the target never became ready, and after work if
// benchrun had to end the target.
func (h *Host) Use(ctx context.Context, t *Target, logPath string, work func(*Place), notReady func()) error {
	return h.Elsewhere(func() error { return h.useOnce(ctx, t, logPath, work, notReady) })
}

func (h *Host) useOnce(ctx context.Context, t *Target, logPath string, work func(*Place), notReady func()) (err error) {
	booted := h.BootTurn(ctx)
	defer booted()
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
	booted()
	if err != nil {
		return err
	}
	if !boot.Ready {
		notReady()
		return nil
	}
	if work(p); p.ended.Load() { // benchrun caused what work saw last
		notReady()
	}
	return ctx.Err()
}
