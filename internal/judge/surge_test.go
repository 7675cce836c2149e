package judge

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"benchrun/internal/bench"
)

// surging is a scene of a load that rises from 4 a second to 256 in the 7th second and falls
// back. The server answers up to 20 in each second in time, 10 ms after they are due, and
// refuses the others with a 503. The app begins what is answered, 5 ms after it was due.
func surging() scene {
	s := quiet().family("x", bench.Traits{
		Proof: bench.ProofSent, Vanishes: true, Fills: true,
		Noun: bench.Words{"request", "requests"}, Did: bench.Words{"request was sent", "requests were sent"},
	})
	s.Head.Ratio, s.Head.Every = 0, bench.Once
	s.Head.Surge = &bench.Surge{Step: time.Second, Counts: []int{4, 8, 16, 32, 64, 128, 256, 64, 16, 4, 0, 0}, Work: "sleep"}
	s.Head.Phases.Fault = 8 * time.Second // so that some seconds may be masked
	for i, at := range s.Head.Surge.Offsets() {
		nonce, due := fmt.Sprintf("f%d", i), faultAt+at.Seconds()
		p := s.provoker(bench.RoleProvoker, nonce, due, bench.Completed)
		p.Status, p.Done = 200, p.Due+1e7
		if n := s.Head.Surge.Counts[int(at.Seconds())]; n > 20 && i%n >= 20 {
			p.Status = 503
			continue
		}
		s.begun(nonce, due+0.005)
	}
	for t := baseAt; t < shutdownAt; t += 0.2 {
		s = s.vital(t, 64<<20, 0.1*t, 10)
	}
	return s
}

// begun adds the receipt of a request that the app began.
func (s scene) begun(nonce string, t float64) scene {
	s.Receipts = append(s.Receipts, bench.Receipt{T: ns(t), Nonce: nonce, Fault: "sleep", PID: 11, TID: 100, Event: bench.ReceiptStart})
	return s
}

// collapsing is surging on a server that answers nothing in time from 3 s on, begins
// everything 3 s after it was due, and so for clients that left after 2 s.
func collapsing() scene {
	s := surging()
	s.Receipts = nil
	for i := range s.Samples {
		p := &s.Samples[i]
		switch at := seconds(p.Due) - faultAt; {
		case p.Role != bench.RoleProvoker:
		case at < 3:
			s.begun(p.Nonce, seconds(p.Due)+0.1)
		default:
			p.Outcome, p.Status, p.Done = bench.HeldOpen, 0, p.Due+2e9
			s.begun(p.Nonce, seconds(p.Due)+3)
		}
	}
	return s
}

func TestKneeOfASurge(t *testing.T) {
	for _, tt := range []struct {
		name                         string
		scene                        scene
		knee, best, top, wait, stale string
		words                        string
	}{
		{"a server that refuses the rest", surging(), "16", "20", "20", "0.005", "0", "followed the load up to 16 a second; in the second of the highest load, 256 requests, 20 came, and 20 in the best second; the app began "},
		{"a server that collapses", collapsing(), "16", "", "0", "3", "", "0 came"},
		{"a server with room", surging().edit(bench.RoleProvoker, fault(0), recoveryAt, func(p *bench.Sample) { p.Status = 200 }), ">256", "", "", "", "0", "followed the load to its highest, 256 a second; the app began"},
		{"a server that answers nothing", surging().edit(bench.RoleProvoker, fault(0), recoveryAt, func(p *bench.Sample) { p.Status = 503 }), "", "0", "0", "", "", "right answers in time never followed the load"},
		{"a stall at the top", surging().stall(fault(6.5)), "16", "20", "", "", "", "followed the load up to 16 a second; the app"},
		{"right answers that are late", surging().edit(bench.RoleProvoker, fault(2), recoveryAt, func(p *bench.Sample) { p.Done = p.Due + 11e8 }), "8", "", "0", "", "", "up to 8 a second"},
	} {
		j := Judge(tt.scene.Record)
		if j.Verdict != bench.Held {
			t.Errorf("%s: %s %q", tt.name, j.Verdict, j.Reasons)
		}
		wantReason(t, j, tt.words)
		for name, want := range map[string]string{"goodput_best": tt.best, "goodput_top": tt.top, "queueing": tt.wait, "stale_work": tt.stale} {
			if want != "" {
				wantMeasure(t, j.Measures, name, want)
			}
		}
		wantMeasure(t, j.Measures, "knee", tt.knee)
	}
	stale := Judge(collapsing().Record).Measures["stale_work"]
	if want := 100 * float64(592-28) / 592; stale.Value == nil || *stale.Value != want || stale.N != 592 {
		t.Errorf("stale work is %+v, want %v of 592", stale, want)
	}
	for _, name := range []string{"knee", "goodput_best", "goodput_top", "queueing", "stale_work"} {
		wantMeasure(t, Judge(wedged().Record).Measures, name, "")
	}
}

