package judge

import (
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// leaking is a scene of 12 faults that leak 8 MiB each, and grow the server
// from 100 MiB by so much at the end of the recovery.
func leaking(growth int64) scene {
	s := quiet().family("leak", loadTraits).head(func(h *bench.Head) { h.Traits.LeakBytes = 8 << 20 })
	for i := range int(faultLen) {
		due, nonce := fault(0.5+float64(i)), "f"+string(rune('a'+i))
		s.provoker(bench.RoleProvoker, nonce, due, bench.Completed).Status = 200
		s.receipt(nonce, due+0.002, bench.ReceiptStart)
	}
	return s.vital(base(3), 100<<20, 1, 4).vital(fault(6), 500<<20, 2, 4).vital(recovery(4.5), (100+growth)<<20, 3, 4)
}

func TestLeakedMemoryMustComeBack(t *testing.T) {
	for _, tt := range []struct {
		growth int64 // MiB
		want   bench.Verdict
		kept   string // %
	}{{-20, bench.Held, "-20.833"}, {0, bench.Held, "0"}, {47, bench.Held, "48.958"}, {48, bench.Failed, "50"}, {88, bench.Failed, "91.667"}} {
		j := Judge(leaking(tt.growth).Record)
		if j.Verdict != tt.want {
			t.Errorf("%d MiB kept: %s %q, want %s", tt.growth, j.Verdict, j.Reasons, tt.want)
		}
		wantMeasure(t, j.Measures, "memory_kept", tt.kept)
	}
	wantReason(t, Judge(leaking(88).Record), "memory kept: 88 of 96 MiB")
	wantReason(t, Judge(leaking(0).Record), "12 faults leaked 96 MiB")
	if j := Judge(leaking(88).Record); strings.Contains(strings.Join(j.Reasons, "; "), "each fault") {
		t.Errorf("%q: no victim was lost", j.Reasons)
	}

	unseen := leaking(0)
	unseen.Vitals = nil
	if j := Judge(unseen.Record); j.Verdict != bench.Invalid {
		t.Errorf("without a look at the memory: %s %q", j.Verdict, j.Reasons)
	}
	other := leaking(88).head(func(h *bench.Head) { h.Traits.LeakBytes = 0 })
	if j := Judge(other.Record); j.Verdict != bench.Held {
		t.Errorf("of a family that leaks nothing: %s %q", j.Verdict, j.Reasons)
	}
}

// A server that keeps everything fails however much more has leaked than the cap
// has room for: what is above it is kept by nobody.
func TestMemoryKeptIsComparedWithWhatTheCapHasRoomFor(t *testing.T) {
	capped := func(growth, room int64) scene { // 96 MiB leak, and so many have room
		return leaking(growth).head(func(h *bench.Head) { h.Limits.MemoryBytes = (100 + room) << 20 })
	}
	for _, tt := range []struct {
		name         string
		growth, room int64 // MiB
		want         bench.Verdict
		kept         string // %
		reason       string
	}{
		{"all that has room, 40 % of what leaked", 38, 40, bench.Failed, "95", "memory kept: 38 of 96 MiB, 40 of which had room under the cap"},
		{"half of what has room", 20, 40, bench.Failed, "50", "memory kept: 20 of 96 MiB"},
		{"less than half of it", 19, 40, bench.Held, "47.5", ""},
		{"a cap that is wide enough says nothing", 47, 96, bench.Held, "48.958", ""},
		{"a cap that is far away", 48, 4000, bench.Failed, "50", "memory kept: 48 of 96 MiB"},
		{"no room at all", 0, 0, bench.Invalid, "", "before any fault all of the 100 MiB were in use"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			j := Judge(capped(tt.growth, tt.room).Record)
			if j.Verdict != tt.want {
				t.Errorf("%s %q, want %s", j.Verdict, j.Reasons, tt.want)
			}
			wantMeasure(t, j.Measures, "memory_kept", tt.kept)
			if tt.reason != "" {
				wantReason(t, j, tt.reason)
			}
		})
	}
}

// What the kernel took back at the cap was kept until then.
func TestLeakingToTheCapIsKeepingAll(t *testing.T) {
	cap := func(h *bench.Head) { h.Limits.MemoryBytes = 180 << 20 }
	s := leaking(5).head(cap).mark(bench.MarkMemoryCap, shutdownAt+1)
	j := Judge(s.Record)
	if j.Verdict != bench.Failed {
		t.Errorf("%s %q", j.Verdict, j.Reasons)
	}
	wantReason(t, j, "memory kept: all of it, up to the cap of 180 MiB")
	wantMeasure(t, j.Measures, "memory_kept", "100")

	other := leaking(5).head(cap).head(func(h *bench.Head) { h.Traits.LeakBytes = 0 }).mark(bench.MarkMemoryCap, shutdownAt+1)
	if j := Judge(other.Record); j.Verdict != bench.Held {
		t.Errorf("of a family that leaks nothing: %s %q", j.Verdict, j.Reasons)
	}
}

// So was what benchrun took back, where no memory cgroup could: the end is not the
// server's doing, but what it had kept by then is.
func TestLeakingToTheGuardIsKeepingAll(t *testing.T) {
	ended := func() scene {
		return leaking(0).head(func(h *bench.Head) { h.Limits.MemoryBytes = 180 << 20 }).
			lose(fault(6), fault(12), 100, bench.Refused).doubt(0, 0, bench.DoubtMemoryCap)
	}
	j := Judge(ended().Record)
	if j.Verdict != bench.Failed {
		t.Errorf("%s %q", j.Verdict, j.Reasons)
	}
	wantReason(t, j, "up to the cap of 180 MiB, where benchrun ended the server")
	wantMeasure(t, j.Measures, "memory_kept", "100")

	for what, s := range map[string]scene{
		"another doubt":                       ended().doubt(0, 0, "control-dead"),
		"nothing had leaked":                  ended().head(func(h *bench.Head) { h.Traits.LeakBytes = 0 }),
		"no cap is known":                     ended().head(func(h *bench.Head) { h.Limits.MemoryBytes = 0 }),
		"more than the cap before any fault":  ended().head(func(h *bench.Head) { h.Limits.MemoryBytes = 90 << 20 }),
		"the end was benchrun's for the host": leaking(0).doubt(0, 0, "host-memory"),
	} {
		if j := Judge(s.Record); j.Verdict != bench.Invalid {
			t.Errorf("%s: %s %q", what, j.Verdict, j.Reasons)
		}
	}
}
