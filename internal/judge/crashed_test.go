package judge

import (
	"fmt"
	"testing"

	"benchrun/internal/bench"
)

// shrinking is a scene of 12 requests that kill one of so many workers each, which all serve. In
// the place of the first ones come new workers.
func shrinking(workers, replaced int) scene {
	s := quiet().family("segfault", killTraits)
	s.Head.Target.Workers, s.Head.Target.Probe = workers, bench.Probe{}
	s.Boot.WorkersSeen, s.Boot.PIDs = workers, nil
	for i := range workers {
		s = s.bornOf(7, 100+i, 0.1)
		s.Boot.PIDs = append(s.Boot.PIDs, 100+i)
	}
	s.servedBy(100+workers-1, baseAt, shutdownAt)
	for i := range int(faultLen) {
		due, nonce := fault(0.5+float64(i)), fmt.Sprintf("f%d", i)
		s.provoker(bench.RoleProvoker, nonce, due, bench.Cut)
		s.Receipts = append(s.Receipts, bench.Receipt{T: ns(due + 0.002), Nonce: nonce, Fault: "segfault", PID: 100 + i, TID: 100 + i, Event: bench.ReceiptStart})
		if s = s.died(100+i, due+0.003, "SIGSEGV"); i < replaced {
			s = s.bornOf(7, 200+i, due+0.1)
		}
	}
	return s
}

// unknown makes it unknown how the workers ended.
func (s scene) unknown() scene {
	for i := range s.Procs {
		s.Procs[i].Exit = nil
	}
	return s
}

func TestCrashedWorkersMustBeReplaced(t *testing.T) {
	const whole = 10.0                      // of a recovery that goes on until it is known
	retired := func(s scene, n int) scene { // so many leave as planned
		for i := range n {
			s.Procs = append(s.Procs, bench.ProcEvent{T: ns(fault(1)), PID: 112 + i, Event: bench.Died, Exit: &bench.ExitStatus{}})
		}
		return s
	}
	for _, tt := range []struct {
		name   string
		scene  scene
		want   bench.Verdict
		reason string
	}{
		{"all are", shrinking(24, 12).longer(whole), bench.Held, "12 workers died of SIGSEGV"},
		{"none is", shrinking(24, 0).longer(whole), bench.Failed, "workers not replaced: 12 of 12 that died, 10 s later: 12 more and nobody serves"},
		{"nobody knows how they died", shrinking(24, 0).longer(whole).unknown(), bench.Failed, "workers not replaced: 12 of 12 that died"},
		{"one is not", shrinking(24, 11).longer(whole), bench.Failed, "workers not replaced: 1 of 12 that died"},
		{"those of the last ten seconds may come", shrinking(24, 5), bench.Failed, "workers not replaced: 2 of 12 that died"},
		{"they are all", shrinking(24, 7), bench.Held, "5 not replaced"},
		{"the first ones are late", shrinking(24, 12).late(6, 200, 201, 202).longer(whole), bench.Held, "12 workers died"},
		{"as many as there should be are left", shrinking(24, 0).head(func(h *bench.Head) { h.Target.Workers = 12 }).longer(whole), bench.Held, "12 not replaced"},
		{"others have left as planned", retired(shrinking(24, 12), 6).longer(whole), bench.Held, "served"},
		{"others have, and none is replaced", retired(shrinking(24, 0), 6).longer(whole), bench.Failed, "workers not replaced: 12 of 12 that died, 10 s later: 6 more and nobody serves"},
		{"in a fault that kills nobody", shrinking(24, 0).head(func(h *bench.Head) { h.Traits = loadTraits; h.Traits.Receipt = "segfault" }).longer(whole), bench.Held, "served"},
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

// In a mix, too, whichever part has killed them.
func TestCrashedWorkersOfAMix(t *testing.T) {
	mix := func(replaced int) scene { return mixOf(shrinking(24, replaced), failing()).longer(10) }
	if j := Judge(mix(12).Record); j.Verdict != bench.Held {
		t.Errorf("%s %q", j.Verdict, j.Reasons)
	}
	j := Judge(mix(0).Record)
	if j.Verdict != bench.Failed {
		t.Errorf("%s %q", j.Verdict, j.Reasons)
	}
	wantReason(t, j, "workers not replaced: 12 of 12 that died")
}

// The recovery waits for a successor of each, and not for one that does not come.
func TestCrashedWorkersAreWaitedFor(t *testing.T) {
	for _, tt := range []struct {
		name     string
		replaced int
		want     bool
	}{{"all are there", 12, true}, {"the last ones are not", 7, false}, {"the first ones did not come", 0, true}} {
		if s := shrinking(24, tt.replaced).breakOff(recovery(4.9)); Settled(s.Record) != tt.want {
			t.Errorf("%s: settled is %v", tt.name, !tt.want)
		}
	}
	if got, want := SettledBy(shrinking(24, 7).breakOff(recovery(4.9)).Record), ns(recoveryAt)+int64(bench.RespawnLimit); got != want {
		t.Errorf("settled by %d, want %d", got, want)
	}
}