// All of a surge at once has no rate that rises, and so no knee.
func TestBurstHasNoKnee(t *testing.T) {
	s := surging().drop(bench.RoleProvoker, fault(0), fault(6)).drop(bench.RoleProvoker, fault(7), recoveryAt)
	s.Head.Surge = &bench.Surge{Step: time.Second, Counts: []int{0, 0, 0, 0, 0, 0, 256, 0, 0, 0, 0, 0}, Work: "sleep"}
	j := Judge(s.Record)
	wantMeasure(t, j.Measures, "knee", "")
	wantMeasure(t, j.Measures, "goodput_top", "20")
	if j.Verdict != bench.Held || strings.Contains(strings.Join(j.Reasons, ";"), "followed") {
		t.Errorf("%s %q", j.Verdict, j.Reasons)
	}
}

// The end of the recovery decides, whatever was lost before it, and a load that the harness
// could not send proves nothing.
func TestSurgeVerdict(t *testing.T) {
	late := func(n int) scene {
		return surging().edit(bench.RoleProvoker, fault(6), fault(6+float64(n)/256), func(p *bench.Sample) {
			p.Sent, p.Done = p.Due+3e8, p.Due+5e8
		})
	}
	for _, tt := range []struct {
		name   string
		scene  scene
		want   bench.Verdict
		reason string
	}{
		{"back", surging().edit(bench.RoleVictim, fault(3), recovery(1), timedOut), bench.Held, "served 300 of 300 victims after 592 requests were sent, and "},
		{"not back", surging().edit(bench.RoleVictim, fault(3), shutdownAt, timedOut), bench.Failed, "not back: served 0 % of 300 victims"},
		{"a few were sent late", late(20), bench.Held, "served"},
		{"many were sent late", late(40), bench.Invalid, "the load was not sent as it was due: 40 of 592 requests were late"},
		{"half was sent", surging().drop(bench.RoleProvoker, fault(6.5), recoveryAt), bench.Invalid, "faults not scheduled: the record holds 380 where the ratio means at least 592"},
		{"a surge that comes again", surging().head(func(h *bench.Head) { h.Every = time.Second }), bench.Invalid, "a surge that does not come once"},
		{"a surge of nothing", surging().head(func(h *bench.Head) { h.Surge = &bench.Surge{Step: time.Second, Work: "sleep"} }), bench.Invalid, "a surge without a request"},
	} {
		j := Judge(tt.scene.Record)
		if j.Verdict != tt.want || !strings.Contains(strings.Join(j.Reasons, "; "), tt.reason) {
			t.Errorf("%s: %s %q, want %s, %q", tt.name, j.Verdict, j.Reasons, tt.want, tt.reason)
		}
	}
}

// A timeline shows what was sent in each second, and what came back right and in time.
func TestTimelineOfASurge(t *testing.T) {
	offered, good := 0, 0
	for _, b := range Timeline(surging().Record).Bins {
		offered, good = offered+b.Offered, good+b.Good
		if (b.Offered > 0) != (b.Waited == 0.005) {
			t.Errorf("waited: %+v", b)
		}
		if b.From == ns(fault(6)) && (b.Offered != 256 || b.Good == 0 || b.Good > 25) {
			t.Errorf("in the second of the highest load: %+v", b)
		}
	}
	if offered != 592 || good != 4+8+16+20+20+20+20+20+16+4 {
		t.Errorf("%d sent, %d right answers in time", offered, good)
	}
	for _, b := range Timeline(collapsing().Record).Bins { // whoever is due later waits longer
		if want := map[bool]float64{true: 0.1, false: 3}[b.From < ns(fault(3))]; b.Offered > 0 && b.Waited != want {
			t.Errorf("waited %g s, want %g: %+v", b.Waited, want, b)
		}
	}
}
