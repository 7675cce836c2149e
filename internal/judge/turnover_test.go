package judge

import (
	"fmt"
	"testing"
	"time"

	"benchrun/internal/bench"
)

var turnoverTraits = bench.Traits{
	Proof: bench.ProofReceipt, Expects: bench.ExpectsTurnover, Spares: true, Honest: true, MustComplete: true,
	Noun: bench.Words{"slow request", "slow requests"},
}

// recycling is a scene in which a worker ends each second of the fault phase, because its time is
// up, and a slow request gets its answer beside that.
func recycling() scene {
	s := quiet().family("recycle", turnoverTraits)
	s.Head.Ratio, s.Head.Every, s.Head.Target.Probe = 0, time.Second, bench.Probe{}
	for i := range int(faultLen) {
		due, nonce := fault(float64(i)), fmt.Sprintf("f%d", i)
		p := s.provoker(bench.RoleProvoker, nonce, due, bench.Completed)
		p.Status, p.Done = 200, ns(due+1.5)
		s.receipt(nonce, due+0.002, bench.ReceiptStart)
		s.Procs = append(s.Procs, bench.ProcEvent{T: ns(due + 0.7), PID: 11 + i, Event: bench.Died, Exit: &bench.ExitStatus{}})
		s = s.born(12+i, due+0.8)
		s.servedBy(12+i, due+0.9, shutdownAt)
	}
	return s
}

func TestTurnover(t *testing.T) {
	broken := func(s scene, t float64, n int) scene {
		return s.edit(bench.RoleVictim, t, t+float64(n)/100-0.001, func(x *bench.Sample) { x.Outcome = bench.Reset })
	}
	still := recycling()
	still.Procs = nil
	// A worker ends in the baseline, and for a second so many are lost.
	before := func(o bench.Outcome) scene {
		s := recycling()
		s.edit(bench.RoleVictim, base(1), base(1.6), func(x *bench.Sample) {
			if x.Outcome = o; o == bench.Late {
				x.Done = x.Due + s.Head.SLO + 1
			}
		})
		s.servedBy(9, base(0), base(1))
		s.Procs = append(s.Procs, bench.ProcEvent{T: ns(base(1)), PID: 9, Event: bench.Died, Exit: &bench.ExitStatus{}})
		return s
	}
	idle := before(bench.Reset)
	idle.Procs = idle.Procs[:len(idle.Procs)-1]
	for _, tt := range []struct {
		name   string
		scene  scene
		want   bench.Verdict
		reason string
	}{
		{"nothing is lost", recycling(), bench.Held, "served 1,200 of 1,200 victims while 12 workers died of exit code 0, all replaced, and 12 of 12 requests of the fault got their answer too"},
		{"one reset", broken(recycling(), fault(1.7), 1), bench.Held, "lost 1 victim (1 reset) although the fault is planned; one alone decides nothing"},
		{"two, in one second", broken(recycling(), fault(1.7), 2), bench.Failed, "requests lost: 2 victims (2 reset); a fault that is planned need cost nobody"},
		{"the workers end in the baseline too", broken(broken(recycling(), base(1), 2), fault(1.7), 2), bench.Failed, "requests lost: 4 victims (4 reset)"},
		{"a slow one and another", broken(recycling(), fault(1.7), 1).edit(bench.RoleProvoker, fault(2), fault(2.1), func(p *bench.Sample) { p.Outcome, p.Status, p.Error = bench.Cut, 0, "reset" }), bench.Failed, "requests lost: 1 victim (1 reset) and 1 of 12 requests of the fault (1 cut off)"},
		{"most are lost before the first slow request", before(bench.Reset), bench.Failed, "requests lost: 60 victims (60 reset)"},
		{"in the phase that ended early for it", before(bench.Reset).lose(fault(0), fault(6), 60, bench.Reset).curtail(fault(6)), bench.Failed, "requests lost: 420 victims (420 reset)"},
		{"without an answer to any slow one", before(bench.Reset).forget(0).edit(bench.RoleProvoker, fault(0), fault(12), func(p *bench.Sample) { p.Outcome, p.Status = bench.Cut, 0 }), bench.Failed, "requests lost: 60 victims (60 reset) and"},
		{"before any worker ended", idle, bench.Broken, "lost 60 of 400 victims before any fault: 60 reset"},
		{"they come too late, then and later", before(bench.Late).lose(fault(0), fault(12), 4, bench.Late), bench.Degraded, "served 96 % of 1,200 victims: 48 late"},
		{"and only then", before(bench.Late), bench.Broken, "before any fault: 60 late"},
		{"nobody's time is up", still, bench.Invalid, "faults not delivered: 0 workers ended"},
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
