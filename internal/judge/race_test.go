package judge

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"benchrun/internal/bench"
)

// racing is a scene of 20 requests on kept connections at an idle timeout of 2 s: 12 get
// their answer, 6 meet a connection that the server has closed, and 2 are not sent, because
// the client has seen that it is closed.
func racing() scene {
	s := quiet().family("x", bench.Traits{Proof: bench.ProofStay, Reuses: "sleep", Noun: bench.Words{"kept connection", "kept connections"}})
	s.Head.Ratio, s.Head.Every = 0, time.Second
	for i := range 23 {
		p := s.provoker(bench.RoleProvoker, fmt.Sprintf("f%d", i), fault(1+float64(i)/2-0.01), bench.Completed)
		p.Idle, p.Done, p.Status, p.Bytes = 2e9, p.Due+23e8, 200, 90
		nonce, at := p.Nonce, seconds(p.Due)+2.1
		switch {
		case i >= 20: // the server keeps these until the end of the attempt
			p.Outcome, p.Bytes, p.Idle, p.Done = bench.HeldOpen, 0, 9e9, ns(shutdownAt+1)
		case i >= 18:
			p.Bytes = 0
		case i >= 12:
			p.Outcome, p.Status = bench.Cut, 0
		default:
			s.begun(nonce, at)
		}
	}
	return s
}

func TestRaceAtTheIdleTimeout(t *testing.T) {
	each := func(change func(*bench.Sample)) scene {
		return racing().edit(bench.RoleProvoker, fault(0), recoveryAt, change)
	}
	cut := func(n int) scene {
		s := racing()
		for i := range n {
			s.begun(fmt.Sprintf("f%d", 12+i), fault(1+float64(12+i)/2+2.1))
		}
		return s
	}
	for _, tt := range []struct {
		name                      string
		scene                     scene
		want                      bench.Verdict
		idle, reused, late, inWay string
		words                     string
	}{
		{"idle connections end", racing(), bench.Held, "2", "18", "6", "0", "the server closes idle connections after 2 s; of 18 requests sent just then, 12 got the right answer and 6 met the end of the idle connection"},
		{"one is cut", cut(1), bench.Held, "2", "18", "5", "1", "met the end of the idle connection; 2 connections were closed before a request was sent; 1 request was cut in flight"},
		{"some are cut", cut(4), bench.Failed, "2", "18", "2", "4", "cut in flight: 4 of 18 requests on kept connections, about 2 s after the last answer, although the app had begun them"},
		{"the receipt is another's", func() scene {
			s := cut(4)
			for i := range s.Receipts {
				s.Receipts[i].Fault = "other"
			}
			return s
		}(), bench.Held, "2", "18", "6", "0", "6 met the end"},
		{"a wrong answer", each(func(p *bench.Sample) { p.Error = "another's" }), bench.Failed, "2", "18", "6", "12", "cut in flight: 12 of 18"},
		{"no connection is kept", each(func(p *bench.Sample) { p.Idle, p.Bytes, p.Outcome, p.Done = 0, 0, bench.Completed, p.Due+1e7 }), bench.Held, "", "0", "0", "0", "the server kept no connection, so none could be reused"},
		{"none is closed", each(func(p *bench.Sample) { p.Idle, p.Bytes, p.Outcome, p.Done = 99e9, 0, bench.HeldOpen, ns(shutdownAt+1) }), bench.Held, ">16.01", "0", "0", "0", "the server closed no idle connection within 16 s, so none was reused"},
		{"all are closed in time", each(func(p *bench.Sample) { p.Bytes = 0 }), bench.Held, "2", "0", "0", "0", "after 2 s; each was closed before a request was sent on it"},
		{"after the watch", each(func(p *bench.Sample) { p.Done = ns(shutdownAt + 0.5) }), bench.Held, ">6.01", "0", "0", "0", "closed no idle connection within 6 s"},
	} {
		j := Judge(tt.scene.Record)
		if j.Verdict != tt.want || !strings.Contains(strings.Join(j.Reasons, "; "), tt.words) {
			t.Errorf("%s: %s %q, want %s, %q", tt.name, j.Verdict, j.Reasons, tt.want, tt.words)
		}
		for name, want := range map[string]string{"idle_timeout": tt.idle, "reused": tt.reused, "reused_late": tt.late, "reused_cut": tt.inWay} {
			wantMeasure(t, j.Measures, name, want)
		}
	}
	for _, name := range []string{"idle_timeout", "reused", "reused_late", "reused_cut"} {
		wantMeasure(t, Judge(wedged().Record).Measures, name, "")
	}
	if got := (bench.Cell{Verdict: bench.Failed, Reasons: Judge(cut(4).Record).Reasons}).OtherReason(); got != bench.CutInFlight {
		t.Errorf("reports say %q", got)
	}
}
