package judge

import (
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// filled is a scene of silent clients that fill the server, which uses so many CPUs and
// writes so many bytes a second to its log meanwhile.
func filled(cpus, log float64) scene {
	s := quiet().family("fd-limit", bench.Traits{
		Proof: bench.ProofStay, CutOff: true, Vanishes: true, Fills: true, Noun: bench.Words{"idle connection", "idle connections"},
	})
	for i := range int(faultLen) {
		s.provoker(bench.RoleProvoker, "f"+string(rune('a'+i)), fault(0.5+float64(i)), bench.HeldOpen).Done = ns(recoveryAt)
	}
	used, written := 0.0, 0.0
	for t := baseAt; t < shutdownAt; t += 0.2 {
		used += 0.2 * 0.05
		if t > faultAt+2 && t < recoveryAt {
			used, written = used+0.2*cpus, written+0.2*log
		}
		s = s.vital(t, 64<<20, used, 10)
		s.Vitals[len(s.Vitals)-1].Log = int64(written) % (64 << 20) // benchrun empties it
	}
	return s
}

// A server that is full and burns a CPU or floods its log is named for it.
func TestWhatAFullServerDoes(t *testing.T) {
	for _, tt := range []struct {
		cpus, log float64
		want      string
	}{
		{0.95, 0, "while it was full, it used 1 CPUs (0.05 before any fault)"},
		{0.1, 12e6, "while it was full, it wrote 11.5 MB"},
		{0.95, 12e6, "before any fault) and wrote "},
		{0.5, 50_000, ""},
	} {
		j := Judge(filled(tt.cpus, tt.log).Record)
		if said := strings.Join(j.Reasons, "; "); j.Verdict != bench.Held || !strings.Contains(said, tt.want) || tt.want == "" && strings.Contains(said, "while it was full") {
			t.Errorf("%+v: %s %q", tt, j.Verdict, j.Reasons)
		}
	}
}
