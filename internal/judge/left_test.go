package judge

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"benchrun/internal/bench"
)

// vanishing is a scene of 12 clients that stay until they are cut off at the beginning
// of the recovery. Nothing of them stays.
func vanishing() scene {
	s := crawling().family("silent", bench.Traits{
		Proof: bench.ProofStay, Holds: 5 * time.Second, CutOff: true, Vanishes: true, Noun: bench.Words{"client", "clients"},
	})
	s.edit(bench.RoleProvoker, fault(0), recoveryAt, func(p *bench.Sample) { p.Outcome, p.Done = bench.HeldOpen, ns(recoveryAt) })
	for t := baseAt; t < shutdownAt; t += 0.2 {
		s = s.vital(t, 64<<20, 0.1*t, 10)
	}
	return s
}

// keeping changes the looks at the tree from a second of the recovery on; what is kept from its
// beginning on was there at the end of the fault phase.
func (s scene) keeping(from float64, change func(v *bench.Vital)) scene {
	if from == 0 {
		from = -2 // as long as a level is looked at
	}
	for i := range s.Vitals {
		if s.Vitals[i].T >= ns(recovery(from)) {
			change(&s.Vitals[i])
		}
	}
	return s
}

// growing changes the looks at the tree by the share of the fault phase that is over.
func (s scene) growing(change func(v *bench.Vital, over float64)) scene {
	for i := range s.Vitals {
		v := &s.Vitals[i]
		change(v, min(1, max(0, (seconds(v.T)-faultAt)/faultLen)))
	}
	return s
}

