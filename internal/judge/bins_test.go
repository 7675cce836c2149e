package judge

import (
	"testing"

	"benchrun/internal/bench"
)

// pattern writes bins as one letter each: . valid, x invalid.
func pattern(bins []bench.Bin) string {
	s := ""
	for _, b := range bins {
		if b.Valid {
			s += "."
		} else {
			s += "x"
		}
	}
	return s
}

func cut(rec *bench.Record, from, to int64) []bench.Bin { return newView(rec).bins(from, to) }

// What makes a bin invalid, and how far it reaches. Twelve bins from the fault
// mark; t is seconds into the phase.
func TestBinValidity(t *testing.T) {
	control := func(change func(*bench.Sample)) func(s scene, t float64) scene {
		return func(s scene, t float64) scene { return s.edit(bench.RoleControl, fault(t), fault(t+0.1), change) }
	}
	victim := func(change func(*bench.Sample)) func(s scene, t float64) scene {
		return func(s scene, t float64) scene { return s.edit(bench.RoleVictim, fault(t), fault(t+0.01), change) }
	}
	tests := []struct {
		name  string
		scene scene
		want  string
		why   string // of the first invalid bin
	}{
		{"all is well", wedged(), "............", ""},
		{"a control miss", control(func(x *bench.Sample) { x.Done = x.Due + 250e6 + 1 })(wedged(), 5.3), "....xxx.....", whyControl},
		{"a control exactly in time", control(func(x *bench.Sample) { x.Done = x.Due + 250e6 })(wedged(), 5.3), "............", ""},
		{"a control with an error", control(func(x *bench.Sample) { x.Outcome = bench.Refused })(wedged(), 5.3), "....xxx.....", whyControl},
		{"a control without an end", control(func(x *bench.Sample) { x.Done = 0 })(wedged(), 5.3), "....xxx.....", ""},
		{"a control miss in the first second", control(func(x *bench.Sample) { x.Outcome = bench.Late })(wedged(), 0), "xx..........", whyControl},
		{"a control miss in the last second", control(func(x *bench.Sample) { x.Outcome = bench.Late })(wedged(), 11.9), "..........xx", ""},
		{"a control miss just before the phase", control(func(x *bench.Sample) { x.Outcome = bench.Late })(wedged(), -0.1), "x...........", whyControl},
		{"a control miss more than a second before", control(func(x *bench.Sample) { x.Outcome = bench.Late })(wedged(), -1.1), "............", ""},
		{"a control miss just after the phase", control(func(x *bench.Sample) { x.Outcome = bench.Late })(wedged(), 12), "...........x", ""},
		{"a control miss a second after the phase", control(func(x *bench.Sample) { x.Outcome = bench.Late })(wedged(), 13), "............", ""},
		{"no control in one second", wedged().drop(bench.RoleControl, fault(4), fault(5)), "....x.......", whyNoControl},
		{"one control in a second is enough", wedged().drop(bench.RoleControl, fault(4.1), fault(5)), "............", ""},
		{"a victim sent too late", victim(func(x *bench.Sample) { x.Sent = x.Due + 250e6 + 1 })(wedged(), 5), "....xxx.....", ""},
		{"a victim sent just in time", victim(func(x *bench.Sample) { x.Sent = x.Due + 250e6 })(wedged(), 5), "............", ""},
		{"a victim unsent", victim(func(x *bench.Sample) { x.Outcome = bench.Unsent })(wedged(), 5), "....xxx.....", whyUnsent},
		{"a victim sent at no time", victim(func(x *bench.Sample) { x.Sent = 0 })(wedged(), 5), "....xxx.....", ""},
		{"a victim of unknown outcome", victim(func(x *bench.Sample) { x.Outcome = "?" })(wedged(), 5), "....xxx.....", whyOutcome},
		{"a victim missing", wedged().drop(bench.RoleVictim, fault(5), fault(5.01)), "....xxx.....", whyUnsent},
		{"a provoker unsent", wedged().edit(bench.RoleProvoker, fault(5), fault(6), func(x *bench.Sample) { x.Outcome = bench.Unsent }), "....xxx.....", ""},
		{"a provoker sent too late", wedged().edit(bench.RoleProvoker, fault(5), fault(6), func(x *bench.Sample) { x.Sent = x.Due + 300e6 }), "....xxx.....", ""},
		{"a provoker of after the phase unsent", withUnsentAfter(wedged()), "............", ""},
		{"a doubt inside a second", wedged().doubt(fault(5.2), fault(5.3), "x"), "....xxx.....", "doubt: x"},
		{"a doubt that is an instant", wedged().doubt(fault(5.2), fault(5.2), "x"), "....xxx.....", ""},
		{"a doubt over a boundary", wedged().doubt(fault(4.9), fault(5.1), "x"), "...xxxx.....", ""},
		{"a doubt up to a boundary touches what begins there", wedged().doubt(fault(4.9), fault(5), "x"), "...xxxx.....", ""},
		{"a doubt that was never closed", wedged().head(func(*bench.Head) {}).doubt(fault(9), 0, "x"), "........xxxx", ""},
		{"a doubt over all", wedged().doubt(1, 100, "x"), "xxxxxxxxxxxx", "doubt: x"},
		{"a doubt elsewhere", wedged().doubt(1, 2, "x"), "............", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bins := cut(tt.scene.Record, ns(faultAt), ns(recoveryAt))
			if got := pattern(bins); got != tt.want {
				t.Errorf("bins %s, want %s", got, tt.want)
			}
			for _, b := range bins {
				if b.Valid != (b.Why == "") {
					t.Errorf("bin at %d is valid: %v, because %q", b.From, b.Valid, b.Why)
				}
				if !b.Valid {
					if tt.why != "" && b.Why != tt.why {
						t.Errorf("why %q, want %q", b.Why, tt.why)
					}
					break
				}
			}
		})
	}
}

