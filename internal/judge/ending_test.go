package judge

import (
	"testing"
	"time"

	"benchrun/internal/bench"
)

var (
	endTraits = bench.Traits{
		Proof: bench.ProofSignal, Expects: bench.ExpectsEnd, Honest: true, MustComplete: true,
		Noun: bench.Words{"stop", "stops"}, Did: bench.Words{"stop signal was sent", "stop signals were sent"},
	}
	takeoverTraits = bench.Traits{
		Proof: bench.ProofSignal, Expects: bench.ExpectsTakeover,
		Noun: bench.Words{"kill", "kills"}, Did: bench.Words{"first process was killed", "first processes were killed"},
	}
)

// takenAway is a scene in which the server gets a signal 1.5 s into the fault phase, and
// refuses everybody from 0.2 s later on, for d seconds.
func takenAway(traits bench.Traits, d float64) scene {
	s := quiet().family("ends", traits).head(func(h *bench.Head) {
		h.Ratio, h.Every, h.Target.Probe, h.Target.Claims = 0, bench.Once, bench.Probe{}, bench.Claims{Grace: 3}
	})
	p := s.provoker(bench.RoleProvoker, "f0", fault(1), bench.Completed)
	p.Status, p.Done = 200, ns(fault(2))
	s.Marks = append(s.Marks, bench.Mark{T: ns(fault(1.5)), Name: bench.MarkSignal, Note: "f0"})
	return s.edit(bench.RoleVictim, fault(1.7), fault(1.7+d), func(x *bench.Sample) { x.Outcome, x.Status, x.PID = bench.Refused, 0, 0 })
}

// stopping is a server that ends in order, and does so again when it is idle.
func stopping() scene {
	s := takenAway(endTraits, 99)
	s.Head.Phases.Fault = 3 * time.Second
	s.Stop = &bench.Stop{Term: ns(fault(1.5)), Seconds: 0.6, Exit: &bench.ExitStatus{}, PortFreed: true}
	s.Again = &bench.Again{T: ns(shutdownAt), Ready: true, Seconds: 0.4, Idle: &bench.Stop{Seconds: 0.1, Exit: &bench.ExitStatus{}, PortFreed: true}}
	return s
}

// streaming is stopping with an endless answer that breaks off after so many seconds, and a
// queue of which two requests are lost.
func streaming(after float64) scene {
	s := stopping()
	s.Beside = &bench.Beside{Queued: 8, Answered: 5, Refused: 1, Streamed: 9000, StreamedFor: after}
	return s
}

// restarting is a server that is killed and serves again half a second later.
func restarting() scene {
	s := takenAway(takeoverTraits, 0.5)
	s.Again = &bench.Again{T: ns(fault(1.6)), Ready: true, Seconds: 0.6, Asked: 90}
	return s
}

func (s scene) stop(change func(*bench.Stop)) scene   { change(s.Stop); return s }
func (s scene) again(change func(*bench.Again)) scene { change(s.Again); return s }

