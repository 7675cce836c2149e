package judge

import (
	"testing"
	"time"

	"benchrun/internal/bench"
)

// The watch ends at 22 s. Wedges start at 5.502 + i s, so that with τ = 3 s the
// last one of twelve (5.498 s old) is too young to tell.
func TestReclaimed(t *testing.T) {
	claims := func(s scene, w float64) scene { s.Head.Target.Claims.Watchdog = w; return s }
	tests := []struct {
		name            string
		scene           scene
		reclaimed, time string
	}{
		{"all came back", wedged(), "100", "3.1"},
		{"none came back, though the probe saw it", stuck().watchdog(3, false), "0", ">11.498"},
		{"none came back and no watchdog is known: 10 s old is old enough", stuck(), "0", ">13.498"},
		{"a documented watchdog longer than the probe looked needs its time", claims(stuck(), 30), "", ""},
		{"a documented watchdog shorter than the probe looked does not", claims(stuck(), 3), "0", ">13.498"},
		{"only a documented watchdog", claims(stuck().watchdog(0, false), 6), "0", ">14.498"},
		{"nothing known: 5 s are assumed", stuck().watchdog(0, false), "0", ">13.498"},
		{"some came back", wedged().forgetEvents(0, 3), "72.727", "3.1"},
		{"most did not: the median is above what was seen", wedged().forgetEvents(0, 8), "27.273", ">11.498"},
		{"an end receipt counts", stuck().watchdog(3, false).ended(bench.ReceiptEnd, 2), "100", "2"},
		{"a process gone counts", stuck().watchdog(3, false).ended(bench.ReceiptProcessGone, 2), "100", "2"},
		{"what comes after SIGTERM does not", stuck().watchdog(3, false).ended(bench.ReceiptProcessGone, 18), "0", ">11.498"},
		{"a young one that came back is left out too", wedged().forgetEvents(0, 11), "0", ">11.498"},
		{"another thread's end is not its own", stuck().watchdog(3, false).ended(bench.ReceiptEnd, 2).otherThread(), "0", ">11.498"},
		{"an end before the start is another's", stuck().watchdog(3, false).ended(bench.ReceiptEnd, -1), "0", ">11.498"},
		{"sleepers are no wedges", sleepers(wedged()), "", ""},
		{"slow uploads have no receipts", crawling(), "", ""},
		{"crashes hold no slot", crashing(true), "", ""},
		{"a fault with a hold of its own", wedged().head(func(h *bench.Head) { h.Traits.Holds = time.Second }), "100", "3.1"},
		{"those that got what others wait for held nothing", stuck().watchdog(3, false).head(func(h *bench.Head) { h.Traits.Free = 5 }).ended(bench.ReceiptEnd, 2), "", ""},
		{"those that waited did", wedged().head(func(h *bench.Head) { h.Traits.Free = 5 }), "100", "3.1"},
		{"aged slots count", wedged().slots(9).aged(5, 5), "68.75", "3.1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := Judge(tt.scene.Record).Measures
			wantMeasure(t, m, "reclaimed", tt.reclaimed)
			wantMeasure(t, m, "time_to_reclaim", tt.time)
		})
	}
}

// forgetEvents removes what ended the wedges from..to-1.
func (s scene) forgetEvents(from, to int) scene {
	gone := map[string]bool{}
	for i := from; i < to; i++ {
		gone["f"+bench.Grouped(i)] = true
	}
	kept := s.Receipts[:0:0]
	for _, r := range s.Receipts {
		if r.Event == bench.ReceiptStart || !gone[r.Nonce] {
			kept = append(kept, r)
		}
	}
	s.Receipts = kept
	return s
}

// ended adds an event to each wedge, after seconds from its start.
func (s scene) ended(e bench.ReceiptEvent, after float64) scene {
	for _, r := range append([]bench.Receipt{}, s.Receipts...) {
		r.T, r.Event = r.T+ns(after), e
		s.Receipts = append(s.Receipts, r)
	}
	return s
}

func (s scene) otherThread() scene {
	for i := range s.Receipts {
		if s.Receipts[i].Event != bench.ReceiptStart {
			s.Receipts[i].TID++
		}
	}
	return s
}

func sleepers(s scene) scene {
	for i := range s.Receipts {
		s.Receipts[i].Fault = "sleep"
	}
	return s
}

// τ: the family's own hold, what was measured, or what is documented.
func TestTau(t *testing.T) {
	tests := []struct {
		name                  string
		hold, probed, claimed float64
		censored              bool
		cutOff                bool
		want                  float64
		known                 bool
	}{
		{"measured", 0, 3, 30, false, false, 3, true},
		{"a bound, nothing documented", 0, 5, 0, true, false, 5, false},
		{"a bound, less documented", 0, 5, 3, true, false, 5, false},
		{"a bound, more documented", 0, 5, 30, true, false, 30, true},
		{"not probed, documented", 0, 0, 30, false, false, 30, true},
		{"nothing", 0, 0, 0, false, false, 0, false},
		{"an upload's own", 30, 3, 0, false, true, 30, true},
		{"a sleep shorter than the watchdog", 1, 3, 0, false, false, 1, true},
		{"a sleep longer than the watchdog", 60, 3, 0, false, false, 3, true},
		{"a sleep and no watchdog", 60, 5, 0, true, false, 60, true},
	}
	for _, tt := range tests {
		h := bench.Head{Traits: bench.Traits{Holds: time.Duration(tt.hold) * time.Second, CutOff: tt.cutOff}}
		h.Target.Probe = bench.Probe{Watchdog: tt.probed, WatchdogCensored: tt.censored}
		h.Target.Claims.Watchdog = tt.claimed
		if got, known := tau(h); got != tt.want || known != tt.known {
			t.Errorf("%s: τ = %v, %v; want %v, %v", tt.name, got, known, tt.want, tt.known)
		}
	}
}
