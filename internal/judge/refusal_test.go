package judge

import (
	"slices"
	"testing"

	"benchrun/internal/bench"
)

// refusing is a scene in which a reload meets an app that cannot be loaded for 8 s, three
// processes are started meanwhile, and the one worker goes on.
func refusing() scene {
	s := quiet().family("refusal", bench.Traits{
		Proof: bench.ProofSignal, Expects: bench.ExpectsRefusal,
		Noun: bench.Words{"reload", "reloads"}, Did: bench.Words{"reload met a broken app", "reloads met a broken app"},
	}).head(func(h *bench.Head) { h.Ratio, h.Every, h.Target.Probe = 0, bench.Once, bench.Probe{} })
	s.provoker(bench.RoleProvoker, "f0", fault(1), bench.Completed).Status = 200
	s.Marks = append(s.Marks, bench.Mark{T: ns(fault(1.5)), Name: bench.MarkSignal, Note: "f0"})
	s.mark(bench.MarkRepaired, fault(9.5))
	for i, t := range []float64{fault(1), fault(1.6), fault(3), fault(9), fault(9.6)} { // the first and the last one are none of them
		s = s.born(20+i, t)
	}
	s.Again = &bench.Again{T: ns(shutdownAt), Seconds: 0.4, Exited: &bench.ExitStatus{Code: 3}}
	return s
}

// strict is refusing under the rules of today: the repaired app is served after the next
// reload, and a start with a broken one ends with code 3.
func strict() scene {
	cpu := 0.4
	s := refusing()
	s.Head.Traits.Refuses = true
	s.Marks = append(s.Marks, bench.Mark{T: ns(fault(1.4)), Name: bench.MarkBroken})
	s.Repaired = &bench.Repaired{T: ns(fault(9.5)), Served: true, Seconds: 0.3, Used: bench.Used{CPU: &cpu, Log: 12_000}}
	s.Again.Used = &bench.Used{CPU: &cpu, Log: 3 << 20}
	s.Procs = slices.Clone(s.Procs)
	for i := range 7 {
		s = s.born(40+i, shutdownAt+0.01*float64(i))
	}
	return s
}

// unreloaded is a server that no reload is known of.
func unreloaded() scene {
	s := strict().unsignalled("f0")
	s.Repaired = nil
	for i := range s.Marks {
		if s.Marks[i].Name == bench.MarkBroken {
			s.Marks[i].Note, s.Marks[i].T = "f0", ns(fault(1.5))
		}
	}
	return s
}

func repairedBy(s scene, r bench.Repaired) scene { s.Repaired = &r; return s }

func TestRefusalIsJudged(t *testing.T) {
	again := func(change func(*bench.Again)) scene { return strict().again(change) }
	stays := func(a *bench.Again) { a.Exited, a.Seconds, a.Note = nil, 10, "it did not answer: status 500" }
	stalled := again(stays).edit(bench.RoleControl, shutdownAt+0.2, shutdownAt+0.5, func(x *bench.Sample) { x.Done, x.Outcome = x.Due+260e6, bench.Late })
	for _, tt := range []struct {
		name   string
		scene  scene
		want   bench.Verdict
		reason string
	}{
		{"it refuses", strict(), bench.Held, "started with such an app, it ended with exit code 3 after 0.4 s: 7 processes were started, 0.4 s of CPU used and 3145.7 kB logged"},
		{"and takes up the repaired app", strict(), bench.Held, "3 processes were started, 0.4 s of CPU used and 12 kB logged in the 8.1 s in which the app could not be loaded; the repaired one was served 0.3 s after the next reload"},
		{"of a signal", again(func(a *bench.Again) { a.Exited = &bench.ExitStatus{Signal: "SIGABRT"} }), bench.Held, "ended with SIGABRT"},
		{"it loops", again(stays), bench.Failed, "broken app not refused: started with such an app, it was still there after 10 s: 7 processes were started, 0.4 s of CPU used and 3145.7 kB logged; status 500"},
		{"on a host that stalls", stalled, bench.Invalid, "the host stalled"},
		{"code 0", again(func(a *bench.Again) { a.Exited.Code = 0 }), bench.Failed, "broken app not refused: started with such an app, it ended with exit code 0 after 0.4 s"},
		{"code 0 before the control was asked once", again(func(a *bench.Again) { a.T += 20_000_000; a.Exited.Code, a.Seconds = 0, 0.04 }), bench.Failed, "it ended with exit code 0 after 0.0 s"},
		{"it serves", again(func(a *bench.Again) { a.Exited, a.Ready = nil, true }), bench.Failed, "broken app not refused: started with such an app, it serves"},
		{"the reload was ignored", repairedBy(strict(), bench.Repaired{Seconds: 14, Note: "a process that has not loaded it answered"}), bench.Failed, "repaired app not served: within 14.0 s of the next reload: a process that has not loaded it answered"},
		{"nobody knows of the reload", func() scene { s := strict(); s.Repaired = nil; return s }(), bench.Invalid, "before it is known whether the repaired app is served"},
		{"nobody knows of the start", func() scene { s := strict(); s.Again = nil; return s }(), bench.Invalid, "before it is known how a start with such an app ends"},
		{"it did not even end", func() scene { s := strict(); s.Again, s.Stop.NeededSIGKILL = nil, true; return s }(), bench.Invalid, "the server did not end on the stop signal"},
		{"it left the port taken", strict().stop(func(x *bench.Stop) { x.PortFreed = false }), bench.Invalid, "what the server had left may have ended it"},
		{"no reload is known", unreloaded(), bench.Held, "in which the app could not be loaded, without a reload: none is known"},
		{"no reload is known, and it loops", unreloaded().again(stays), bench.Failed, "broken app not refused"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			j := Judge(tt.scene.Record)
			if j.Verdict != tt.want {
				t.Errorf("%s %q, want %s", j.Verdict, j.Reasons, tt.want)
			}
			wantReason(t, j, tt.reason)
		})
	}
	m := Judge(strict().Record).Measures
	for name, want := range map[string]string{"boot_attempts": "3", "boot_cpu": "0.4", "boot_log": "0.011", "start_attempts": "7", "start_cpu": "0.4", "start_log": "3"} {
		wantMeasure(t, m, name, want)
	}
}

