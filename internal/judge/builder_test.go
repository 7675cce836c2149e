package judge

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"benchrun/internal/bench"
)

// A scene is a record under construction: a quick attempt with 100 victims and
// 10 control requests a second, all served, and one fault a second. Its methods
// spoil it and return it. Times are seconds since the origin; base(x), fault(x)
// and recovery(x) are x seconds into a phase.
type scene struct{ *bench.Record }

const (
	baseAt     = 1.0
	faultAt    = 5.0
	faultLen   = 12.0
	recoveryAt = faultAt + faultLen
	shutdownAt = recoveryAt + 5
)

func base(x float64) float64     { return baseAt + x }
func fault(x float64) float64    { return faultAt + x }
func recovery(x float64) float64 { return recoveryAt + x }
func ns(x float64) int64         { return int64(math.Round(x * 1e9)) }

// The traits of the faults in the scenes.
var (
	wedgeTraits = bench.Traits{
		Receipt: "wedge", Proof: bench.ProofReceipt, Holds: bench.UntilEnded,
		Noun: bench.Words{"wedged request", "wedged requests"}, Did: bench.Words{"request wedged", "requests wedged"},
	}
	killTraits  = bench.Traits{Proof: bench.ProofDeath, Expects: bench.ExpectsDeath, Noun: bench.Words{"fault", "faults"}}
	loadTraits  = bench.Traits{Proof: bench.ProofReceipt, Noun: bench.Words{"fault", "faults"}}
	crawlTraits = bench.Traits{
		Proof: bench.ProofBytes, Bytes: &bench.Pace{Least: 10_000, Piece: 10_000, Every: 300 * time.Millisecond, Most: 100_000},
		Holds: 30 * time.Second, CutOff: true, Honest: true,
		Noun: bench.Words{"slow upload", "slow uploads"}, Did: bench.Words{"upload crawled", "uploads crawled"},
	}
	downloadTraits = bench.Traits{
		Proof: bench.ProofBytes, Bytes: &bench.Pace{Least: 1}, Holds: 30 * time.Second, CutOff: true, Honest: true,
		Noun: bench.Words{"slow download", "slow downloads"},
	}
	uploadTraits = bench.Traits{Proof: bench.ProofBytes, Bytes: &bench.Pace{Least: 100_000}, Noun: bench.Words{"large upload", "large uploads"}}
)

// quiet is a scene without faults.
func quiet() scene {
	rec := &bench.Record{
		Head: bench.Head{
			Schema: bench.RecordSchema, Scenario: "wedge-1pct", Family: "wedge", FamilyVer: 1,
			Group: bench.GroupApp, Traits: wedgeTraits, Ratio: 1000,
			Mode: bench.ModeQuick, Phases: bench.PhasesFor(bench.ModeQuick, 3*time.Second, 0),
			Rate: 100, SLO: int64(time.Second), Timeout: int64(2 * time.Second),
			Target: bench.Target{Server: "demo", Profile: "default", Workers: 1, Probe: bench.Probe{Slots: 4, Watchdog: 3}},
		},
		Boot: bench.Boot{Ready: true, Seconds: 0.3, WorkersSeen: 1, PIDs: []int{11}},
		Stop: &bench.Stop{Term: ns(shutdownAt + 0.3), Seconds: 0.4, Exit: &bench.ExitStatus{}, PortFreed: true},
	}
	s := scene{rec}
	s.mark(bench.MarkBoot, 0).mark(bench.MarkBaseline, baseAt).mark(bench.MarkFault, faultAt).
		mark(bench.MarkRecovery, recoveryAt).mark(bench.MarkShutdown, shutdownAt).mark(bench.MarkEnd, shutdownAt+1)
	for i := range int((shutdownAt - baseAt) * 100) {
		due := ns(baseAt) + int64(i)*1e7
		s.Samples = append(s.Samples, bench.Sample{
			Role: bench.RoleVictim, Seq: uint64(i), Nonce: fmt.Sprintf("v%d", i), Due: due, Sent: due + 1e5,
			Done: due + 2e6, Outcome: bench.OK, Status: 200, PID: 11,
		})
	}
	for i := range int((shutdownAt + 1) * 10) {
		due := int64(i) * 1e8
		s.Samples = append(s.Samples, bench.Sample{
			Role: bench.RoleControl, Seq: uint64(i), Nonce: fmt.Sprintf("c%d", i), Due: due + 1, Sent: due + 1e5,
			Done: due + 1e6, Outcome: bench.OK, Status: 200, PID: 9999,
		})
	}
	return s
}

