package judge

import (
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// A server whose log was never full holds for that reason, and the cell says so.
func TestLogThatWasNeverFull(t *testing.T) {
	for waited, want := range map[int64]string{
		0:     "the server wrote nothing meanwhile, so its log was never in the way",
		312:   "the server wrote only 312 bytes meanwhile, so its log was never in the way",
		4_180: "4,180 bytes of its log waited to be read",
	} {
		s := blockedLog()
		s.Marks = append(s.Marks, bench.Mark{T: ns(recoveryAt), Name: bench.MarkLogUnread, Bytes: waited})
		j := Judge(s.Record)
		if j.Verdict != bench.Held {
			t.Errorf("%d bytes: %s %q", waited, j.Verdict, j.Reasons)
		}
		wantReason(t, j, want)
	}
	// Older records do not have it.
	if j := Judge(blockedLog().Record); strings.Contains(strings.Join(j.Reasons, " "), "log") && strings.Contains(strings.Join(j.Reasons, " "), "way") {
		t.Errorf("%q", j.Reasons)
	}
}

// blockedLog is a scene in which the log is blocked once and nobody is lost.
func blockedLog() scene {
	s := quiet().family("log-blocked", bench.Traits{
		Proof: bench.ProofSignal, CutOff: true,
		Noun: bench.Words{"blocked log", "blocked logs"}, Did: bench.Words{"log was blocked", "logs were blocked"},
	}).head(func(h *bench.Head) { h.Ratio, h.Every, h.Scenario = 0, bench.Once, "log-blocked" })
	s.provoker(bench.RoleProvoker, "f0", fault(1), bench.Completed).Done = ns(fault(2))
	s.Marks = append(s.Marks, bench.Mark{T: ns(fault(1.5)), Name: bench.MarkSignal, Note: "f0"})
	return s
}
