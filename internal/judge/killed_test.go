package judge

import (
	"testing"

	"benchrun/internal/bench"
)

// starving is a scene of 12 honest requests that take 1.5 s each, in two workers.
func starving() scene {
	s := quiet().family("starve", bench.Traits{
		Receipt: "starve", Proof: bench.ProofReceipt, Honest: true, MustComplete: true, KillsNobody: true, Noun: bench.Words{"fault", "faults"},
	})
	s.Head.Target.Probe = bench.Probe{}
	for i := range int(faultLen) {
		due, nonce := fault(0.5+float64(i)), "f"+string(rune('a'+i))
		p := s.provoker(bench.RoleProvoker, nonce, due, bench.Completed)
		p.Status, p.Done, p.PID = 200, ns(due+1.5), 11
		s.receipt(nonce, due+0.002, bench.ReceiptStart)
	}
	return s.servedBy(12, fault(3), fault(4))
}

// oneCut cuts the seventh of them off.
func oneCut(s scene) scene {
	return s.edit(bench.RoleProvoker, fault(6.4), fault(6.6), func(p *bench.Sample) { p.Outcome, p.Status = bench.Cut, 0 })
}

// A single worker that is killed for an honest request is enough, and so is a single honest
// request that is lost with a worker; a worker that is replaced on a plan is none of them.
func TestKillsNobody(t *testing.T) {
	ended := func(s scene, pid int, at float64, code int) scene {
		s.Procs = append(s.Procs, bench.ProcEvent{T: ns(at), PID: pid, Event: bench.Died, Exit: &bench.ExitStatus{Code: code}})
		return s
	}
	claims := func(s scene, retires int) scene { s.Head.Target.Claims.RetireCode = retires; return s }
	before := starving()
	before.Head.Traits.KillsNobody = false
	for _, tt := range []struct {
		name   string
		scene  scene
		want   bench.Verdict
		reason string
	}{
		{"all are served", starving(), bench.Held, "12 of 12 requests of the fault got their answer too"},
		{"one is lost and nobody dies", oneCut(starving()), bench.Held, "11 of 12"},
		{"one worker is killed", starving().died(12, fault(7), "SIGKILL"), bench.Failed, "workers killed: 1 (1 of SIGKILL), although every request was honest"},
		{"one fails", ended(starving(), 12, fault(7), 1), bench.Failed, "workers killed: 1 (1 of exit code 1)"},
		{"one is recycled", ended(starving(), 12, fault(7), 0), bench.Held, "12 of 12"},
		{"one is recycled with a request", ended(oneCut(starving()), 11, fault(7), 0), bench.Failed, "workers killed: 1 (1 ended with the request that it served)"},
		{"one retires by its documented code", ended(claims(starving(), 30), 12, fault(7), 30), bench.Held, "12 of 12"},
		{"by another one", ended(claims(starving(), 30), 12, fault(7), 31), bench.Failed, "workers killed: 1 (1 of exit code 31)"},
		{"one retires with a request", ended(claims(oneCut(starving()), 30), 11, fault(7), 30), bench.Failed, "1 ended with the request that it served"},
		{"the leader asks one to end", starving().died(12, fault(7), "SIGTERM"), bench.Held, "12 of 12"},
		{"and loses its request", oneCut(starving()).died(11, fault(7), "SIGTERM"), bench.Failed, "1 ended with the request that it served"},
		{"it never served", starving().died(99, fault(7), "SIGKILL"), bench.Held, "12 of 12"},
		{"before the faults", starving().died(11, base(2), "SIGKILL"), bench.Held, "12 of 12"},
		{"an earlier record", before.died(12, fault(7), "SIGKILL"), bench.Held, "12 of 12"},
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

// In a mix the rule holds if no part of it may cost a worker.
func TestKillsNobodyInAMix(t *testing.T) {
	for _, tt := range []struct {
		name  string
		scene scene
		want  bench.Verdict
	}{
		{"all honest", mixOf(starving(), failing()), bench.Held},
		{"all honest, and one worker is killed", mixOf(starving().died(12, fault(7), "SIGKILL"), failing()), bench.Failed},
		{"and one is asked to end while it serves", mixOf(oneCut(starving()).died(11, fault(7), "SIGTERM"), failing()), bench.Failed},
		{"a watchdog may have to", mixOf(starving().died(12, fault(7), "SIGKILL"), wedged()), bench.Held},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if j := Judge(tt.scene.Record); j.Verdict != tt.want {
				t.Errorf("%s %q, want %s", j.Verdict, j.Reasons, tt.want)
			}
		})
	}
}

// A stall of the host shortly before a worker's end may be what ended it.
func TestKilledAfterAStall(t *testing.T) {
	for at, counts := range map[float64]bool{5: false, 1: true} {
		s := starving().died(12, fault(7), "SIGKILL").stall(fault(at))
		if said := factsOf(newView(s.Record)).killedWords(); (said != "") != counts {
			t.Errorf("a stall %.0f s into the phase: %q", at, said)
		}
	}
}