func TestEnding(t *testing.T) {
	gone := func(s scene) scene { s.Again = nil; return s }
	unclaimed := func(grace float64) scene {
		return stopping().head(func(h *bench.Head) { h.Target.Claims.Grace = grace })
	}
	unended := func(s scene) scene { s.Stop = nil; return s }
	for _, tt := range []struct {
		name   string
		scene  scene
		want   bench.Verdict
		reason string
	}{
		{"in order", stopping(), bench.Held, "served 140 of 140 victims while 1 stop signal was sent, and 1 of 1 requests of the fault got their answer too; it was gone after 0.6 s with exit code 0, idle after 0.1 s"},
		{"one sent before the signal is lost", stopping().turnAway(1.3, 1, bench.Reset), bench.Held, "1 stop signal was sent"},
		{"two are", stopping().turnAway(1.3, 2, bench.Reset), bench.Failed, "not stopped in order: 2 victims sent 0.1 s or more before the signal got no right answer"},
		{"they time out", stopping().turnAway(1.3, 2, bench.TimedOut), bench.Failed, "not stopped in order: 2 victims"},
		{"the last 0.1 s may be lost", stopping().turnAway(1.41, 5, bench.Reset), bench.Held, "1 stop signal was sent"},
		{"resets after it", stopping().turnAway(1.6, 20, bench.Reset), bench.Held, "1 stop signal was sent"},
		{"the slow request is lost", stopping().edit(bench.RoleProvoker, fault(1), fault(2), func(p *bench.Sample) { p.Outcome, p.Status, p.Error = bench.Cut, 0, "reset" }), bench.Failed, "honest requests lost: 1 of 1 (1 cut off)"},
		{"it stays", stopping().stop(func(x *bench.Stop) {
			x.NeededSIGKILL, x.Exit, x.Seconds, x.Survivors, x.PortFreed = true, nil, 8, 4, false
		}), bench.Failed, "not stopped in order: still there 8 s after the signal"},
		{"it stays for a stream", streaming(9).stop(func(x *bench.Stop) {
			x.NeededSIGKILL, x.Exit, x.Seconds, x.Survivors, x.PortFreed = true, nil, 8, 4, false
		}), bench.Failed, "not stopped in order: still there 8 s after the signal, with an endless answer under way"},
		{"it stays for a client who has its answer", stopping().stop(func(x *bench.Stop) {
			x.NeededSIGKILL, x.Exit, x.Seconds, x.Survivors, x.PortFreed = true, nil, 8, 4, false
		}).edit(bench.RoleProvoker, fault(1), fault(2), func(p *bench.Sample) { p.Idle = ns(7.6) }), bench.Failed, "not stopped in order: still there 8 s after the signal, with a connection open whose request it had answered"},
		{"it stays for both", streaming(9).stop(func(x *bench.Stop) {
			x.NeededSIGKILL, x.Exit, x.Seconds, x.Survivors, x.PortFreed = true, nil, 8, 4, false
		}).edit(bench.RoleProvoker, fault(1), fault(2), func(p *bench.Sample) { p.Idle = ns(7.6) }), bench.Failed, ", with an endless answer under way and a connection open whose request it had answered"},
		{"the client's connection had ended before", stopping().stop(func(x *bench.Stop) {
			x.NeededSIGKILL, x.Exit, x.Seconds, x.Survivors, x.PortFreed = true, nil, 8, 4, false
		}).edit(bench.RoleProvoker, fault(1), fault(2), func(p *bench.Sample) { p.Idle = ns(0.1) }), bench.Failed, "not stopped in order: still there 8 s after the signal"},
		{"a stream and a queue", streaming(0.5), bench.Held, "idle after 0.1 s; 5 of 8 requests in the queue were answered, and an endless answer broke off after 0.5 s"},
		{"a worker stays", stopping().stop(func(x *bench.Stop) { x.Survivors = 1 }), bench.Failed, "not stopped in order: 1 process left behind"},
		{"its port stays", stopping().stop(func(x *bench.Stop) { x.PortFreed = false }), bench.Failed, "its port could not be bound again"},
		{"exit code 1", stopping().stop(func(x *bench.Stop) { x.Exit.Code = 1 }), bench.Failed, "ended with exit code 1, which a process manager takes for a failure"},
		{"exit code 143", stopping().stop(func(x *bench.Stop) { x.Exit.Code = 143 }), bench.Held, "it was gone after 0.6 s with exit code 143"},
		{"of the signal", stopping().stop(func(x *bench.Stop) { x.Exit.Signal = "SIGTERM" }), bench.Held, "it was gone after 0.6 s with SIGTERM"},
		{"of another", stopping().stop(func(x *bench.Stop) { x.Exit.Signal = "SIGSEGV" }), bench.Failed, "ended with SIGSEGV"},
		{"idle, it waits", stopping().again(func(x *bench.Again) { x.Idle.Seconds = 3 }), bench.Failed, "not stopped in order: idle, it took 3.0 s to end, its whole grace of 3 s"},
		{"idle, it stays", stopping().again(func(x *bench.Again) { x.Idle.NeededSIGKILL, x.Idle.Seconds = true, 8 }), bench.Failed, "idle, it was still there 8 s after the signal"},
		{"idle, it takes 5 s of no documented grace", unclaimed(0).again(func(x *bench.Again) { x.Idle.Seconds = 5 }), bench.Failed, "idle, it took 5.0 s to end; the limit is 5 s, because no grace of 2 s or more is documented"},
		{"of a short one", unclaimed(1).again(func(x *bench.Again) { x.Idle.Seconds = 5 }), bench.Failed, "idle, it took 5.0 s to end; the limit is 5 s"},
		{"idle, it takes less", unclaimed(0).again(func(x *bench.Again) { x.Idle.Seconds = 4.9 }), bench.Held, "idle after 4.9 s"},
		{"without a documented grace", unclaimed(0), bench.Held, "; the limit is 35 s, for no grace is documented 30 s and 5 s more"},
		{"with one", stopping(), bench.Held, "; the limit is 8 s, the documented grace of 3 s and 5 s more"},
		{"it stays beyond the limit", unclaimed(0).stop(func(x *bench.Stop) { x.NeededSIGKILL, x.Exit, x.Seconds = true, nil, 35 }), bench.Failed, "still there 35 s after the signal, the limit is 35 s"},
		{"it stays in an earlier record", unclaimed(0).stop(func(x *bench.Stop) { x.NeededSIGKILL, x.Exit, x.Seconds = true, nil, 5 }), bench.Failed, "still there 5 s after the signal"},
		{"no second start", stopping().again(func(x *bench.Again) { *x = bench.Again{Exited: &bench.ExitStatus{Code: 1}, Seconds: 0.2} }), bench.Invalid, "how an idle server ends was not measured: a second start ended with exit code 1 after 0.2 s"},
		{"nobody knows", unended(gone(stopping())), bench.Invalid, "before it is known whether the server ended"},
		{"the host stalled at the signal", stopping().stall(fault(1)), bench.Invalid, "the second before it does not count"},
		{"no signal", stopping().unsignalled("f0"), bench.Failed, "faults not delivered: 0 of 1 stops"},

		{"taken over", restarting(), bench.Held, "while 1 first process was killed; started again, it answered after 0.6 s"},
		{"what is lost before it serves is spared", restarting().turnAway(1.55, 60, bench.Reset), bench.Held, "1 first process was killed"},
		{"what is lost later is not", restarting().turnAway(5, 80, bench.Reset).turnAway(7, 80, bench.Reset), bench.Failed, "served 85.7 %"},
		{"the second start ends", restarting().again(func(x *bench.Again) { x.Ready, x.Exited = false, &bench.ExitStatus{Code: 1} }), bench.Failed, "not taken over: the same command, started again at once, ended with exit code 1 after 0.6 s"},
		{"it never answers", restarting().again(func(x *bench.Again) { x.Ready, x.Seconds, x.Note = false, 10, "a process of the first start answered" }), bench.Failed, "not taken over: the same command, started again at once, did not answer within 10 s: a process of the first start answered"},
		{"both serve", restarting().again(func(x *bench.Again) { x.Old = 40 }), bench.Failed, "not taken over: when the second start served, 40 of 90 requests went to processes of the first one"},
		{"some get no answer", restarting().again(func(x *bench.Again) { x.Lost = 2 }), bench.Failed, "2 of 90 requests got no answer"},
		{"one gets none", restarting().again(func(x *bench.Again) { x.Lost = 1 }), bench.Held, "started again"},
		{"nobody knows of the second start", gone(restarting()), bench.Invalid, "before it is known whether the server serves again"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			j := Judge(tt.scene.Record)
			if j.Verdict != tt.want {
				t.Errorf("%s %q, want %s", j.Verdict, j.Reasons, tt.want)
			}
			wantReason(t, j, tt.reason)
		})
	}
}

