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

// One that has nothing to do fails for it, unless its log says a line to each client.
func TestBusyWhileFull(t *testing.T) {
	const said = "busy while full: it "
	rests := func(s scene) scene { return s.head(func(h *bench.Head) { h.Traits.Rests = true }) }
	for _, tt := range []struct {
		name  string
		scene scene
		want  bench.Verdict
		says  string
	}{
		{"a loop", rests(filled(0.95, 0)), bench.Failed, said + "used 1 CPUs (0.05 before any fault), although it had nothing to do"},
		{"a flood", rests(filled(0.1, 1.2e6)), bench.Failed, said + "wrote 1.2 MB a second to its log (0 before any fault), although"},
		{"both", rests(filled(0.95, 1.2e6)), bench.Failed, said + "used 1 CPUs (0.05 before any fault) and wrote 1.2 MB"},
		{"a loop, and some lines", rests(filled(0.95, 200_000)), bench.Failed, said + "used 1 CPUs (0.05 before any fault) and wrote 0.2 MB"},
		{"some lines", rests(filled(0.1, 600_000)), bench.Held, "while it was full, it wrote 0.6 MB"},
		{"some work", rests(filled(0.5, 0)), bench.Held, "served"},
		{"a loop that has work", filled(0.95, 1.2e6), bench.Held, "while it was full, it used"},
		{"nobody looked", rests(func() scene { s := filled(0.95, 1.2e6); s.Vitals = nil; return s }()), bench.Invalid, "what stays"},
	} {
		j := Judge(tt.scene.Record)
		text := strings.Join(j.Reasons, "; ")
		if j.Verdict != tt.want || !strings.Contains(text, tt.says) {
			t.Errorf("%s: %s %q, want %s, %q", tt.name, j.Verdict, j.Reasons, tt.want, tt.says)
		}
		if tt.want == bench.Failed && strings.Contains(text, "while it was full") {
			t.Errorf("%s: it says so twice: %q", tt.name, j.Reasons)
		}
	}
}
