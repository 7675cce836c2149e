package judge

import (
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// leaving is a scene of 12 faults that leave 10 of a resource behind each, in a server
// of one process with 20 descriptors and 4 threads.
func leaving(of bench.Resource) scene {
	s := leaking(0).head(func(h *bench.Head) {
		h.Traits.LeakBytes, h.Traits.Leaks = 0, bench.Leak{Of: of, Amount: 10}
	})
	s.Vitals = nil
	for t := baseAt; t < shutdownAt; t += 0.2 {
		s = s.vital(t, 64<<20, 0.1*t, 4)
	}
	return s
}

func TestWhatFaultsLeaveBehindMustGo(t *testing.T) {
	for _, of := range []struct {
		resource bench.Resource
		more     func(v *bench.Vital, n int)
		reason   string
	}{
		{bench.ResourceFDs, func(v *bench.Vital, n int) { v.FDs += n }, "leak kept: 60 of 120 descriptors"},
		{bench.ResourceThreads, func(v *bench.Vital, n int) { v.Threads += n }, "leak kept: 60 of 120 threads"},
		{bench.ResourceProcesses, func(v *bench.Vital, n int) { v.Procs += n }, "leak kept: 60 of 120 processes"},
	} {
		kept := func(n int) scene {
			return leaving(of.resource).keeping(0, func(v *bench.Vital) { of.more(v, n) })
		}
		for _, tt := range []struct {
			name   string
			scene  scene
			want   bench.Verdict
			share  string
			reason string
		}{
			{"all gone", kept(0), bench.Held, "0", "12 faults leaked 120 "},
			{"less than half", kept(59), bench.Held, "49.167", ""},
			{"half", kept(60), bench.Failed, "50", of.reason},
			{"gone within the recovery", kept(60).keeping(2, func(v *bench.Vital) { of.more(v, -60) }), bench.Held, "0", ""},
			{"the limit had no room for more", kept(40).head(func(h *bench.Head) { h.Limits.NoFile, h.Limits.PIDs = 70, 54 }), bench.Failed, "80", "leak kept: 40 of 120 "},
			{"the limit is far away", kept(59).head(func(h *bench.Head) { h.Limits.NoFile, h.Limits.PIDs = 7000, 5400 }), bench.Held, "49.167", ""},
			{"no room at all", kept(0).head(func(h *bench.Head) { h.Limits.NoFile, h.Limits.PIDs = 20, 4 }), bench.Invalid, "", "no room to keep "},
			{"nobody looked", func() scene { s := kept(60); s.Vitals = nil; return s }(), bench.Invalid, "", "was not measured"},
			{"processes ended at the memory cap", kept(0).head(func(h *bench.Head) { h.Limits.MemoryBytes = 80 << 20 }).mark(bench.MarkMemoryCap, fault(3)), bench.Held, "0", ""},
		} {
			j := Judge(tt.scene.Record)
			if j.Verdict != tt.want || !strings.Contains(strings.Join(j.Reasons, "; "), tt.reason) {
				t.Errorf("%s, %s: %s %q, want %s, %q", of.resource, tt.name, j.Verdict, j.Reasons, tt.want, tt.reason)
			}
			wantMeasure(t, j.Measures, "leak_kept", tt.share)
			wantMeasure(t, j.Measures, "memory_kept", "")
		}
	}
}

// A server that replaces each process at its limit has at the end what the last one had
// time to leave behind. One that stays at its limit has more.
func TestProcessesThatEndMakeRoom(t *testing.T) {
	s := leaving(bench.ResourceFDs).head(func(h *bench.Head) { h.Limits.NoFile = 70 }).keeping(0, func(v *bench.Vital) { v.FDs += 50 })
	if j := Judge(s.Record); j.Verdict != bench.Failed {
		t.Errorf("a process at its limit: %s %q", j.Verdict, j.Reasons)
	}
	s = s.died(11, fault(7.8), "SIGKILL").born(12, fault(7.9)).servedBy(12, fault(8), shutdownAt)
	for i := range s.Receipts {
		if s.Receipts[i].T > ns(fault(8)) {
			s.Receipts[i].PID = 12
		}
	}
	j := Judge(s.Record)
	if j.Verdict != bench.Held {
		t.Errorf("it was replaced after 8 of 12 faults: %s %q", j.Verdict, j.Reasons)
	}
	wantMeasure(t, j.Measures, "leak_kept", "41.667")
	if j := Judge(s.keeping(0, func(v *bench.Vital) { v.FDs += 10 }).Record); j.Verdict != bench.Failed {
		t.Errorf("half of the whole leak is kept: %s %q", j.Verdict, j.Reasons)
	}
}

// Each process has a limit of descriptors of its own.
func TestRoomForDescriptorsIsThatOfAllProcesses(t *testing.T) {
	s := leaving(bench.ResourceFDs).head(func(h *bench.Head) { h.Limits.NoFile = 50 }).keeping(0, func(v *bench.Vital) { v.FDs += 50 })
	if j := Judge(s.Record); j.Verdict != bench.Failed {
		t.Errorf("one process that kept all it had room for: %s %q", j.Verdict, j.Reasons)
	}
	s.Boot.PIDs, s.Boot.WorkersSeen = []int{11, 12, 13}, 3
	if j := Judge(s.Record); j.Verdict != bench.Held {
		t.Errorf("three processes that kept less than half: %s %q", j.Verdict, j.Reasons)
	}
}
