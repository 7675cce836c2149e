package judge

import (
	"fmt"
	"testing"
	"time"

	"benchrun/internal/bench"
)

var killWorkerTraits = bench.Traits{
	Proof: bench.ProofSignal, Expects: bench.ExpectsReplacement,
	Noun: bench.Words{"kill", "kills"}, Did: bench.Words{"worker was killed and replaced", "workers were killed and replaced"},
}

// killsAt are the seconds of the fault phase at which kills are due.
var killsAt = []float64{1, 4, 7, 10}

// killing is a scene of four kills, each of one of two workers, that had served
// before. A new one comes half a second later.
func killing() scene {
	s := quiet().family("kill", killWorkerTraits)
	s.Head.Ratio, s.Head.Every = 0, 3*time.Second
	s.Head.Target.Workers, s.Head.Target.Probe = 2, bench.Probe{}
	s.Boot = bench.Boot{Ready: true, Seconds: 0.3, WorkersSeen: 2, PIDs: []int{11, 12}}
	s = s.bornOf(7, 5, 0.1).bornOf(7, 11, 0.1).bornOf(7, 12, 0.1)
	for i, t := range killsAt {
		old, next, signal, nonce := 11+i, 13+i, fault(t+0.5), fmt.Sprintf("f%d", i)
		s.Samples = append(s.Samples, bench.Sample{
			Role: bench.RoleProvoker, Seq: uint64(i), Nonce: nonce, Due: ns(fault(t)), Sent: ns(fault(t)), Done: ns(signal + 0.01), Outcome: bench.Cut,
		})
		s.Marks = append(s.Marks, bench.Mark{T: ns(signal), Name: bench.MarkSignal, Note: nonce, PID: old})
		s = s.died(old, signal+0.01, "SIGKILL").bornOf(7, next, signal+0.5)
		s.servedBy(next, signal+0.6, shutdownAt)
	}
	return s
}

// stays says that the workers that got a signal end d seconds later than they do.
func (s scene) stays(d float64, pids ...int) scene {
	for i := range s.Procs {
		for _, pid := range pids {
			if e := &s.Procs[i]; e.PID == pid && e.Event == bench.Died {
				e.T += ns(d)
			}
		}
	}
	return s
}

func TestReplacement(t *testing.T) {
	limit := bench.ReplacementLimit(bench.Claims{}).Seconds()
	for _, tt := range []struct {
		name   string
		scene  scene
		want   bench.Verdict
		reason string
	}{
		{"all is well", killing(), bench.Held, "served 1,200 of 1,200 victims while 4 workers were killed and replaced"},
		{"what a worker held may be lost", killing().turnAway(1.5, 3, bench.Reset), bench.Held, "4 workers were killed"},
		{"everybody is lost with it", killing().turnAway(1.5, 40, bench.Reset).turnAway(4.5, 40, bench.Reset), bench.Failed, "each kill lost 20 ordinary requests beside itself"},
		{"one is not replaced", killing().never(bench.Born, 16), bench.Failed, "workers not replaced: after 1 of 4 signals, within 12 s: no new worker came in its place"},
		{"none is", killing().never(bench.Born, 13, 14, 15, 16), bench.Failed, "workers not replaced: after 4 of 4 signals, within 12 s: no new worker came in its place"},
		{"as many as there should be are left", killing().head(func(h *bench.Head) { h.Target.Workers = 1 }).never(bench.Born, 16), bench.Held, "4 workers were killed"},
		{"slower than the next kill", killing().late(3.7, 13, 14, 15, 16), bench.Held, "4 workers were killed"},
		{"a signal is not sent", killing().unsignalled("f1"), bench.Invalid, "faults not delivered: 3 of 4 kills"},
		{"it does not die", killing().never(bench.Died, 11), bench.Failed, "the worker that got the signal was still there"},
		{"a watchdog ends it", killing().stays(5, 11, 12, 13, 14), bench.Held, "4 workers were killed"},
		{"too young to tell", killing().never(bench.Died, 14), bench.Invalid, "before it is known whether every worker was replaced"},
		{"what the shutdown ends is not replaced", killing().stays(shutdownAt-fault(10.5)+0.5, 14), bench.Invalid, "before it is known"},
	} {
		s := tt.scene
		if tt.want == bench.Failed { // the recovery goes on until the limit of the last one
			s = s.longer(limit)
		}
		t.Run(tt.name, func(t *testing.T) {
			j := Judge(s.Record)
			if j.Verdict != tt.want {
				t.Errorf("%s %q, want %s", j.Verdict, j.Reasons, tt.want)
			}
			wantReason(t, j, tt.reason)
		})
	}
}

// late lets new workers come d seconds later, and serve from then on.
func (s scene) late(d float64, pids ...int) scene {
	for i := range s.Procs {
		for _, pid := range pids {
			if e := &s.Procs[i]; e.PID == pid && e.Event == bench.Born {
				e.T += ns(d)
			}
		}
	}
	return s
}