// wedged is a scene in which 12 requests wedge, at 0.5 s into each second of
// the fault phase, and each gives its slot back after 3.1 s.
func wedged() scene {
	s := quiet()
	for i := range int(faultLen) {
		due := fault(0.5 + float64(i))
		s.provoker(bench.RoleProvoker, fmt.Sprintf("f%d", i), due, bench.HeldOpen)
		s.receipt(fmt.Sprintf("f%d", i), due+0.002, bench.ReceiptStart)
		if gone := due + 0.002 + 3.1; gone < shutdownAt {
			s.receipt(fmt.Sprintf("f%d", i), gone, bench.ReceiptThreadGone)
		}
	}
	return s
}

// stuck is wedged without a watchdog: no slot ever comes back.
func stuck() scene {
	s := wedged().watchdog(5, true)
	s.Receipts = slices.DeleteFunc(s.Receipts, func(r bench.Receipt) bool { return r.Event != bench.ReceiptStart })
	return s
}

// crashing is a scene in which 12 requests kill their worker; each is replaced
// 0.1 s later if respawn.
func crashing(respawn bool) scene {
	s := quiet().family("segfault", killTraits)
	s.Head.Target.Probe = bench.Probe{}
	for i := range int(faultLen) {
		due, nonce, pid := fault(0.5+float64(i)), fmt.Sprintf("f%d", i), 11+i
		if !respawn && i > 0 {
			s.provoker(bench.RoleProvoker, nonce, due, bench.NoConnect)
			continue
		}
		s.provoker(bench.RoleProvoker, nonce, due, bench.Cut)
		s.Receipts = append(s.Receipts, bench.Receipt{T: ns(due + 0.002), Nonce: nonce, Fault: "segfault", PID: pid, TID: pid, Event: bench.ReceiptStart})
		s.died(pid, due+0.003, "SIGSEGV")
		if respawn {
			s.born(pid+1, due+0.1)
			s.servedBy(pid+1, due+0.2, shutdownAt)
		}
	}
	return s
}

// crawling is a scene of 12 slow uploads, all open until the recovery phase
// cuts them, that sent what they should have.
func crawling() scene {
	s := quiet().family("slow-upload", crawlTraits)
	for i := range int(faultLen) {
		due := fault(0.5 + float64(i))
		p := s.provoker(bench.RoleProvoker, fmt.Sprintf("f%d", i), due, bench.HeldOpen)
		p.Done = ns(recoveryAt)
		p.Bytes = int64((recoveryAt-due)/0.3) * 10_000
	}
	return s
}

func (s scene) family(id string, t bench.Traits) scene {
	if t.Proof.ByReceipt() {
		t.Receipt = id
	}
	s.Head.Family, s.Head.Traits = id, t
	s.Head.Scenario = id + "-1pct"
	return s
}

// edit changes the samples of a role that are due in [from, to).
func (s scene) edit(role bench.Role, from, to float64, change func(*bench.Sample)) scene {
	for i := range s.Samples {
		if x := &s.Samples[i]; x.Role == role && x.Due >= ns(from) && x.Due < ns(to) {
			change(x)
		}
	}
	return s
}

// lose gives the first n victims of each second in [from, to) the outcome.
func (s scene) lose(from, to float64, n int, o bench.Outcome) scene {
	for at := from; at < to-1e-6; at++ {
		s.edit(bench.RoleVictim, at, min(at+float64(n)/100, to), func(x *bench.Sample) {
			x.Outcome = o
			switch o {
			case bench.TimedOut:
				x.Done = x.Due + s.Head.Timeout
			case bench.Late:
				x.Done = x.Due + s.Head.SLO + 1
			}
		})
	}
	return s
}

// drop removes the samples of a role that are due in [from, to).
func (s scene) drop(role bench.Role, from, to float64) scene {
	s.Samples = slices.DeleteFunc(s.Samples, func(x bench.Sample) bool {
		return x.Role == role && x.Due >= ns(from) && x.Due < ns(to)
	})
	return s
}

// stall makes the control miss its SLO once, at t.
func (s scene) stall(t float64) scene {
	return s.edit(bench.RoleControl, t, t+0.1, func(x *bench.Sample) { x.Done, x.Outcome = x.Due+260e6, bench.Late })
}

func (s scene) servedBy(pid int, from, to float64) scene {
	return s.edit(bench.RoleVictim, from, to, func(x *bench.Sample) { x.PID = pid })
}

