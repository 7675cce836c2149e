package judge

import (
	"slices"
	"testing"
	"time"

	"benchrun/internal/bench"
)

// The verdict of one record: each rule, and both sides of each boundary.
func TestVerdict(t *testing.T) {
	tests := []struct {
		name   string
		scene  scene
		want   bench.Verdict
		reason string // contained in some reason
		flags  []string
	}{
		// Held, and the bands. 12 s of 100 victims: 1,200 scheduled.
		{"all served", wedged(), bench.Held, "served 1,200 of 1,200 victims while 12 requests wedged; 11 of 11 slots came back after 3.1 s (median)", nil},
		{"2 % lost is held", wedged().lose(fault(0), fault(8), 3, bench.TimedOut), bench.Held, "served 1,176 of 1,200", nil},
		{"just above 2 % lost is degraded", wedged().lose(fault(0), fault(8), 3, bench.TimedOut).lose(fault(8), fault(9), 1, bench.Reset), bench.Degraded, "served 97.9 % of 1,200 victims: 24 timeout, 1 reset", nil},
		{"5 % lost is degraded", wedged().lose(fault(0), fault(12), 5, bench.Refused), bench.Degraded, "served 95 % of 1,200 victims: 60 refused", nil},
		{"just above 5 % lost fails", wedged().lose(fault(0), fault(11), 5, bench.Refused).lose(fault(11), fault(12), 6, bench.Refused), bench.Failed, "served 94.9 % of 1,200 victims: 61 refused", nil},
		{"nothing served fails", stuck().lose(fault(0), fault(12), 100, bench.TimedOut), bench.Failed, "1,200 timeout", nil},
		{"late is lost", wedged().lose(fault(0), fault(12), 50, bench.Late), bench.Failed, "600 late", nil},
		{"503 is lost", wedged().lose(fault(0), fault(12), 50, bench.HTTP5xx), bench.Failed, "600 http_5xx", nil},
		{"404 is lost", wedged().lose(fault(0), fault(12), 50, bench.HTTPOther), bench.Failed, "600 http_other", nil},
		{"truncated is lost", wedged().lose(fault(0), fault(12), 50, bench.Truncated), bench.Failed, "600 truncated", nil},
		{"losses after the fault phase do not count", wedged().lose(recovery(0), recovery(5), 100, bench.TimedOut), bench.Held, "", nil},

		// The unit of claims is two seconds.
		{"one bad second is held", wedged().lose(fault(3), fault(4), 100, bench.TimedOut), bench.Held, "lost 100 victims within one second, 3.0 s into the fault phase", []string{bench.FlagOneBadSecond}},
		{"two bad seconds count", wedged().lose(fault(3), fault(5), 100, bench.TimedOut), bench.Failed, "200 timeout", nil},
		{"2 % of a second is not bad", wedged().lose(fault(0), fault(12), 2, bench.TimedOut).lose(fault(3), fault(4), 90, bench.TimedOut), bench.Held, "lost 90 victims", []string{bench.FlagOneBadSecond}},
		{"3 % of a second is bad", wedged().lose(fault(0), fault(1), 3, bench.TimedOut).lose(fault(3), fault(4), 90, bench.TimedOut), bench.Failed, "93 timeout", nil},

		// Wrong bodies.
		{"one wrong body fails", wedged().lose(fault(2), fault(3), 1, bench.Wrong), bench.Failed, "1 victim got a wrong or corrupt body, the first 6.0 s after the baseline began", []string{bench.FlagWrongBody}},
		{"also in the baseline", wedged().lose(base(1), base(2), 1, bench.Wrong), bench.Failed, "wrong or corrupt", []string{bench.FlagWrongBody}},
		{"also in recovery", wedged().lose(recovery(1), recovery(2), 1, bench.Wrong), bench.Failed, "wrong or corrupt", []string{bench.FlagWrongBody}},
		{"also in an invalid second", wedged().stall(fault(2)).lose(fault(2), fault(3), 1, bench.Wrong), bench.Failed, "wrong or corrupt", []string{bench.FlagMasked, bench.FlagWrongBody}},
		{"also where nothing else can be said", wedged().drop(bench.RoleControl, 0, 30).lose(fault(2), fault(3), 2, bench.Wrong), bench.Failed, "2 victims got", []string{bench.FlagMasked, bench.FlagWrongBody}},
		{"but not in a record that is all in doubt", wedged().doubt(0, 0, "generator").lose(fault(2), fault(3), 1, bench.Wrong), bench.Invalid, "generator (a note)", nil},

		// The baseline.
		{"a baseline at 98 % is sound", wedged().lose(base(0), base(4), 2, bench.TimedOut), bench.Held, "", nil},
		{"a baseline below 98 % is broken", wedged().lose(base(0), base(4), 2, bench.TimedOut).lose(base(0), base(1), 3, bench.TimedOut), bench.Broken, "lost 9 of 400 victims before any fault: 9 timeout", nil},
		{"a broken baseline without faults", quiet().lose(base(0), base(4), 100, bench.Refused), bench.Broken, "400 refused", nil},
		{"half of the baseline is enough", wedged().stall(base(0.5)), bench.Held, "", nil},
		{"less is not", wedged().stall(base(1.5)), bench.Invalid, "the baseline could not be measured: only 1 of 4 valid seconds: the control missed its SLO", nil},
		{"a broken baseline on a stalled host is invalid", wedged().lose(base(0), base(4), 100, bench.TimedOut).stall(base(1.5)), bench.Invalid, "baseline could not be measured", nil},
		{"half of a baseline does not prove a server broken", wedged().stall(base(0.5)).lose(base(2), base(4), 30, bench.TimedOut), bench.Invalid, "lost 60 of 200 victims before any fault: 60 timeout; but 2 of 4 seconds not counted: the control missed its SLO", nil},
		{"not even where all of it is lost", wedged().stall(base(0.5)).lose(base(2), base(4), 100, bench.TimedOut), bench.Invalid, "only a whole baseline proves", nil},
		{"nor do three seconds of one", wedged().doubt(base(-1), base(-0.5), "host-busy").lose(base(1), base(4), 30, bench.Late), bench.Invalid, "1 of 4 seconds not counted: doubt: host-busy", nil},
		{"a stall far from the baseline takes nothing of it", wedged().stall(fault(1.5)).lose(base(0), base(4), 30, bench.Late), bench.Broken, "120 late", []string{bench.FlagMasked}},
		{"a baseline that the load began late", wedged().drop(bench.RoleVictim, base(0), base(0.05)), bench.Held, "", nil},

		{"a baseline that lacks its first victims", wedged().drop(bench.RoleVictim, base(0), base(1.5)), bench.Invalid, "only 1 of 4 valid seconds: a request was never sent", nil},

		// Valid seconds.
		{"too few valid seconds", wedged().stall(fault(5)), bench.Invalid, "only 9 of 12 valid seconds of the fault phase", []string{bench.FlagMasked}},
		{"losses do not make up for it", wedged().stall(fault(5)).lose(fault(0), fault(12), 50, bench.TimedOut), bench.Invalid, "only 9 of 12", []string{bench.FlagMasked}},
		{"an extended phase makes up for it", longer(wedged(), 3).stall(fault(5)), bench.Held, "3 of 15 seconds not counted", []string{bench.FlagMasked}},
		{"losses in masked seconds are the host's", longer(wedged(), 4).stall(fault(4)).stall(fault(5)).lose(fault(4), fault(6), 100, bench.TimedOut), bench.Held, "4 of 16 seconds not counted", []string{bench.FlagMasked}},
		{"no valid second is needed, and none is there", wedged().head(func(h *bench.Head) { h.Phases.Fault = 0 }).drop(bench.RoleControl, fault(0), recoveryAt), bench.Invalid, "phases of", nil},
		{"no control at all", wedged().drop(bench.RoleControl, 0, 30), bench.Invalid, "no control request", []string{bench.FlagMasked}},
		{"a generator that is late", wedged().edit(bench.RoleVictim, fault(3), fault(3.02), func(x *bench.Sample) { x.Sent, x.Done = x.Due+300e6, x.Due+302e6 }), bench.Invalid, "generator was late", []string{bench.FlagMasked}},
		{"victims that were never sent", wedged().lose(fault(3), fault(4), 1, bench.Unsent), bench.Invalid, "never sent", []string{bench.FlagMasked}},

		// Curtailed.
		{"curtailed", stuck().lose(fault(2), fault(12), 100, bench.TimedOut).curtail(fault(6)), bench.Failed, "ended after 6.0 s, when the losses exceeded the whole budget", []string{bench.FlagCurtailed}},
		{"curtailed at the budget is not enough", stuck().lose(fault(2), fault(4), 30, bench.TimedOut).curtail(fault(6)), bench.Invalid, "only 6 of 12", nil},
		{"curtailed just above the budget", lossy61(stuck()).curtail(fault(6)), bench.Failed, "", []string{bench.FlagCurtailed}},
		{"curtailed, but T is in after all", lossy61(longer(wedged(), 3)).mark(bench.MarkCurtailed, recoveryAt+3), bench.Degraded, "served 95.9 % of 1,500", nil},
		{"curtailed on one second is not enough", stuck().lose(fault(2), fault(3), 100, bench.TimedOut).curtail(fault(6)), bench.Invalid, "", nil},
		{"curtailed on losses that a doubt takes back", stuck().lose(fault(2), fault(6), 100, bench.TimedOut).doubt(fault(2), fault(5.5), "host-memory").curtail(fault(6)), bench.Invalid, "doubt: host-memory", []string{bench.FlagMasked}},

		// Doubts and records that break off.
		{"a doubt about all", wedged().doubt(0, 0, "control-dead"), bench.Invalid, "the whole record is in doubt: control-dead (a note)", nil},
		{"a doubt about the very beginning is not about all", wedged().doubt(0, 0.5, "observer-gap"), bench.Held, "", nil},
		{"a doubt about a part masks it", longer(wedged(), 4).doubt(fault(3), fault(4.5), "observer-gap"), bench.Held, "doubt: observer-gap", []string{bench.FlagMasked}},
		{"a doubt outside the phases", wedged().doubt(shutdownAt+2, shutdownAt+3, "observer-gap"), bench.Held, "", nil},
		{"broken off in the fault phase", wedged().breakOff(fault(9)), bench.Invalid, "interrupted: the record breaks off before the recovery phase", nil},
		{"broken off in the baseline", wedged().breakOff(base(2)), bench.Invalid, "interrupted", nil},
		{"broken off in recovery is judged", wedged().breakOff(recovery(2)), bench.Held, "", nil},
		{"without a shutdown is judged", wedged().breakOff(shutdownAt), bench.Held, "", nil},
		{"an empty record", scene{&bench.Record{}}, bench.Invalid, "a rate of 0 victims a second", nil},

		// Flags that change no verdict.
		{"unbounded", wedged().slots(1100).head(func(h *bench.Head) { h.Target.Probe.Unbounded = true }), bench.Held, "no end of the pool was found: it held all of 1,100 requests", []string{bench.FlagUnbounded}},
		{"unbounded, but failed", wedged().lose(fault(0), fault(12), 50, bench.TimedOut).head(func(h *bench.Head) { h.Target.Probe.Unbounded = true }), bench.Failed, "", nil},
		{"custom", wedged().head(func(h *bench.Head) { h.Custom = true }), bench.Held, "", []string{bench.FlagCustom}},
		{"workers unseen", wedged().head(func(h *bench.Head) { h.Target.Workers = 8 }), bench.Held, "", []string{bench.FlagWorkersUnseen}},
		{"needed SIGKILL", wedged().stopped(func(s *bench.Stop) { s.NeededSIGKILL = true }), bench.Held, "", []string{bench.FlagNeededSIGKILL}},
		{"window-limited", wedged().stopped(func(s *bench.Stop) { s.NeededSIGKILL, s.WindowLimited, s.Survivors, s.PortFreed = true, true, 2, false }), bench.Held, "", []string{bench.FlagWindowLimited}},
		{"a long grace that was not used", wedged().stopped(func(s *bench.Stop) { s.WindowLimited = true }), bench.Held, "", nil},
		{"survivors on a held port", wedged().stopped(func(s *bench.Stop) { s.Survivors, s.PortFreed = 1, false }), bench.Held, "", []string{bench.FlagSurvivors, bench.FlagPortHeld}},
		{"already gone", wedged().stopped(func(s *bench.Stop) { s.AlreadyGone = true }), bench.Held, "", []string{bench.FlagAlreadyGone}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			j := Judge(tt.scene.Record)
			if j.Verdict != tt.want {
				t.Errorf("verdict %v, want %v; reasons %q", j.Verdict, tt.want, j.Reasons)
			}
			wantReason(t, j, tt.reason)
			flags := slices.DeleteFunc(slices.Clone(j.Flags), func(f string) bool { return f == bench.FlagAgainstTheory }) // TestAgainstTheory's
			if !slices.Equal(flags, append([]string{}, tt.flags...)) {
				t.Errorf("flags %q, want %q", j.Flags, tt.flags)
			}
			if len(j.Measures) != len(bench.MeasureTable) {
				t.Errorf("%d measures, want %d", len(j.Measures), len(bench.MeasureTable))
			}
			if n := len(j.Reasons); n == 0 || n > mostReasons {
				t.Errorf("%d reasons: %q", n, j.Reasons)
			}
		})
	}
}

