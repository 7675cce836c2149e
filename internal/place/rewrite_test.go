package place

import (
	"slices"
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/targets"
)

// A reload brings the repaired app, or it does not, and the place tells them apart.
func TestTakeUp(t *testing.T) {
	host, target := appHost(t)
	for name, tt := range map[string]struct {
		front  string
		served bool
	}{
		"reloads": {`trap 'kill $p' HUP; while :; do "$@" & p=$!; wait $p; sleep 0.05; done`, true},
		"ignores": {`trap '' HUP; "$@"; exit 7`, false},
	} {
		t.Run(name, func(t *testing.T) {
			front := target("honest")
			front.Server.CommandWords = append([]string{"/bin/sh", "-c", tt.front, "sh"}, front.Server.CommandWords...)
			front.Server.Reload = targets.Reload{Signal: "HUP"}
			p, journal := appPlace(t, host, front, bench.NewClock())
			if boot, err := p.Ready(t.Context(), 15*time.Second); err != nil || !boot.Ready {
				t.Fatalf("%+v, %v", boot, err)
			}
			before := p.Token()
			if err := p.BreakApp("f1"); err != nil {
				t.Fatal(err)
			}
			if err := p.Reload("f2"); err != nil {
				t.Fatal(err)
			}
			bench.Sleep(t.Context(), 500*time.Millisecond)
			if err := p.RepairApp(); err != nil || p.Token() == before {
				t.Fatalf("token %s, %v", p.Token(), err)
			}
			limit := 10 * time.Second
			if !tt.served {
				limit = 500 * time.Millisecond
			}
			got := p.TakeUp(t.Context(), "f3", limit)
			if got.Served != tt.served || got.Served == (got.Note != "") || got.Seconds <= 0 || got.T <= 0 {
				t.Errorf("%+v", got)
			}
			if logged := got.Used.Log > 0; logged != tt.served { // only the one that reloads has met the broken app
				t.Errorf("used %+v", got.Used)
			}
			var marks []bench.MarkName
			for _, m := range journal.Snapshot().Marks {
				marks = append(marks, m.Name)
				if m.Name == bench.MarkBroken && m.Note != "f1" {
					t.Errorf("%+v", m)
				}
			}
			want := []bench.MarkName{bench.MarkBroken, bench.MarkSignal, bench.MarkRepaired, bench.MarkSignal}
			if !slices.Equal(marks, want) {
				t.Errorf("marks %q, want %q", marks, want)
			}
		})
	}
}

// A start with an app that cannot be loaded is looked at, and what it uses.
func TestRestartBroken(t *testing.T) {
	host, target := appHost(t)
	p, _ := appPlace(t, host, target("honest"), bench.NewClock())
	if boot, err := p.Ready(t.Context(), 15*time.Second); err != nil || !boot.Ready {
		t.Fatalf("%+v, %v", boot, err)
	}
	p.Stop(t.Context(), 10*time.Second)
	a, err := p.RestartBroken(t.Context(), 10*time.Second)
	if err != nil || a.Ready || a.Exited == nil || a.Exited.Code == 0 || a.Used == nil || a.Used.Log <= 0 {
		t.Errorf("%+v, %v", a, err)
	}
}