func TestWhatIsLeftOfClients(t *testing.T) {
	busy := func(cpus float64) func(v *bench.Vital) {
		return func(v *bench.Vital) { v.CPU += cpus * max(0, seconds(v.T)-recoveryAt) }
	}
	for _, tt := range []struct {
		name   string
		scene  scene
		want   bench.Verdict
		reason string
	}{
		{"nothing", vanishing(), bench.Held, "served 1,200 of 1,200 victims"},
		{"descriptors", vanishing().keeping(0, func(v *bench.Vital) { v.FDs += 3 }), bench.Failed, "resources piled up: 0.25 fds with each of 12 clients, although all of them are gone"},
		{"fewer than a quarter", vanishing().keeping(0, func(v *bench.Vital) { v.FDs += 2 }), bench.Held, "served"},
		{"for a while", vanishing().keeping(0, func(v *bench.Vital) { v.FDs += 12 }).keeping(2.5, func(v *bench.Vital) { v.FDs -= 12 }), bench.Held, "served"},
		{"threads", vanishing().keeping(0, func(v *bench.Vital) { v.Threads += 6 }), bench.Failed, "piled up: 0.5 threads"},
		{"threads that came early, while a worker is replaced", vanishing().growing(func(v *bench.Vital, of float64) {
			v.Threads += int(12 * min(1, 4*of))
			if of > 0.45 && of < 0.68 {
				v.Threads -= 3
			}
		}), bench.Held, "served"},
		{"sockets", vanishing().keeping(0, func(v *bench.Vital) { v.CloseWait = 12 }), bench.Failed, "piled up: 1 sockets in CLOSE_WAIT"},
		{"files", vanishing().keeping(0, func(v *bench.Vital) { v.Files += 12 }), bench.Failed, "piled up: 1 files with each"},
		{"memory", vanishing().keeping(0, func(v *bench.Vital) { v.Memory += 24 << 20 }), bench.Failed, "piled up: 2 MiB with each"},
		{"some memory", vanishing().keeping(0, func(v *bench.Vital) { v.Memory += 11 << 20 }), bench.Held, "served"},
		{"a busy loop", vanishing().keeping(0, busy(0.9)), bench.Failed, "piled up: 0.9 CPUs more than before any fault"},
		{"some work", vanishing().keeping(0, busy(0.3)), bench.Held, "served"},
		{"both", vanishing().keeping(0, func(v *bench.Vital) { v.FDs += 12; busy(1)(v) }), bench.Failed, "1 fds with each of 12 clients, and 1 CPUs more"},
		{"a pool that grew", vanishing().head(func(h *bench.Head) { h.Target.Probe.Slots = 6 }).keeping(0, func(v *bench.Vital) { v.Threads += 7 }), bench.Held, "served"},
		{"more than a pool", vanishing().head(func(h *bench.Head) { h.Target.Probe.Slots = 6 }).keeping(0, func(v *bench.Vital) { v.Threads += 8 }), bench.Failed, "piled up: 0.67 threads"},
		{"half of what each carried", vanishing().head(carrying(5<<20)).keeping(0, func(v *bench.Vital) { v.Memory += 41 << 20 }), bench.Failed, "piled up: 3.4 MiB with each"},
		{"what a pool has carried", vanishing().head(carrying(5<<20)).keeping(0, func(v *bench.Vital) { v.Memory += 40 << 20 }), bench.Held, "served"},
		{"much of little, of few", vanishing().head(carrying(500_000)).keeping(0, func(v *bench.Vital) { v.Memory += 23 << 20 }), bench.Held, "served"},
		{"half uploads", many(vanishing().head(carrying(500_000)), 118).keeping(0, func(v *bench.Vital) { v.Memory += 32 << 20 }), bench.Failed, "MiB with each of 130"},
		{"less, in all", many(vanishing().head(carrying(500_000)), 118).keeping(0, func(v *bench.Vital) { v.Memory += 27 << 20 }), bench.Held, "served"},
		{"the same, of nothing", many(vanishing(), 118).keeping(0, func(v *bench.Vital) { v.Memory += 23 << 20 }), bench.Held, "served"},
		{"a descriptor for each eighth", many(vanishing(), 118).growing(func(v *bench.Vital, of float64) { v.FDs += int(16 * of) }), bench.Failed, "piled up: 0.12 fds with each of 130 clients"},
		{"fewer than 16", many(vanishing(), 118).growing(func(v *bench.Vital, of float64) { v.FDs += int(15 * of) }), bench.Held, "served"},
		{"fewer than for each tenth", many(vanishing(), 170).growing(func(v *bench.Vital, of float64) { v.FDs += int(18 * of) }), bench.Held, "served"},
		{"descriptors that came with the first ones", many(vanishing(), 118).growing(func(v *bench.Vital, of float64) { v.FDs += int(16 * min(1, 2*of)) }), bench.Held, "served"},
		{"that go on coming without a fault", many(vanishing(), 118).growing(func(v *bench.Vital, of float64) { v.FDs += int(8*of) + int(seconds(v.T)/2) }), bench.Held, "served"},
		{"beside a request that was under way at the end of the baseline", many(vanishing(), 118).growing(func(v *bench.Vital, of float64) {
			v.FDs += int(18 * of)
			if at := seconds(v.T); at > faultAt-2 && of == 0 {
				v.FDs++
			}
		}), bench.Failed, "piled up: 0.13 fds"},
		{"of more processes", many(vanishing(), 118).growing(func(v *bench.Vital, of float64) { v.FDs += int(16 * of); v.Procs += int(2 * of) }), bench.Held, "served"},
		{"much memory of many", many(vanishing(), 118).growing(func(v *bench.Vital, of float64) { v.Memory += int64(of * (25 << 20)) }), bench.Failed, "piled up: 0.2 MiB with each of 130 clients"},
		{"of very many", many(vanishing(), 388).growing(func(v *bench.Vital, of float64) { v.Memory += int64(of * (24 << 20)) }), bench.Held, "served"},
		{"that came with the first ones", many(vanishing(), 118).growing(func(v *bench.Vital, of float64) { v.Memory += int64(min(1, 2*of) * (120 << 20)) }), bench.Held, "served"},
		{"of threads that stay", many(vanishing(), 118).head(func(h *bench.Head) { h.Target.Probe.Slots = 64 }).growing(func(v *bench.Vital, of float64) { v.Memory += int64(of * (32 << 20)); v.Threads += int(30 * of) }), bench.Held, "served"},
		{"threads of a pool of processes that grew", many(vanishing(), 118).growing(func(v *bench.Vital, of float64) {
			v.Threads += int(63 * min(1, 2*of))
			v.Procs += int(3 * min(1, 2*of))
		}), bench.Held, "served"},
		{"threads of a pool of processes that goes on growing", many(vanishing(), 118).growing(func(v *bench.Vital, of float64) { v.Threads += int(63 * of); v.Procs += int(3 * of) }), bench.Failed, "piled up: 0.48 threads"},
		{"descriptors of processes that are more than before", many(vanishing(), 118).growing(func(v *bench.Vital, of float64) { v.FDs += int(64 * of); v.Procs += int(8 * of) }), bench.Held, "served"},
		{"more descriptors than these have", many(vanishing(), 118).growing(func(v *bench.Vital, of float64) { v.FDs += int(180 * of); v.Procs += int(8 * of) }), bench.Failed, "piled up: 1.38 fds"},
		{"some of many that are still there", many(vanishing(), 118).growing(func(v *bench.Vital, of float64) { v.FDs += int(40*of + 60*min(1, 8*of)) }).keeping(0.1, func(v *bench.Vital) { v.FDs -= 60 }), bench.Failed, "piled up: 0.31 fds"},
		{"what comes when they go", vanishing().keeping(0.1, func(v *bench.Vital) { v.FDs += 12 }), bench.Failed, "piled up: 1 fds with each of 12 clients"},
		{"too few to tell", vanishing().drop(bench.RoleProvoker, fault(3), 99).head(func(h *bench.Head) { h.Ratio = 250 }).keeping(0, func(v *bench.Vital) { v.FDs += 12 }), bench.Held, "served"},
		{"nobody looked", func() scene { s := vanishing(); s.Vitals = nil; return s }(), bench.Invalid, "what stays of the clients was not measured"},
		{"a stalled host at the end", vanishing().edit(bench.RoleControl, recovery(3), recovery(5), func(x *bench.Sample) { x.Done, x.Outcome = x.Due+260e6, bench.Late }), bench.Invalid, "what stays"},
		{"of clients that need not vanish", vanishing().head(func(h *bench.Head) { h.Traits.Vanishes = false }).keeping(0, func(v *bench.Vital) { v.FDs += 12 }), bench.Held, "served"},
		{"of clients that never connected", vanishing().keeping(0, func(v *bench.Vital) { v.FDs += 12 }).edit(bench.RoleProvoker, fault(0), recoveryAt, func(p *bench.Sample) { p.Outcome = bench.NoConnect }), bench.Invalid, "faults not delivered"},
	} {
		j := Judge(tt.scene.Record)
		if j.Verdict != tt.want || !strings.Contains(strings.Join(j.Reasons, "; "), tt.reason) {
			t.Errorf("%s: %s %q, want %s, %q", tt.name, j.Verdict, j.Reasons, tt.want, tt.reason)
		}
	}
}