// lossy61 loses one victim more than a fault phase of 12 s may lose.
func lossy61(s scene) scene {
	return s.lose(fault(2), fault(4), 30, bench.TimedOut).lose(fault(4), fault(5), 1, bench.TimedOut)
}

func (s scene) stopped(change func(*bench.Stop)) scene { change(s.Stop); return s }

// longer puts n more seconds into the fault phase; what comes later moves.
func longer(s scene, n int) scene {
	add := func(t int64) int64 {
		if t >= ns(recoveryAt) {
			return t + int64(n)*second
		}
		return t
	}
	for i := range s.Marks {
		s.Marks[i].T = add(s.Marks[i].T)
	}
	for i := range n * 100 {
		due := ns(shutdownAt) + int64(i)*1e7
		s.Samples = append(s.Samples, bench.Sample{
			Role: bench.RoleVictim, Seq: uint64((shutdownAt-baseAt)*100) + uint64(i), Nonce: "more", Due: due, Sent: due + 1,
			Done: due + 2e6, Outcome: bench.OK, Status: 200, PID: 11,
		})
	}
	for i := range n * 10 {
		due := ns(shutdownAt+1) + int64(i)*1e8 + 1
		s.Samples = append(s.Samples, bench.Sample{
			Role: bench.RoleControl, Seq: uint64((shutdownAt+1)*10) + uint64(i), Due: due, Sent: due + 1,
			Done: due + 1e6, Outcome: bench.OK, Status: 200,
		})
	}
	for i := range n {
		due, nonce := recovery(0.5+float64(i)), "more"+bench.Grouped(i)
		s.provoker(bench.RoleProvoker, nonce, due, bench.HeldOpen)
		s.receipt(nonce, due+0.001, bench.ReceiptStart)
	}
	return s
}

