package judge

import (
	"slices"
	"testing"

	"benchrun/internal/bench"
)

// capped is a scene in which each fault takes memory until the kernel ends its process.
func capped(respawn bool) scene {
	s := crashing(respawn).family("oom-kill", bench.Traits{
		Proof: bench.ProofDeath, Expects: bench.ExpectsDeath, AtCap: true, Noun: bench.Words{"fault", "faults"},
	}).head(func(h *bench.Head) { h.Limits.MemoryBytes = 512 << 20 })
	for i := range s.Receipts {
		s.Receipts[i].Fault = "oom-kill"
	}
	for _, e := range s.Procs {
		if e.Event == bench.Died {
			s.Marks = append(s.Marks, bench.Mark{T: e.T, Name: bench.MarkMemoryCap, PID: e.PID})
		}
	}
	s.Marks = append(s.Marks, bench.Mark{T: ns(shutdownAt + 0.9), Name: bench.MarkMemoryCap, Note: "the kernel ended 12 processes"})
	return s
}

func TestWhoIsKilledAtTheCap(t *testing.T) {
	j := Judge(capped(true).Record)
	if j.Verdict != bench.Held {
		t.Errorf("%s %q", j.Verdict, j.Reasons)
	}
	wantReason(t, j, "used all of its 512 MiB of memory: the kernel ended 12 processes that served")

	s := capped(true)
	for i := range s.Marks {
		if m := &s.Marks[i]; m.Name == bench.MarkMemoryCap && m.PID == 11 {
			m.Note = bench.LeaderEnded
		}
		if m := &s.Marks[i]; m.PID == 12 {
			m.PID = 4711
		}
	}
	wantReason(t, Judge(s.Record), "the kernel ended its first process and 10 processes that served and 1 process that had not served")

	// Those that end in the shutdown are no matter of it.
	s = capped(true)
	s.Marks = append(s.Marks, bench.Mark{T: ns(shutdownAt + 0.5), Name: bench.MarkMemoryCap, PID: 11, Note: bench.LeaderEnded})
	wantReason(t, Judge(s.Record), "the kernel ended 12 processes that served")
}

// Without a process that the kernel ended nothing was asked of the server, whatever died.
func TestNobodyEndedAtTheCap(t *testing.T) {
	s := capped(true)
	s.Marks = slices.DeleteFunc(s.Marks, func(m bench.Mark) bool { return m.Name == bench.MarkMemoryCap })
	j := Judge(s.Record)
	if j.Verdict != bench.Invalid {
		t.Errorf("%s %q", j.Verdict, j.Reasons)
	}
	wantReason(t, j, "the kernel ended no process at the memory cap")
}
