package runner

import (
	"slices"
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/targets"
)

// A plan has a reload only where the server offers one, and the time that a
// claimed watchdog is waited for.
func TestCheckPlan(t *testing.T) {
	for _, tt := range []struct {
		signal   string
		watchdog float64
		patience time.Duration
		want     time.Duration
	}{
		{"", 0, time.Minute, 35 * time.Second},    // as long as the smallest pool is watched
		{"HUP", 3, time.Minute, 35 * time.Second}, // sooner than that
		{"", 30, time.Minute, time.Minute},
		{"", 30, 10 * time.Second, 40 * time.Second}, // no longer than asked for
	} {
		check := ServerCheck{Patience: tt.patience, Target: &Prepared{
			Server:  &targets.Server{Reload: targets.Reload{Signal: tt.signal}},
			Profile: targets.Profile{Claims: bench.Claims{Watchdog: tt.watchdog}},
		}}
		checks, about := check.Plan()
		if about != tt.want {
			t.Errorf("%+v: about %s", tt, about)
		}
		if got := slices.Contains(checks, "reload (SIGHUP)"); got != (tt.signal != "") {
			t.Errorf("%+v: %q", tt, checks)
		}
		if checks[0] != "boot" || !slices.Contains(checks, "/fault/segfault") || checks[len(checks)-1] != "watchdog" {
			t.Errorf("%q", checks)
		}
	}
}