// longer moves the end of the watch.
func (s scene) longer(d float64) scene {
	for i := range s.Marks {
		if m := &s.Marks[i]; m.Name == bench.MarkShutdown || m.Name == bench.MarkEnd {
			m.T += ns(d)
		}
	}
	return s
}

// A helper of the master that comes and goes is no worker, and a new child of the
// workers' kind is one before it has served.
func TestWhoReplaces(t *testing.T) {
	idle := killing().edit(bench.RoleVictim, fault(10), shutdownAt, func(x *bench.Sample) { x.PID = 15 }) // 16 never serves
	if j := Judge(idle.Record); j.Verdict != bench.Held {
		t.Errorf("%s %q", j.Verdict, j.Reasons)
	}
	for i := range idle.Procs {
		if idle.Procs[i].PID == 16 {
			idle.Procs[i].Name = "tracker"
		}
	}
	if j := Judge(idle.longer(12).Record); j.Verdict != bench.Failed {
		t.Errorf("a helper passes for a worker: %s %q", j.Verdict, j.Reasons)
	}
}

func TestReplacementMeasures(t *testing.T) {
	m := Judge(killing().Record).Measures
	for name, want := range map[string]string{"time_to_replace": "0.5", "worker_deaths": "4", "blast_radius": "0", "fds_per_fault": ""} {
		wantMeasure(t, m, name, want)
	}
	wantMeasure(t, Judge(killing().never(bench.Died, 11).longer(12).Record).Measures, "time_to_replace", ">12")
}

func TestReplacementIsWaitedFor(t *testing.T) {
	if !Settled(killing().breakOff(recovery(2)).Record) {
		t.Error("every worker was replaced, and there is something to wait for")
	}
	stuck := killing().never(bench.Died, 14)
	if Settled(stuck.breakOff(recovery(1)).Record) {
		t.Error("a worker is still there, and there is nothing to wait for")
	}
	if !Settled(stuck.curtail(recoveryAt - 1).breakOff(recovery(1)).Record) {
		t.Error("it has failed, and there is something to wait for")
	}
}

func served(x *bench.Sample) { x.Outcome, x.Status, x.Done = bench.OK, 200, x.Due+2e6 }

// Where no worker can be replaced for a while, what is lost meanwhile does not count, but
// the worker must be replaced, and the server be back in the end.
func TestReplacementOfAServerWithoutMeans(t *testing.T) {
	several := func() scene {
		return killing().head(func(h *bench.Head) { h.Traits.Fills = true }).edit(bench.RoleVictim, fault(2), fault(11), timedOut)
	}
	without := func() scene { // the other one has not served by then
		s := several()
		s.Boot.WorkersSeen, s.Boot.PIDs = 1, []int{11}
		return s
	}
	for _, tt := range []struct {
		name   string
		scene  scene
		want   bench.Verdict
		reason string
	}{
		{"it is back", without(), bench.Held, "served 300 of 300 victims after 4 workers were killed and replaced, and 25 % meanwhile"},
		{"with the trait gone", without().head(func(h *bench.Head) { h.Traits.Fills = false }), bench.Failed, "served 25 % of 1,200 victims"},
		{"it is not back", without().edit(bench.RoleVictim, recovery(0), shutdownAt, timedOut), bench.Failed, "not back: served 0 % of 300 victims 2.0 s into the recovery: 300 timeout"},
		{"another worker is there", several(), bench.Failed, "served 25 % of 1,200 victims"},
		{"and it is named", several(), bench.Failed, "another worker was there meanwhile"},
		{"it serves most", several().edit(bench.RoleVictim, fault(2), fault(11), served).lose(fault(2), fault(5), 15, bench.TimedOut), bench.Degraded, "another worker was there meanwhile"},
		{"it serves", several().edit(bench.RoleVictim, fault(2), fault(11), served), bench.Held, "and 100 % meanwhile"},
		{"a worker is missing, and the other one does not serve", several().never(bench.Born, 16).longer(20), bench.Failed, "workers not replaced"},
		{"a worker is missing", without().never(bench.Born, 16).longer(20), bench.Failed, "workers not replaced"},
	} {
		j := Judge(tt.scene.Record)
		if j.Verdict != tt.want {
			t.Errorf("%s: %s %q, want %s", tt.name, j.Verdict, j.Reasons, tt.want)
		}
		wantReason(t, j, tt.reason)
	}
	if !Settled(without().breakOff(recovery(4.5)).Record) {
		t.Error("the server is back, and the recovery waits")
	}
	if Settled(without().edit(bench.RoleVictim, recovery(0), shutdownAt, timedOut).breakOff(recovery(4.5)).Record) {
		t.Error("the recovery does not wait for a server that is not back")
	}
	if j := Judge(without().head(func(h *bench.Head) { h.Traits.Expects = "" }).Record); j.Verdict != bench.Invalid {
		t.Errorf("what nothing takes is full: %s", j.Verdict)
	}
}
