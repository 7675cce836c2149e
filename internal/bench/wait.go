package bench

import (
	"context"
	"time"
)

// Sleep waits for d or until ctx ends.
func Sleep(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// Seconds is a number of seconds, as files hold it, as a time.
func Seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