// A recovery waits for what is left, and no longer than that.
func TestSettledClients(t *testing.T) {
	kept := func() scene { return vanishing().keeping(0, func(v *bench.Vital) { v.FDs += 12 }) }
	if !Settled(vanishing().breakOff(recovery(4)).Record) {
		t.Error("nothing is left, and it waits")
	}
	if s := kept().breakOff(recovery(4)); Settled(s.Record) || SettledBy(s.Record) != ns(recoveryAt)+int64(s.Head.Phases.Recovery) {
		t.Errorf("descriptors are left, and it waits until %d", SettledBy(s.Record))
	}
	j := Judge(kept().Record)
	for name, want := range map[string]string{"fds_per_fault": "1", "threads_per_fault": "0", "memory_per_fault": "0", "close_wait_per_fault": "0", "files_per_fault": "0"} {
		wantMeasure(t, j.Measures, name, want)
	}
	for _, name := range []string{"fds_per_fault", "close_wait_per_fault", "cpus_kept"} {
		wantMeasure(t, Judge(wedged().Record).Measures, name, "")
	}
}

// filling is a scene in which the server is full during the fault phase.
func filling() scene {
	s := vanishing().head(func(h *bench.Head) { h.Traits.Fills = true })
	return s.edit(bench.RoleVictim, fault(2), recovery(0.5), timedOut)
}

func timedOut(x *bench.Sample) { x.Outcome, x.Status, x.Done = bench.TimedOut, 0, x.Due+2e9 }

func TestFullServerComesBack(t *testing.T) {
	for _, tt := range []struct {
		name   string
		scene  scene
		want   bench.Verdict
		reason string
	}{
		{"at once", filling(), bench.Held, "served 300 of 300 victims after"},
		{"the queue before it was full too", filling().edit(bench.RoleProvoker, fault(6), fault(12), func(x *bench.Sample) { x.Outcome = bench.NoConnect }), bench.Held, "served 300 of 300 victims after"},
		{"later", filling().edit(bench.RoleVictim, recovery(0), recovery(2.5), timedOut), bench.Held, "served 250 of 300 victims after"},
		{"never", filling().edit(bench.RoleVictim, recovery(0), shutdownAt, timedOut), bench.Failed, "not back: served 0 % of 300 victims 2.0 s after all of 12 clients had gone: 300 timeout"},
		{"half of it", filling().edit(bench.RoleVictim, recovery(3.1), shutdownAt, timedOut), bench.Failed, "not back: served 36.6 % of 300"},
		{"in one second alone", filling().edit(bench.RoleVictim, recovery(3.1), recovery(3.2), timedOut), bench.Held, "served 290 of 300"},
		{"nobody could tell", filling().edit(bench.RoleControl, recovery(2), shutdownAt, func(x *bench.Sample) { x.Done, x.Outcome = x.Due+260e6, bench.Late }), bench.Invalid, "whether the server came back was not measured"},
		{"without the trait", filling().head(func(h *bench.Head) { h.Traits.Fills = false }), bench.Failed, "served"},
	} {
		j := Judge(tt.scene.Record)
		if j.Verdict != tt.want || !strings.Contains(strings.Join(j.Reasons, "; "), tt.reason) {
			t.Errorf("%s: %s %q, want %s, %q", tt.name, j.Verdict, j.Reasons, tt.want, tt.reason)
		}
	}
}