func (s scene) provoker(role bench.Role, nonce string, due float64, o bench.Outcome) *bench.Sample {
	s.Samples = append(s.Samples, bench.Sample{Role: role, Seq: uint64(len(s.Samples)), Nonce: nonce, Due: ns(due), Sent: ns(due) + 1e5, Outcome: o})
	return &s.Samples[len(s.Samples)-1]
}

func (s scene) receipt(nonce string, t float64, e bench.ReceiptEvent) scene {
	s.Receipts = append(s.Receipts, bench.Receipt{T: ns(t), Nonce: nonce, Fault: s.Head.Family, PID: 11, TID: 100, Event: e})
	return s
}

// forget removes the receipts of the provokers from number n on.
func (s scene) forget(n int) scene {
	s.Receipts = slices.DeleteFunc(s.Receipts, func(r bench.Receipt) bool {
		var i int
		_, err := fmt.Sscanf(r.Nonce, "f%d", &i)
		return err == nil && i >= n
	})
	return s
}

// aged takes n slots before the fault phase; proved of them wrote a receipt.
func (s scene) aged(n, proved int) scene {
	s.Head.Aged = n
	s.mark(bench.MarkAgeing, faultAt-0.5)
	for i := range n {
		nonce, due := fmt.Sprintf("a%d", i), faultAt-0.5+0.4*float64(i)/float64(n)
		s.provoker(bench.RoleAgeing, nonce, due, bench.HeldOpen)
		if i < proved {
			s.receipt(nonce, due+0.001, bench.ReceiptStart)
		}
	}
	return s
}

func (s scene) slots(n int) scene { s.Head.Target.Probe.Slots = n; return s }

func (s scene) watchdog(x float64, censored bool) scene {
	s.Head.Target.Probe.Watchdog, s.Head.Target.Probe.WatchdogCensored = x, censored
	return s
}

func (s scene) mark(name bench.MarkName, t float64) scene {
	s.Marks = append(s.Marks, bench.Mark{T: ns(t), Name: name})
	return s
}

// breakOff removes a mark and what comes after it, as if the record ended.
func (s scene) breakOff(t float64) scene {
	s.Marks = slices.DeleteFunc(s.Marks, func(m bench.Mark) bool { return m.T >= ns(t) })
	s.Samples = slices.DeleteFunc(s.Samples, func(x bench.Sample) bool { return x.Due >= ns(t) })
	s.Stop = nil
	return s
}

// curtail ends the fault phase at t.
func (s scene) curtail(t float64) scene {
	s.Marks = slices.DeleteFunc(s.Marks, func(m bench.Mark) bool { return m.Name == bench.MarkRecovery })
	s.drop(bench.RoleProvoker, t, 99)
	return s.mark(bench.MarkCurtailed, t).mark(bench.MarkRecovery, t)
}

func (s scene) doubt(from, to float64, cause string) scene {
	s.Doubts = append(s.Doubts, bench.Doubt{From: ns(from), To: ns(to), Cause: cause, Note: "a note"})
	return s
}

func (s scene) died(pid int, t float64, signal string) scene {
	s.Procs = append(s.Procs, bench.ProcEvent{T: ns(t), PID: pid, Event: bench.Died, Exit: &bench.ExitStatus{Signal: signal}})
	return s
}

func (s scene) born(pid int, t float64) scene {
	s.Procs = append(s.Procs, bench.ProcEvent{T: ns(t), PID: pid, Event: bench.Born})
	return s
}

func (s scene) vital(t float64, memory int64, cpu float64, threads int) scene {
	s.Vitals = append(s.Vitals, bench.Vital{T: ns(t), Procs: 1, Threads: threads, FDs: 20, Memory: memory, CPU: cpu})
	return s
}

func (s scene) head(change func(*bench.Head)) scene { change(&s.Head); return s }

// wantMeasure compares a measure with "3.1", ">5", or "" for none.
func wantMeasure(t *testing.T, m bench.Measures, name, want string) {
	t.Helper()
	got := ""
	if x, ok := m[name]; !ok {
		t.Errorf("%s is missing", name)
		return
	} else if x.Value != nil {
		got = x.Censored + figure(*x.Value, 3)
	}
	if got != want {
		t.Errorf("%s = %q, want %q", name, got, want)
	}
}

func wantReason(t *testing.T, j bench.Judgement, want string) {
	t.Helper()
	if !strings.Contains(strings.Join(j.Reasons, "\n"), want) {
		t.Errorf("reasons %q, want one with %q", j.Reasons, want)
	}
}