func TestVerdictOfBoot(t *testing.T) {
	notReady := func(b bench.Boot) scene {
		s := quiet().drop(bench.RoleVictim, 0, 100)
		s.Boot, s.Stop = b, nil
		s.Marks = []bench.Mark{{Name: bench.MarkBoot}, {T: ns(15), Name: bench.MarkEnd}}
		return s
	}
	timeout := bench.Boot{Seconds: 15}
	exited := bench.Boot{Seconds: 0.2, Exited: &bench.ExitStatus{Code: 1}, LogTail: "Traceback\nImportError: no module\x1b[0m named app\n\n"}
	tests := []struct {
		name   string
		scene  scene
		want   bench.Verdict
		reason string
	}{
		{"not ready", notReady(timeout), bench.Broken, "not ready 15.0 s after launch"},
		{"with a note", notReady(bench.Boot{Seconds: 15, Note: "not ready after 15 s: connection refused"}), bench.Broken, "connection refused"},
		{"exited", notReady(exited), bench.Broken, "exited with code 1 0.2 s after launch, before it was ready: ImportError: no module [0m named app"},
		{"killed", notReady(bench.Boot{Seconds: 0.2, Exited: &bench.ExitStatus{Signal: "SIGSEGV"}}), bench.Broken, "died of SIGSEGV"},
		{"exited before the first control request", notReady(exited).drop(bench.RoleControl, 0, 100), bench.Broken, "exited with code 1"},
		{"not ready and no control", notReady(timeout).drop(bench.RoleControl, 0, 100), bench.Invalid, "no control request vouches"},
		{"not ready on a stalled host", notReady(timeout).edit(bench.RoleControl, 0, 9, func(x *bench.Sample) { x.Outcome = bench.TimedOut }), bench.Invalid, "the control missed 90 of 150 requests"},
		{"not ready, a tenth of the requests missed", notReady(timeout).edit(bench.RoleControl, 0, 1.5, func(x *bench.Sample) { x.Outcome = bench.TimedOut }), bench.Broken, "not ready"},
		{"not ready, more of them missed", notReady(timeout).edit(bench.RoleControl, 0, 1.6, func(x *bench.Sample) { x.Outcome = bench.TimedOut }), bench.Invalid, "the control missed 16 of 150 requests"},
		{"exited, half of the requests missed", notReady(exited).edit(bench.RoleControl, 0, 7.5, func(x *bench.Sample) { x.Outcome = bench.TimedOut }), bench.Broken, "exited with code 1"},
		{"exited, more of them missed", notReady(exited).edit(bench.RoleControl, 0, 7.6, func(x *bench.Sample) { x.Outcome = bench.TimedOut }), bench.Invalid, "the control missed 76 of 150 requests"},
		{"not ready in doubt", notReady(timeout).doubt(3, 4, "host-memory"), bench.Invalid, "host-memory"},
		{"not ready, all in doubt", notReady(bench.Boot{}).doubt(0, 0, "interrupted"), bench.Invalid, "interrupted"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			j := Judge(tt.scene.Record)
			if j.Verdict != tt.want {
				t.Errorf("verdict %v, want %v", j.Verdict, tt.want)
			}
			wantReason(t, j, tt.reason)
			wantMeasure(t, j.Measures, "h", "")
		})
	}
	j := Judge(notReady(timeout).Record)
	wantMeasure(t, j.Measures, "boot_time", ">15")
	wantMeasure(t, Judge(notReady(exited).Record).Measures, "boot_time", "")
	if got := Judge(nil); got.Verdict != bench.Invalid || len(got.Measures) != len(bench.MeasureTable) {
		t.Errorf("no record gives %v", got)
	}
}