// The phase of a fault that fills the server goes on, and the recovery waits for the
// server to come back.
func TestFullServerIsWaitedFor(t *testing.T) {
	lost := filling().breakOff(fault(11))
	if w := Window(lost.Record, ns(faultAt), ns(fault(11))); w.Decision != Continue || w.Lost == 0 {
		t.Errorf("%s after %d lost victims", w.Decision, w.Lost)
	}
	lost.Head.Traits.Fills = false
	if w := Window(lost.Record, ns(faultAt), ns(fault(11))); w.Decision != Curtail {
		t.Errorf("without the trait: %s", w.Decision)
	}
	if !Settled(filling().breakOff(recovery(4.5)).Record) {
		t.Error("the server is back, and the recovery waits")
	}
	if Settled(filling().edit(bench.RoleVictim, recovery(0), shutdownAt, timedOut).breakOff(recovery(4.5)).Record) {
		t.Error("the recovery does not wait for a server that is not back")
	}
}

// Where what the faults wait for is there again, the end of the recovery decides too.
func TestServiceReturns(t *testing.T) {
	returning := func() scene { return wedged().head(func(h *bench.Head) { h.Traits.Returns = true }) }
	stalled := func(x *bench.Sample) { x.Done, x.Outcome = x.Due+260e6, bench.Late }
	for _, tt := range []struct {
		name   string
		scene  scene
		want   bench.Verdict
		reason string
	}{
		{"at once", returning(), bench.Held, "served 1,200 of 1,200 victims"},
		{"later", returning().edit(bench.RoleVictim, recovery(0), recovery(1.9), timedOut), bench.Held, "served 1,200"},
		{"never", returning().edit(bench.RoleVictim, recovery(0), shutdownAt, timedOut), bench.Failed, "not back: served 0 % of 300 victims 2.0 s after what the faults wait for was there again"},
		{"nobody could tell", returning().edit(bench.RoleControl, recovery(2), shutdownAt, stalled), bench.Invalid, "whether the server came back was not measured"},
		{"nobody could tell, but it had failed", returning().edit(bench.RoleControl, recovery(2), shutdownAt, stalled).lose(fault(0), fault(12), 50, bench.TimedOut), bench.Failed, "served"},
		{"without the trait", wedged().edit(bench.RoleVictim, recovery(0), shutdownAt, timedOut), bench.Held, "served 1,200"},
	} {
		j := Judge(tt.scene.Record)
		if j.Verdict != tt.want || !strings.Contains(strings.Join(j.Reasons, "; "), tt.reason) {
			t.Errorf("%s: %s %q, want %s, %q", tt.name, j.Verdict, j.Reasons, tt.want, tt.reason)
		}
	}
	if s := returning().breakOff(recovery(4.5)); !Settled(s.Record) {
		t.Error("the server is back, and the recovery waits")
	}
	if s := returning().edit(bench.RoleVictim, recovery(0), shutdownAt, timedOut).breakOff(recovery(4.5)); Settled(s.Record) || SettledBy(s.Record) != ns(recoveryAt)+int64(s.Head.Phases.Recovery) {
		t.Errorf("the server is not back, and the recovery waits until %d", SettledBy(s.Record))
	}
}

// carrying says how much each request of the fault carries, bytes.
func carrying(n int64) func(*bench.Head) { return func(h *bench.Head) { h.Traits.Carries = n } }

// many adds n clients that stay until the recovery.
func many(s scene, n int) scene {
	for i := range n {
		s.provoker(bench.RoleProvoker, fmt.Sprintf("m%d", i), fault(0.05+min(0.1, 11.8/float64(n))*float64(i)), bench.HeldOpen).Done = ns(recoveryAt)
	}
	return s
}
