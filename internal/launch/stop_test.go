package launch

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"benchrun/internal/bench"
)

func TestStop(t *testing.T) {
	ownTemp(t)
	levels := available(t)
	for _, caps := range []Capabilities{levels[0], levels[len(levels)-1]} {
		for _, c := range []struct {
			part          string
			window, grace time.Duration
			want          bench.Stop // Term and Seconds are checked below
		}{
			{"obedient", 5 * time.Second, 9 * time.Second,
				bench.Stop{PortFreed: true, Exit: &bench.ExitStatus{Signal: "SIGTERM"}}},
			{"orphaning", 5 * time.Second, 0,
				bench.Stop{Survivors: orphans, Exit: &bench.ExitStatus{Signal: "SIGTERM"}}},
			{"hostile", 50 * time.Millisecond, 49 * time.Millisecond,
				bench.Stop{Survivors: daemons, NeededSIGKILL: true}},
			{"hostile", 50 * time.Millisecond, 50 * time.Millisecond,
				bench.Stop{Survivors: daemons, NeededSIGKILL: true, WindowLimited: true}},
			{"hostile", 50 * time.Millisecond, time.Second,
				bench.Stop{Survivors: daemons, NeededSIGKILL: true, WindowLimited: true}},
		} {
			t.Run(string(caps.Level)+"/"+c.part, func(t *testing.T) {
				port, arg := testPort(t)
				g := startPart(t, caps, smallLimits, part(c.part, arg)...)
				eventually(t, "the server is ready", func() bool { return strings.Contains(logOf(g), "ready") })
				clock := bench.NewClock()
				got := Stop(t.Context(), clock, g, []int{port}, syscall.SIGTERM, c.window, c.grace)
				compareStop(t, got, c.want)
				if got.Seconds <= 0 || got.Seconds > c.window.Seconds() || c.want.NeededSIGKILL && got.Seconds != c.window.Seconds() {
					t.Errorf("%v s of a window of %v", got.Seconds, c.window)
				}
				if got.Term < 0 || got.Term > clock.Now() {
					t.Errorf("sent at %d, now is %d", got.Term, clock.Now())
				}
			})
		}
		t.Run(string(caps.Level)+"/already gone", func(t *testing.T) {
			g := startPart(t, caps, smallLimits, "sh", "-c", "exit 3")
			<-g.Done()
			port, _ := testPort(t)
			got := Stop(t.Context(), bench.NewClock(), g, []int{port}, syscall.SIGTERM, time.Second, 0)
			compareStop(t, got, bench.Stop{PortFreed: true, AlreadyGone: true, Exit: &bench.ExitStatus{Code: 3}})
			if got.Seconds != 0 {
				t.Errorf("%v s", got.Seconds)
			}
		})
	}
}

func compareStop(t *testing.T, got, want bench.Stop) {
	t.Helper()
	if (got.Exit == nil) != (want.Exit == nil) || got.Exit != nil && *got.Exit != *want.Exit {
		t.Errorf("exit %+v, want %+v", got.Exit, want.Exit)
	}
	got.Exit, want.Exit, got.Term, got.Seconds = nil, nil, 0, 0
	if got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}
