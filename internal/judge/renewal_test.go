package judge

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"benchrun/internal/bench"
)

// reloadTraits are those of a planned fault that replaces the workers.
var reloadTraits = bench.Traits{
	Proof: bench.ProofSignal, Honest: true, MustComplete: true, Spares: true, Expects: bench.ExpectsRenewal,
	Noun: bench.Words{"reload", "reloads"}, Did: bench.Words{"reload replaced every worker", "reloads replaced every worker"},
}

// reloadsAt are the seconds of the fault phase at which reloads are due.
var reloadsAt = []float64{1, 6, 11}

// reloading is a scene of three reloads of two workers under a grace of 3 s: each
// worker is gone 0.8 s after the signal, and each new one is there after 0.3 s. The
// honest request in flight gets its answer.
func reloading() scene {
	s := quiet().family("reload", reloadTraits)
	s.Head.Ratio, s.Head.Every = 0, 5*time.Second
	s.Head.Target.Workers, s.Head.Target.Claims, s.Head.Target.Probe = 2, bench.Claims{Grace: 3}, bench.Probe{}
	s.Boot = bench.Boot{Ready: true, Seconds: 0.3, WorkersSeen: 2, PIDs: []int{11, 12}}
	s = s.bornOf(7, 11, 0.1).bornOf(7, 12, 0.1)
	for i, t := range reloadsAt {
		old, next, signal := 11+10*i, 21+10*i, fault(t+0.5)
		nonce := fmt.Sprintf("f%d", i)
		s.Samples = append(s.Samples, bench.Sample{
			Role: bench.RoleProvoker, Seq: uint64(i), Nonce: nonce, Due: ns(fault(t)), Sent: ns(fault(t)), Done: ns(fault(t + 1.5)),
			Outcome: bench.Completed, Status: 200,
		})
		s.Marks = append(s.Marks, bench.Mark{T: ns(signal), Name: bench.MarkSignal, Note: nonce})
		s = s.bornOf(7, next, signal+0.3).bornOf(7, next+1, signal+0.3)
		s = s.died(old, signal+0.8, "").died(old+1, signal+0.8, "")
		s.servedBy(next, signal+0.8, shutdownAt)
		s.edit(bench.RoleVictim, signal+1, signal+1.01, func(x *bench.Sample) { x.PID = next + 1 })
	}
	for t := baseAt; t < shutdownAt; t += 0.2 {
		s = s.vital(t, 64<<20, 0, 10)
	}
	return s
}

func (s scene) bornOf(parent, pid int, t float64) scene {
	s.Procs = append(s.Procs, bench.ProcEvent{T: ns(t), PID: pid, PPID: parent, Event: bench.Born, Name: "worker"})
	return s
}

// never takes away that processes were born, or died.
func (s scene) never(event bench.ProcState, pids ...int) scene {
	s.Procs = slices.DeleteFunc(s.Procs, func(e bench.ProcEvent) bool { return e.Event == event && slices.Contains(pids, e.PID) })
	return s
}

// turnAway gives n victims due t seconds into the fault phase an outcome.
func (s scene) turnAway(t float64, n int, o bench.Outcome) scene {
	return s.edit(bench.RoleVictim, fault(t), fault(t)+float64(n)/100-0.001, func(x *bench.Sample) {
		switch x.Outcome = o; o {
		case bench.HTTP5xx:
			x.Status = 502
		case bench.TimedOut:
			x.Done = x.Due + s.Head.Timeout
		}
	})
}

// unsignalled takes the signal of a fault away.
func (s scene) unsignalled(nonce string) scene {
	s.Marks = slices.DeleteFunc(s.Marks, func(m bench.Mark) bool { return m.Name == bench.MarkSignal && m.Note == nonce })
	return s
}

// once is reloading with the first reload alone.
func once() scene {
	s := reloading().head(func(h *bench.Head) { h.Every = bench.Once }).drop(bench.RoleProvoker, fault(2), recoveryAt)
	return s.unsignalled("f1").unsignalled("f2").never(bench.Born, 31, 32, 41, 42).never(bench.Died, 21, 22)
}