// The recovery of a fault phase of any length comes after T valid seconds, so a
// T that is no whole number of seconds needs one more.
func TestVerdictNeedsAllOfT(t *testing.T) {
	s := wedged().head(func(h *bench.Head) { h.Phases.Fault = 12*time.Second + 1 })
	if j := Judge(s.Record); j.Verdict != bench.Invalid {
		t.Errorf("12 valid seconds for a T just above it: %v", j.Verdict)
	}
	if j := Judge(longer(s, 1).Record); j.Verdict != bench.Held {
		t.Errorf("13 valid seconds: %v %q", j.Verdict, j.Reasons)
	}
}

// The judge reports that a harness was sabotaged, and that decides nothing: otherwise
// calibration would prove itself.
func TestSabotageIsNotJudged(t *testing.T) {
	for name, s := range scenes() {
		want := Judge(s.Record)
		s.Head.Sabotage = bench.SabotageDeadControl
		got := Judge(s.Record)
		if !slices.Contains(got.Flags, bench.FlagSabotaged) || slices.Contains(want.Flags, bench.FlagSabotaged) {
			t.Errorf("%s: flags %q, without the sabotage %q", name, got.Flags, want.Flags)
		}
		if got.Verdict != want.Verdict || !slices.Equal(got.Reasons, want.Reasons) {
			t.Errorf("%s: %s %q, without the sabotage %s %q", name, got.Verdict, got.Reasons, want.Verdict, want.Reasons)
		}
	}
}
