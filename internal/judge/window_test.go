package judge

import (
	"testing"
	"time"

	"benchrun/internal/bench"
)

// until cuts a record as it stands at time now: a sample is in it once its
// request has ended.
func (s scene) until(now float64) scene {
	rec := *s.Record
	rec.Samples = nil
	for _, x := range s.Samples {
		if x.Done > 0 && x.Done <= ns(now) {
			rec.Samples = append(rec.Samples, x)
		}
	}
	rec.Marks = nil
	for _, m := range s.Marks {
		if m.T <= ns(now) && m.Name != bench.MarkRecovery {
			rec.Marks = append(rec.Marks, m)
		}
	}
	return scene{&rec}
}

func TestWindow(t *testing.T) {
	dead := func() scene { return longer(stuck(), 20).lose(fault(2), fault(32), 100, bench.TimedOut) }
	tests := []struct {
		name  string
		scene scene
		now   float64 // seconds into the fault phase
		want  State
	}{
		{"at the beginning", wedged(), 0, State{}},
		{"one second is settled, but not known", wedged(), 1.01, State{}},
		{"two are settled, one is known", wedged(), 2.05, State{ValidSeconds: 1, Scheduled: 100}},
		{"a second is settled as soon as its samples are in", wedged(), 7.05, State{ValidSeconds: 6, Scheduled: 600}},
		{"one short of T", wedged(), 12.99, State{ValidSeconds: 11, Scheduled: 1100}},
		{"T", wedged(), 13.05, State{ValidSeconds: 12, Scheduled: 1200, Decision: Enough}},
		{"samples that are not in yet wait for the timeout", wedged().edit(bench.RoleVictim, fault(3), fault(3.1), func(x *bench.Sample) { x.Done = 0 }), 5, State{ValidSeconds: 2, Scheduled: 200}},
		{"to the end of patience", wedged().edit(bench.RoleVictim, fault(3), fault(3.1), func(x *bench.Sample) { x.Done = 0 }), 6.249, State{ValidSeconds: 2, Scheduled: 200}},
		{"and then were never sent", wedged().edit(bench.RoleVictim, fault(3), fault(3.1), func(x *bench.Sample) { x.Done = 0 }), 6.25, State{ValidSeconds: 2, Scheduled: 200}},
		{"which masks three seconds", wedged().edit(bench.RoleVictim, fault(3), fault(3.1), func(x *bench.Sample) { x.Done = 0 }), 7.05, State{ValidSeconds: 3, Scheduled: 300}},
		{"a probe that is not in yet waits too", wedged().drop(bench.RoleControl, fault(3.5), fault(3.6)), 6.249, State{ValidSeconds: 2, Scheduled: 200}},
		{"to the end of patience, and no longer", wedged().drop(bench.RoleControl, fault(3.5), fault(3.6)), 6.25, State{ValidSeconds: 5, Scheduled: 500}},
		{"a second that is not over is not settled", wedged().head(func(h *bench.Head) { h.Rate = 10 }), 2.5, State{ValidSeconds: 1, Scheduled: 100}},
		{"a stall in the second after takes a second back", wedged().stall(fault(3.2)), 4.05, State{ValidSeconds: 2, Scheduled: 200}},
		{"losses under the budget", dead(), 4.5, State{ValidSeconds: 1, Scheduled: 100}},
		{"one dead second of two", dead(), 6.3, State{ValidSeconds: 3, Scheduled: 300, Lost: 100, BadBins: 1, Spent: 100.0 / 60}},
		{"two dead seconds", dead(), 7.3, State{ValidSeconds: 4, Scheduled: 400, Lost: 200, BadBins: 2, Spent: 200.0 / 60, Decision: Curtail}},
		{"losses at the budget", wedged().lose(fault(0), fault(12), 6, bench.Refused), 11.05, State{ValidSeconds: 10, Scheduled: 1000, Lost: 60, BadBins: 10, Spent: 1}},
		{"losses over it", wedged().lose(fault(0), fault(12), 7, bench.Refused), 10.05, State{ValidSeconds: 9, Scheduled: 900, Lost: 63, BadBins: 9, Spent: 63.0 / 60, Decision: Curtail}},
		{"enough comes before curtail", wedged().lose(fault(0), fault(12), 6, bench.Refused), 13.05, State{ValidSeconds: 12, Scheduled: 1200, Lost: 72, BadBins: 12, Spent: 72.0 / 60, Decision: Enough}},
		{"a stall extends", longer(wedged(), 20).stall(fault(5)), 14.05, State{ValidSeconds: 10, Scheduled: 1000}},
		{"until there is enough", longer(wedged(), 20).stall(fault(5)), 16.05, State{ValidSeconds: 12, Scheduled: 1200, Decision: Enough}},
		{"nothing valid, before the cap", longer(wedged(), 20).drop(bench.RoleControl, 0, 100), 26.9, State{Unsound: true}},
		{"nothing valid, at the cap", longer(wedged(), 20).drop(bench.RoleControl, 0, 100), 27, State{Unsound: true, Decision: Cap}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Window(tt.scene.until(fault(tt.now)).Record, ns(faultAt), ns(fault(tt.now)))
			if got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
	if got := Window(nil, 0, 0); got != (State{}) {
		t.Errorf("no record gives %+v", got)
	}
}

// What Window decides, Judge bears out: a phase that ends on Enough is judged,
// and one that ends on Curtail has failed.
func TestWindowAgreesWithJudge(t *testing.T) {
	tests := []struct {
		name  string
		scene func() scene
		want  bench.Verdict
		ends  Decision
	}{
		{"held", func() scene { return longer(wedged(), 16) }, bench.Held, Enough},
		{"held on a noisy host", func() scene { return longer(wedged(), 16).stall(fault(3)).stall(fault(9)) }, bench.Held, Enough},
		{"a stall when it seems to be over", func() scene { return longer(wedged(), 16).stall(fault(12.1)) }, bench.Held, Enough},
		{"degraded", func() scene { return longer(wedged(), 16).lose(fault(0), fault(28), 4, bench.Refused) }, bench.Degraded, Enough},
		{"dead", func() scene { return longer(stuck(), 16).lose(fault(2), fault(28), 100, bench.TimedOut) }, bench.Failed, Curtail},
		{"just failing", func() scene { return longer(wedged(), 16).lose(fault(0), fault(28), 6, bench.Refused) }, bench.Failed, Curtail},
		{"stalled all the time", func() scene { return longer(wedged(), 16).drop(bench.RoleControl, fault(0), 99) }, bench.Invalid, Cap},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			whole := tt.scene()
			for now := 0.5; now < 40; now += 0.5 {
				s := Window(whole.until(fault(now)).Record, ns(faultAt), ns(fault(now)))
				if s.Decision == Continue {
					continue
				}
				if s.Decision != tt.ends {
					t.Fatalf("ends at %.1f s on %v, want %v", now, s.Decision, tt.ends)
				}
				end := tt.scene()
				if s.Decision == Curtail {
					end.curtail(fault(now))
				} else {
					end.curtail(fault(now))
					end.Marks = dropMark(end.Marks, bench.MarkCurtailed)
				}
				if j := Judge(end.Record); j.Verdict != tt.want {
					t.Errorf("ended at %.1f s on %v: verdict %v %q, want %v", now, s.Decision, j.Verdict, j.Reasons, tt.want)
				}
				return
			}
			t.Fatal("never ends")
		})
	}
}

func dropMark(marks []bench.Mark, name bench.MarkName) []bench.Mark {
	var out []bench.Mark
	for _, m := range marks {
		if m.Name != name {
			out = append(out, m)
		}
	}
	return out
}

func TestDecisionWords(t *testing.T) {
	for d, want := range map[Decision]string{Continue: "continue", Enough: "enough", Curtail: "curtail", Cap: "cap", Cap + 1: "unknown", -1: "unknown"} {
		if got := d.String(); got != want {
			t.Errorf("%d is %q, want %q", int(d), got, want)
		}
	}
	if bench.PhasesFor(bench.ModeQuick, 3*time.Second, 0).FaultCap != 27*time.Second {
		t.Error("the tests above count on a cap of 27 s")
	}
}
