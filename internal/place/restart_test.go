package place

import (
	"testing"
	"time"

	"benchrun/internal/bench"
)

// A second start is distinguished from what the first has left: it serves where nothing holds the
// port, and ends where an orphan does.
func TestKillLeader(t *testing.T) {
	host, target := appHost(t)
	front := target("honest") // its leader starts the app, and ends when that does
	front.Server.CommandWords = append([]string{"/bin/sh", "-c", `"$@" & wait $!; exit 7`, "sh"}, front.Server.CommandWords...)
	for name, tt := range map[string]struct {
		target *Target
		ready  bool
	}{"alone": {target("honest"), true}, "orphan": {front, false}} {
		t.Run(name, func(t *testing.T) {
			p, journal := appPlace(t, host, tt.target, bench.NewClock())
			if boot, err := p.Ready(t.Context(), 15*time.Second); err != nil || !boot.Ready {
				t.Fatalf("%+v, %v", boot, err)
			}
			if _, err := p.Restart(t.Context()); err == nil {
				t.Fatal("started again beside itself")
			}
			before := p.Token()
			a, err := p.KillLeader(t.Context(), "f0")
			if err != nil || a.Ready != tt.ready || p.Token() == before {
				t.Fatalf("%+v, %v", a, err)
			}
			marks := journal.Snapshot().Marks
			if len(marks) != 1 || marks[0].Name != bench.MarkSignal || marks[0].Note != "f0" || marks[0].PID != 0 || marks[0].T > a.T {
				t.Errorf("marks %+v, started again at %d", marks, a.T)
			}
			switch {
			case tt.ready && (a.Asked == 0 || a.Old > 0 || a.Lost > 0 || a.Exited != nil || a.Seconds <= 0):
				t.Errorf("it serves alone: %+v", a)
			case !tt.ready && (a.Exited == nil || a.Exited.Code != 7 || a.Note == ""):
				t.Errorf("an orphan holds the port: %+v", a)
			}
			if tt.ready {
				idle := p.Stop(t.Context(), 10*time.Second)
				if idle.AlreadyGone || idle.NeededSIGKILL || !idle.PortFreed || idle.Exit == nil || idle.Exit.Signal != "SIGTERM" {
					t.Errorf("the second start ended: %+v", idle)
				}
			}
		})
	}
}