func withUnsentAfter(s scene) scene {
	s.provoker(bench.RoleProvoker, "f99", recoveryAt, bench.Unsent)
	return s
}

func TestBinCounts(t *testing.T) {
	s := wedged().lose(fault(2), fault(3), 7, bench.TimedOut).lose(fault(2.5), fault(2.6), 3, bench.Reset)
	bins := cut(s.Record, ns(faultAt), ns(recoveryAt))
	b := bins[2]
	if b.From != ns(fault(2)) || b.To != ns(fault(3)) || b.Scheduled != 100 || b.OK != 90 || b.Missed() != 10 ||
		b.Lost[bench.TimedOut] != 7 || b.Lost[bench.Reset] != 3 {
		t.Errorf("bin 2 is %+v", b)
	}
	if bins[3].Lost != nil || bins[3].OK != 100 {
		t.Errorf("bin 3 is %+v", bins[3])
	}
	// What is missing from the record was still scheduled.
	b = cut(wedged().drop(bench.RoleVictim, fault(2), fault(3)).Record, ns(fault(2)), ns(fault(3)))[0]
	if b.Scheduled != 100 || b.OK != 0 || b.Valid {
		t.Errorf("an empty second is %+v", b)
	}
}

// A victim belongs to the second in which it was due, to the nanosecond.
func TestBinBoundary(t *testing.T) {
	for _, tt := range []struct {
		shift      int64
		bin0, bin1 int
	}{{-1, 101, 99}, {0, 100, 100}} {
		s := wedged().edit(bench.RoleVictim, fault(1), fault(1.01), func(x *bench.Sample) { x.Due += tt.shift })
		bins := cut(s.Record, ns(fault(0)), ns(fault(2)))
		if bins[0].OK != tt.bin0 || bins[1].OK != tt.bin1 {
			t.Errorf("shifted by %d: %d and %d, want %d and %d", tt.shift, bins[0].OK, bins[1].OK, tt.bin0, tt.bin1)
		}
	}
}

func TestBinsCutTheirRange(t *testing.T) {
	for _, tt := range []struct {
		name   string
		length int64
		n      int
		last   int64 // width of the last one
	}{
		{"nothing", 0, 0, 0},
		{"backwards", -second, 0, 0},
		{"a whole second", second, 1, second},
		{"just under two", 2*second - 1, 1, second},
		{"two", 2 * second, 2, second},
		{"a part alone", second / 4, 1, second / 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bins := cut(wedged().Record, ns(faultAt), ns(faultAt)+tt.length)
			if len(bins) != tt.n {
				t.Fatalf("%d bins, want %d", len(bins), tt.n)
			}
			if tt.n == 0 {
				return
			}
			if b := bins[tt.n-1]; b.To-b.From != tt.last || !b.Valid {
				t.Errorf("the last bin is %+v", b)
			}
		})
	}
	if n := len(cut(&bench.Record{}, 0, maxTime)); n != maxBins {
		t.Errorf("%d bins in 36 years, want %d", n, maxBins)
	}
	if b := cut(wedged().Record, ns(faultAt), ns(faultAt)+second/4)[0]; b.Scheduled != 25 {
		t.Errorf("a quarter of a second has %d victims", b.Scheduled)
	}
}
