package judge

import (
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// brokenScene is a scene of 12 answers that break off, one a second, each cut and closed
// at once.
func brokenScene() scene {
	s := quiet().family("broken", loadTraits).
		head(func(h *bench.Head) { h.Traits.BreaksOff, h.Traits.Closes = true, true })
	for i := range int(faultLen) {
		due, nonce := fault(0.5+float64(i)), "f"+string(rune('a'+i))
		p := s.provoker(bench.RoleProvoker, nonce, due, bench.Cut)
		p.Status, p.Done = 200, ns(due+0.1)
		s.receipt(nonce, due+0.002, bench.ReceiptStart).receipt(nonce, due+0.1, bench.ReceiptEnd)
	}
	return s
}

func TestTruncationMustShow(t *testing.T) {
	j := Judge(brokenScene().Record)
	if j.Verdict != bench.Held {
		t.Errorf("all cut and closed: %s %q", j.Verdict, j.Reasons)
	}
	wantReason(t, j, "12 faults were delivered, and none of 12 broken answers looked whole")

	for _, tt := range []struct {
		name, how string
		hide      func(*bench.Sample)
		want      bench.Verdict
	}{
		{"whole", "12 looked whole", func(s *bench.Sample) { s.Outcome = bench.Completed }, bench.Failed},
		{"for ever", "12 left waiting", func(s *bench.Sample) { s.Outcome, s.Done = bench.HeldOpen, 0 }, bench.Failed},
		{"an error page", "", func(s *bench.Sample) { s.Outcome, s.Status = bench.Completed, 502 }, bench.Held},
		{"no answer at all", "", func(s *bench.Sample) { s.Status = 0 }, bench.Held},
	} {
		t.Run(tt.name, func(t *testing.T) {
			j := Judge(brokenScene().edit(bench.RoleProvoker, fault(0), recoveryAt, tt.hide).Record)
			if j.Verdict != tt.want {
				t.Errorf("all of them: %s %q", j.Verdict, j.Reasons)
			}
			if tt.want != bench.Failed {
				return
			}
			wantReason(t, j, "truncation hidden: 12 of 12 broken answers ("+tt.how+")")
			if j = Judge(brokenScene().edit(bench.RoleProvoker, fault(0), fault(2), tt.hide).Record); j.Verdict != bench.Failed {
				t.Errorf("two of them: %s %q", j.Verdict, j.Reasons)
			}
			if j = Judge(brokenScene().edit(bench.RoleProvoker, fault(0), fault(1), tt.hide).Record); j.Verdict != bench.Held {
				t.Errorf("one decides nothing: %s %q", j.Verdict, j.Reasons)
			}
			wantReason(t, j, "1 of 12 broken answers looked whole")
			other := brokenScene().head(func(h *bench.Head) { h.Traits.BreaksOff, h.Traits.Closes = false, false }).edit(bench.RoleProvoker, fault(0), recoveryAt, tt.hide)
			if j = Judge(other.Record); j.Verdict != bench.Held {
				t.Errorf("of a family that breaks nothing off: %s %q", j.Verdict, j.Reasons)
			}
		})
	}
}

// A fault that holds its slot may leave its client waiting: nothing has broken off yet.
func TestStuckAnswerHasNotBrokenOff(t *testing.T) {
	s := stuck().head(func(h *bench.Head) { h.Traits.BreaksOff = true })
	j := Judge(s.Record)
	if strings.Contains(strings.Join(j.Reasons, "; "), "truncation hidden") {
		t.Errorf("%q", j.Reasons)
	}
	j = Judge(wedged().head(func(h *bench.Head) { h.Traits.BreaksOff = true }).edit(bench.RoleProvoker, fault(0), recoveryAt, func(s *bench.Sample) {
		s.Outcome, s.Status, s.Done = bench.Completed, 200, s.Sent+3e9
	}).Record)
	wantReason(t, j, "truncation hidden: 12 of 12 broken answers (12 looked whole)")
}

// An answer that the stop signal ends says how the server stops, and that is not part of
// the verdict: wsgiref keeps stuck threads until SIGTERM, and then ends the connections.
func TestAnswerThatTheShutdownEnds(t *testing.T) {
	endedAt := func(x float64, s *bench.Sample) { s.Outcome, s.Status, s.Done = bench.Completed, 200, ns(x) }
	for _, tt := range []struct {
		name  string
		ended float64
		wrong bool
	}{
		{"before the shutdown", shutdownAt - 0.1, true},
		{"by the shutdown", shutdownAt + 0.3, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := stuck().head(func(h *bench.Head) { h.Traits.BreaksOff = true }).
				edit(bench.RoleProvoker, fault(0), recoveryAt, func(s *bench.Sample) { endedAt(tt.ended, s) })
			j := Judge(s.Record)
			if tt.wrong {
				wantReason(t, j, "truncation hidden: 12 of 12 broken answers (12 looked whole)")
			} else if said := strings.Join(j.Reasons, "; "); strings.Contains(said, "truncation hidden") || strings.Contains(said, "broken answer") {
				t.Errorf("%s %q", j.Verdict, j.Reasons)
			}
		})
	}
	// A client whose fault holds nothing has been left waiting until then.
	j := Judge(brokenScene().edit(bench.RoleProvoker, fault(0), recoveryAt, func(s *bench.Sample) { endedAt(shutdownAt+0.3, s) }).Record)
	wantReason(t, j, "truncation hidden: 12 of 12 broken answers (12 left waiting)")
	// A reset by the shutdown leaves it waiting as long.
	j = Judge(brokenScene().edit(bench.RoleProvoker, fault(0), recoveryAt, func(s *bench.Sample) { s.Done = ns(shutdownAt + 0.3) }).Record)
	wantReason(t, j, "truncation hidden: 12 of 12 broken answers (12 left waiting)")
}

// The app must learn that the server is done with its answer.
func TestCloseMustBeCalled(t *testing.T) {
	forget := func(n int) bench.Judgement {
		s := brokenScene()
		kept := s.Receipts[:0:0]
		for _, r := range s.Receipts {
			if r.Event == bench.ReceiptEnd && n > 0 {
				n--
				continue
			}
			kept = append(kept, r)
		}
		s.Receipts = kept
		return Judge(s.Record)
	}
	j := forget(12)
	if j.Verdict != bench.Failed {
		t.Errorf("never called: %s %q", j.Verdict, j.Reasons)
	}
	wantReason(t, j, "close() not called: for 12 of 12 broken answers")
	if j := forget(2); j.Verdict != bench.Failed {
		t.Errorf("two forgotten: %s %q", j.Verdict, j.Reasons)
	}
	if j := forget(1); j.Verdict != bench.Held {
		t.Errorf("one decides nothing: %s %q", j.Verdict, j.Reasons)
	}
}
