package judge

import (
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// full is a scene in which the target was ended at a second for what its files
// took.
func full(s scene, at float64) scene {
	s.Head.Limits.DiskBytes = 1 << 30
	s.Marks = append(s.Marks, bench.Mark{T: ns(at), Name: bench.MarkDiskCap, Note: "1030 MiB"})
	return s
}

// A server that fills its disk has failed, whenever that was and whatever it
// lost until then; the reason names the limit and what it took.
func TestFilledDisk(t *testing.T) {
	early := quiet().breakOff(0)
	early.Boot = bench.Boot{Seconds: 2, Exited: &bench.ExitStatus{Signal: "SIGKILL"}}
	for _, tt := range []struct {
		name  string
		scene scene
		want  bench.Verdict
	}{
		{"in the fault phase", full(wedged().lose(fault(4), fault(12), 100, bench.Refused), fault(4)), bench.Failed},
		{"at the shutdown, and served until then", full(wedged(), shutdownAt), bench.Failed},
		{"before it was ready", full(early, 0), bench.Broken},
		{"on a host in trouble", full(wedged().doubt(0, 0, "host-memory"), fault(4)), bench.Invalid},
	} {
		j := Judge(tt.scene.Record)
		if j.Verdict != tt.want {
			t.Errorf("%s: %v %q, want %v", tt.name, j.Verdict, j.Reasons, tt.want)
		}
		wantReason(t, j, "disk filled: its files took 1030 MiB, the bound is 1024 MiB")
	}
	stored := full(wedged(), shutdownAt) // of a time without such a bound
	stored.Head.Limits.DiskBytes = 0
	if j := Judge(stored.Record); j.Verdict != bench.Held || strings.Contains(strings.Join(j.Reasons, ";"), "disk") {
		t.Errorf("without a bound: %v %q", j.Verdict, j.Reasons)
	}
}

// The reasons mention full private places, which decide nothing by themselves.
func TestFullTmpDecidesNothing(t *testing.T) {
	s := wedged()
	s.Head.Limits.TmpBytes = 256 << 20
	s.Marks = append(s.Marks, bench.Mark{T: ns(fault(2)), Name: bench.MarkTmpFull, Note: "256 MiB"})
	j := Judge(s.Record)
	if j.Verdict != bench.Held {
		t.Errorf("%v %q", j.Verdict, j.Reasons)
	}
	wantReason(t, j, "filled all of its 256 MiB of /tmp")
}