func TestEndingMeasures(t *testing.T) {
	m := Judge(stopping().turnAway(1.3, 2, bench.Reset).turnAway(1.42, 3, bench.Reset).turnAway(1.5, 4, bench.TimedOut).Record).Measures
	for name, want := range map[string]string{
		"inflight_lost": "2", "backlog_reset": "3", "queued_lost": "4", "stop_time": "0.6", "stop_code": "0", "idle_stop_time": "0.1", "time_to_recover": "", "longest_outage": "0.02", "time_to_serve_again": "",
	} {
		wantMeasure(t, m, name, want)
	}
	wantMeasure(t, Judge(streaming(1).turnAway(1.5, 4, bench.TimedOut).Record).Measures, "queued_lost", "6")
	wantMeasure(t, Judge(restarting().Record).Measures, "time_to_serve_again", "0.6")
	wantMeasure(t, Judge(restarting().again(func(x *bench.Again) { x.Ready, x.Seconds = false, 10 }).Record).Measures, "time_to_serve_again", ">10")
	wantMeasure(t, Judge(wedged().Record).Measures, "inflight_lost", "")
}

// An attempt goes on until it is known how the server ended, or came back, and is not
// curtailed because nobody serves meanwhile.
func TestEndingIsWaitedFor(t *testing.T) {
	for name, s := range map[string]scene{"end": stopping(), "takeover": restarting()} {
		seen := s.breakOff(recovery(1))
		if name == "end" {
			seen.Stop = stopping().Stop
		}
		if !Settled(seen.Record) {
			t.Errorf("%s: it is known, and there is something to wait for", name)
		}
		seen.Stop, seen.Again = nil, nil
		if Settled(seen.Record) {
			t.Errorf("%s: it is not known, and there is nothing to wait for", name)
		}
		if got := Window(seen.Record, ns(faultAt), ns(recovery(1))); got.Decision == Curtail || got.Lost > 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
