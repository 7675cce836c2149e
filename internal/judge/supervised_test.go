package judge

import (
	"testing"

	"benchrun/internal/bench"
)

func supervised(s scene) scene {
	return s.head(func(h *bench.Head) { h.Target.Supervisor = &bench.Supervised{Name: "any", Command: []string{"any"}} })
}

// Whichever supervisor a target has, the second start is its work, and the reasons say what it
// costs.
func TestSupervisedTakeover(t *testing.T) {
	taken := func(change func(*bench.Again)) scene {
		s := supervised(restarting())
		s.Again.Starts = 1
		return s.again(change)
	}
	for _, tt := range []struct {
		name   string
		scene  scene
		want   bench.Verdict
		reason string
	}{
		{"started again", taken(func(*bench.Again) {}), bench.Held, "; its supervisor started it again, and it answered after 0.6 s; nobody got a right answer for 0.5 s"},
		{"at the third time, beside an orphan", taken(func(a *bench.Again) { a.Starts, a.Orphans = 3, 1 }), bench.Held, "after 0.6 s; started 3 times; 1 process of the first start is still there; nobody"},
		{"not at all", taken(func(a *bench.Again) {
			a.Ready, a.Seconds, a.Note, a.Starts, a.Orphans, a.Holder = false, 10, "a process of the first start answered", 9, 2, "python3 (pid 7)"
		}), bench.Failed, "not taken over: under its supervisor it did not answer within 10 s: a process of the first start answered; started 9 times; 2 processes of the first start are still there; python3 (pid 7) listens on the port"},
		{"the supervisor ends", taken(func(a *bench.Again) { a.Ready, a.Exited, a.Starts = false, &bench.ExitStatus{Code: 1}, 0 }), bench.Failed, "not taken over: under its supervisor it ended with exit code 1 after 0.6 s; started 0 times"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			j := Judge(tt.scene.Record)
			if j.Verdict != tt.want {
				t.Errorf("%s: %q", j.Verdict, j.Reasons)
			}
			wantReason(t, j, tt.reason)
		})
	}
	m := Judge(taken(func(a *bench.Again) { a.Orphans = 2 }).Record).Measures
	wantMeasure(t, m, "supervisor_starts", "1")
	wantMeasure(t, m, "orphans_left", "2")
	if dark := m["dark_time"]; dark.Value == nil || *dark.Value < 0.4 || *dark.Value > 0.6 || dark.Censored != "" {
		t.Errorf("dark for %+v s", dark)
	}
	ever := supervised(takenAway(takeoverTraits, 99))
	ever.Again = &bench.Again{T: ns(fault(1.6)), Seconds: 10, Starts: 9}
	if dark := Judge(ever.Record).Measures["dark_time"]; dark.Value == nil || *dark.Value < 5 || dark.Censored != ">" {
		t.Errorf("never back: dark for %+v s", dark)
	}
	if m := Judge(restarting().Record).Measures["dark_time"]; m.Value != nil {
		t.Error("dark_time of a target without a supervisor")
	}
}

// Started with an app that cannot be loaded, the supervisor stays and the server must end,
// each time.
func TestSupervisedRefusal(t *testing.T) {
	stays := func(starts int) func(*bench.Again) {
		return func(a *bench.Again) {
			a.Exited, a.Seconds, a.Note, a.Starts = nil, 10, "it did not answer: refused", starts
		}
	}
	for _, tt := range []struct {
		name   string
		scene  scene
		want   bench.Verdict
		reason string
	}{
		{"it ends each time", supervised(strict()).again(stays(10)), bench.Held, "started with such an app, it ended each time, and its supervisor started it 10 times in 10 s"},
		{"it stays", supervised(strict()).again(stays(1)), bench.Failed, "broken app not refused: started with such an app, it was still there after 10 s"},
		{"without a supervisor", strict().again(stays(10)), bench.Failed, "broken app not refused"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			j := Judge(tt.scene.Record)
			if j.Verdict != tt.want {
				t.Errorf("%s: %q", j.Verdict, j.Reasons)
			}
			wantReason(t, j, tt.reason)
		})
	}
	wantMeasure(t, Judge(supervised(strict()).again(stays(10)).Record).Measures, "supervisor_starts", "10")
}