// An attempt goes on until it is known whether the repaired app is served.
func TestRepairIsWaitedFor(t *testing.T) {
	seen := strict().breakOff(recovery(1))
	if !Settled(seen.Record) {
		t.Error("it is served, and there is something to wait for")
	}
	seen.Repaired = nil
	if Settled(seen.Record) || SettledBy(seen.Record) != ns(fault(9.5))+10e9 {
		t.Errorf("it is not known, and there is nothing to wait for, or until %d", SettledBy(seen.Record))
	}
	if without := unreloaded().breakOff(recovery(1)); !Settled(without.Record) {
		t.Error("no reload is known, and there is something to wait for")
	}
}

func TestRefusal(t *testing.T) {
	serves := refusing()
	serves.Again = &bench.Again{T: ns(shutdownAt), Seconds: 5, Note: "it did not answer: status 500"}
	for _, tt := range []struct {
		name   string
		scene  scene
		want   bench.Verdict
		reason string
	}{
		{"the old ones go on", refusing(), bench.Held, "served 1,200 of 1,200 victims while 1 reload met a broken app"},
		{"it tries again", refusing(), bench.Held, "3 processes were started in the 8.0 s in which the app could not be loaded"},
		{"started with such an app, it ends", refusing(), bench.Held, "started with such an app, it ended with exit code 3 after 0.4 s"},
		{"started with such an app, it stays", serves, bench.Held, "started with such an app, it was still there after 5 s; status 500"},
		{"everybody gets a 500", refusing().edit(bench.RoleVictim, fault(1.6), fault(9.5), func(x *bench.Sample) { x.Outcome, x.Status = bench.HTTP5xx, 500 }), bench.Failed, "3 processes were started"},
		{"others take the worker's place, and none serves", refusing().died(11, fault(2), "SIGTERM").lose(fault(2), fault(12), 100, bench.HTTP5xx), bench.Failed,
			"no worker left from 2.0 s on: 1 of 1 died of SIGTERM and was not replaced by one that serves"},
		{"no signal", refusing().unsignalled("f0"), bench.Invalid, "faults not delivered: 0 of 1 reload"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			j := Judge(tt.scene.Record)
			if j.Verdict != tt.want {
				t.Errorf("%s %q, want %s", j.Verdict, j.Reasons, tt.want)
			}
			wantReason(t, j, tt.reason)
		})
	}
	wantMeasure(t, Judge(refusing().Record).Measures, "boot_attempts", "3")
	wantMeasure(t, Judge(wedged().Record).Measures, "boot_attempts", "")
	forever := refusing()
	forever.Marks = forever.Marks[:0:0]
	for _, m := range refusing().Marks {
		if m.Name != bench.MarkRepaired {
			forever.Marks = append(forever.Marks, m)
		}
	}
	wantMeasure(t, Judge(forever.Record).Measures, "boot_attempts", "4")
}