func TestRenewal(t *testing.T) {
	lostHonest := func(n int) scene {
		s := reloading()
		for _, at := range reloadsAt[:n] {
			s.edit(bench.RoleProvoker, fault(at), fault(at)+0.1, func(p *bench.Sample) { p.Outcome, p.Status, p.Error = bench.Cut, 0, "reset" })
		}
		return s
	}
	waited := func(n, answered int) scene {
		s := once()
		s.Beside = &bench.Beside{Queued: n, Answered: answered}
		return s
	}
	// growing changes each look at the tree by the number of signals before it.
	growing := func(each func(n int, v *bench.Vital)) scene {
		s := reloading()
		for i := range s.Vitals {
			n := 0
			for _, at := range reloadsAt {
				if s.Vitals[i].T > ns(fault(at+0.5)) {
					n++
				}
			}
			each(n, &s.Vitals[i])
		}
		return s
	}
	for _, tt := range []struct {
		name   string
		scene  scene
		want   bench.Verdict
		reason string
	}{
		{"all is well", reloading(), bench.Held, "served 1,200 of 1,200 victims while 3 reloads replaced every worker, and 3 of 3 requests of the fault got their answer too"},
		{"one stray victim", reloading().turnAway(1.5, 1, bench.Reset), bench.Held, "lost 1 victim (1 reset) although the fault is planned; one alone decides nothing"},
		{"two of them", reloading().turnAway(1.5, 1, bench.Reset).turnAway(6.6, 1, bench.Refused), bench.Failed, "requests lost: 2 victims (1 refused, 1 reset); a fault"},
		{"5xx counts", reloading().turnAway(1.5, 2, bench.HTTP5xx), bench.Failed, "requests lost: 2 victims (2 http_5xx)"},
		{"one for each", reloading().turnAway(1.5, 3, bench.HTTP5xx), bench.Failed, "each reload lost 1 ordinary request beside itself"},
		{"what was in flight at the signal", reloading().turnAway(1.45, 2, bench.Truncated), bench.Failed, "requests lost: 2 victims (2 truncated)"},
		{"a timeout is no stray", reloading().turnAway(1.5, 4, bench.TimedOut), bench.Held, "3 reloads replaced"},
		{"before the first signal", reloading().turnAway(1.2, 2, bench.Reset), bench.Held, "3 reloads replaced"},
		{"in the recovery", reloading().edit(bench.RoleVictim, recovery(1), recovery(1.025), func(x *bench.Sample) { x.Outcome = bench.Reset }), bench.Failed, "requests lost: 3 victims"},
		{"one honest request and one victim", lostHonest(1).turnAway(1.5, 1, bench.Reset), bench.Failed, "requests lost: 1 victim (1 reset) and 1 of 3 requests of the fault (1 cut off)"},
		{"an honest request alone", lostHonest(1), bench.Held, "lost 1 of 3 requests of the fault (1 cut off)"},
		{"the only honest request", once().edit(bench.RoleProvoker, fault(1), fault(2), func(p *bench.Sample) { p.Outcome, p.Status, p.Error = bench.Cut, 0, "reset" }), bench.Failed, "honest requests lost: 1 of 1 (1 cut off)"},
		{"once, and nothing is lost", once(), bench.Held, "1 reload replaced every worker, and 1 of 1 requests of the fault got"},
		{"all honest requests", lostHonest(3), bench.Failed, "requests lost: 3 of 3 requests of the fault (3 cut off)"},
		{"two that waited", waited(8, 6), bench.Failed, "requests lost: 2 of 8 requests in the queue; a fault that is planned need cost nobody"},
		{"one that waited and one victim", waited(8, 7).turnAway(1.5, 1, bench.HTTP5xx), bench.Failed, "requests lost: 1 victim (1 http_5xx) and 1 of 8 requests in the queue"},
		{"one that waited", waited(8, 7), bench.Held, "lost 1 of 8 requests in the queue although the fault is planned; one alone decides nothing"},
		{"all that waited are answered", waited(8, 8), bench.Held, "requests of the fault got their answer too; 8 of 8 requests in the queue were answered"},
		{"the baseline loses as many", reloading().turnAway(1.5, 3, bench.Reset).edit(bench.RoleVictim, base(1), base(1.005), func(x *bench.Sample) { x.Outcome = bench.Reset }), bench.Held, "lost 3 victims (3 reset) although the fault is planned; without a fault, the baseline loses"},

		{"a signal is not sent", reloading().unsignalled("f1"), bench.Invalid, "faults not delivered: 1 of 2 reloads"},
		{"none is sent", reloading().unsignalled("f0").unsignalled("f1").unsignalled("f2"), bench.Invalid, "faults not delivered: 0 of 3 reloads"},

		{"an old worker stays", reloading().never(bench.Died, 11), bench.Failed, "workers not replaced: after 1 of 3 signals, within 13 s: 1 worker that had served was still there"},
		{"too few new ones", once().never(bench.Born, 22), bench.Failed, "workers not replaced: after 1 of 1 signal, within 13 s: 1 of 2 new workers came"},
		{"nothing happens", reloading().never(bench.Died, 11, 12, 21, 22, 31, 32).never(bench.Born, 21, 22, 31, 32, 41, 42).servedBy(11, baseAt, shutdownAt), bench.Failed, "workers not replaced"},
		{"too young to tell", reloading().never(bench.Died, 31, 32), bench.Invalid, "before it is known whether every worker was replaced"},

		{"nothing is looked at", func() scene { s := reloading(); s.Vitals = nil; return s }(), bench.Invalid, "what piled up with the faults was not measured"},
		{"memory is never looked at", growing(func(n int, v *bench.Vital) { v.FDs, v.Memory = v.FDs+10*n, -1 }), bench.Invalid, "what piled up with the faults was not measured"},
		{"the host stalls while connections wait", growing(func(n int, v *bench.Vital) {
			if v.T > ns(recovery(3)) {
				v.FDs += 60
			}
		}).edit(bench.RoleControl, recovery(3), recovery(5), func(x *bench.Sample) { x.Done, x.Outcome = x.Due+260e6, bench.Late }), bench.Invalid, "what piled up"},
		{"old workers that leave late hide nothing", growing(func(n int, v *bench.Vital) {
			v.FDs += 3 * n
			for _, at := range reloadsAt {
				if since := v.T - ns(fault(at+0.5)); since > 0 && since < 4200e6 {
					v.FDs += 32
				}
			}
		}), bench.Failed, "resources piled up: 3 fds with each of 3 faults"},
		{"old workers that leave late are no leak", growing(func(_ int, v *bench.Vital) {
			for _, at := range reloadsAt {
				if since := v.T - ns(fault(at+0.5)); since > 0 && since < 3300e6 {
					v.FDs += 32
				}
			}
		}), bench.Held, "3 reloads replaced"},
		{"a runtime that starts a thread now and then", growing(func(n int, v *bench.Vital) { v.Threads += []int{0, 5, 6, 7}[n] }), bench.Held, "3 reloads replaced"},
		{"a descriptor with each", growing(func(n int, v *bench.Vital) { v.FDs += n }), bench.Failed, "resources piled up: 1 fds with each of 3 faults"},
		{"threads and memory with each", growing(func(n int, v *bench.Vital) { v.Threads += 2 * n; v.Memory += int64(n) * 9 << 20 }), bench.Failed, "resources piled up: 2 threads, 9 MiB with each"},
		{"only with the first", growing(func(n int, v *bench.Vital) { v.FDs += 9 * min(n, 1) }), bench.Held, "3 reloads replaced"},
		{"less than the smallest leak", growing(func(n int, v *bench.Vital) { v.Memory += int64(n) * 7 << 20 }), bench.Held, "3 reloads replaced"},
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

// A new worker that has not served yet counts where it is of the workers' kind, and
// another child of their parent does not.
func TestNewWorkersOfTheSameKind(t *testing.T) {
	idle := func() scene { // the second worker of each pair never serves
		return once().servedBy(21, fault(3), shutdownAt).edit(bench.RoleVictim, fault(0), fault(3), func(x *bench.Sample) { x.PID -= 1 - x.PID%2 })
	}
	if j := Judge(idle().Record); j.Verdict != bench.Held {
		t.Errorf("%s %q", j.Verdict, j.Reasons)
	}
	s := idle()
	for i := range s.Procs {
		if s.Procs[i].PID == 22 {
			s.Procs[i].Name = "tracker"
		}
	}
	if j := Judge(s.Record); j.Verdict != bench.Failed {
		t.Errorf("a helper passes for a worker: %s %q", j.Verdict, j.Reasons)
	}
}

func TestRenewalMeasures(t *testing.T) {
	j := Judge(reloading().Record)
	for name, want := range map[string]string{"time_to_replace": "0.8", "fds_per_fault": "0", "threads_per_fault": "0", "memory_per_fault": "0", "honest_lost": "0"} {
		wantMeasure(t, j.Measures, name, want)
	}
	wantMeasure(t, Judge(reloading().never(bench.Died, 11).Record).Measures, "time_to_replace", ">13")
	// Other families have none of these: their stored figures stay as they were.
	j = Judge(wedged().vital(fault(1), 1, 1, 1).Record)
	for _, name := range []string{"time_to_replace", "fds_per_fault", "threads_per_fault", "memory_per_fault"} {
		wantMeasure(t, j.Measures, name, "")
	}
}

func TestSettled(t *testing.T) {
	if !Settled(reloading().breakOff(recovery(3)).Record) {
		t.Error("every worker was replaced, and there is something to wait for")
	}
	if Settled(reloading().breakOff(recovery(1)).Record) {
		t.Error("it is too early to see what is left, and there is nothing to wait for")
	}
	if Settled(reloading().never(bench.Died, 31).breakOff(recovery(1)).Record) {
		t.Error("an old worker is still there, and there is nothing to wait for")
	}
	if !Settled(wedged().breakOff(recovery(1)).Record) {
		t.Error("a family that replaces nobody waits for somebody")
	}
}

// When a recovery is settled at the latest: long enough after the last renewal, or when
// the limit of the last signal is over.
func TestSettledBy(t *testing.T) {
	last := fault(reloadsAt[2] + 0.5)
	for name, tt := range map[string]struct {
		s    scene
		want float64
	}{
		"all replaced":     {reloading(), last + 0.8 + 2},
		"one still there":  {reloading().never(bench.Died, 31), last + 3 + 10},
		"nothing replaced": {reloading().never(bench.Died, 11, 12, 21, 22, 31, 32), last + 3 + 10},
	} {
		if got := SettledBy(tt.s.breakOff(recovery(1)).Record); got != ns(tt.want) {
			t.Errorf("%s: %.1f s, want %.1f s", name, float64(got)/1e9, tt.want)
		}
	}
}

// A silent client proves its fault by having been there: until the server ended it,
// benchrun cut it off, or its own time was over.
func TestStayIsProof(t *testing.T) {
	silent := bench.Traits{Proof: bench.ProofStay, Holds: 5 * time.Second, CutOff: true, Noun: bench.Words{"silent connection", "silent connections"}}
	for name, tt := range map[string]struct {
		how  func(p *bench.Sample)
		want bench.Verdict
	}{
		"until cut off":            {func(p *bench.Sample) { p.Outcome, p.Done = bench.HeldOpen, min(p.Sent+5e9, ns(recoveryAt)) }, bench.Held},
		"until the server closed":  {func(p *bench.Sample) { p.Outcome, p.Done = bench.Cut, p.Sent+1e8 }, bench.Held},
		"until the server said so": {func(p *bench.Sample) { p.Outcome, p.Status, p.Done = bench.Completed, 408, p.Sent+1e8 }, bench.Held},
		"not for long":             {func(p *bench.Sample) { p.Outcome, p.Done = bench.HeldOpen, p.Sent+1e8 }, bench.Invalid},
		"not connected":            {func(p *bench.Sample) { p.Outcome, p.Done = bench.NoConnect, p.Sent+1e6 }, bench.Invalid},
	} {
		s := crawling().family("silent", silent).edit(bench.RoleProvoker, fault(0), recoveryAt, tt.how)
		if j := Judge(s.Record); j.Verdict != tt.want {
			t.Errorf("%s: %s %q, want %s", name, j.Verdict, j.Reasons, tt.want)
		}
	}
}
