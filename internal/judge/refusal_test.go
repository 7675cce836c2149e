package judge

import (
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
		{"started with it, it ends", refusing(), bench.Held, "started with it, it ended with exit code 3 after 0.4 s"},
		{"started with it, it stays", serves, bench.Held, "started with it, it was still there after 5 s: it did not answer: status 500"},
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
