package probe

import (
	"testing"
	"time"

	"benchrun/internal/bench"
)

func TestHonestMost(t *testing.T) {
	for watchdog, want := range map[float64]time.Duration{0: 30 * time.Second, 2: 5 * time.Second, 162: time.Minute} {
		if got := HonestMost(bench.Claims{Watchdog: watchdog}); got != want {
			t.Errorf("a watchdog of %g s: %s, want %s", watchdog, got, want)
		}
	}
}
