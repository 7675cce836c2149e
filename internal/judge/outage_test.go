package judge

import (
	"testing"

	"benchrun/internal/bench"
)

func TestCollapse(t *testing.T) {
	all := func(s scene, from, to float64) scene { return s.lose(fault(from), fault(to), 100, bench.TimedOut) }
	tests := []struct {
		name         string
		scene        scene
		time, faults string
	}{
		{"none: the phase's length is a lower bound", wedged(), ">12", ">12"},
		{"from 4 s on", all(stuck(), 4, 12), "3.498", "4"},
		{"one second is none", all(stuck(), 4, 5), ">12", ">12"},
		{"two are", all(stuck(), 4, 6), "3.498", "4"},
		{"two that do not touch are none", all(all(stuck(), 4, 5), 6, 7), ">12", ">12"},
		{"half served is none", stuck().lose(fault(4), fault(12), 50, bench.TimedOut), ">12", ">12"},
		{"less than half served is", stuck().lose(fault(4), fault(12), 51, bench.TimedOut), "3.498", "4"},
		{"it begins with the first victim lost in its second", stuck().lose(fault(4.3), fault(5), 70, bench.TimedOut).lose(fault(5), fault(12), 100, bench.TimedOut), "3.798", "4"},
		{"a fault due with the first victim lost is one of them", stuck().edit(bench.RoleProvoker, fault(4), fault(5), func(x *bench.Sample) { x.Due -= 2e8 }).lose(fault(4.3), fault(5), 70, bench.TimedOut).lose(fault(5), fault(12), 100, bench.TimedOut), "3.798", "5"},
		{"a masked second hides it", all(longer(stuck(), 3), 4, 6).stall(fault(5)), ">15", ">15"},
		{"aged: derived", all(stuck().slots(512).aged(508, 508), 4, 12), "512", "512"},
		{"aged by receipts, not by intention", all(stuck().slots(512).aged(508, 500), 4, 12), "504", "504"},
		{"aged, none: what ageing stood for was survived", wedged().slots(64).aged(60, 60), ">72", ">72"},
		{"before any fault of the phase", all(quiet().slots(8).aged(4, 4), 0, 12), "4", "4"},
		{"nothing was delivered", all(wedged().forget(0), 4, 12), "4", "0"},
		{"no fault phase", wedged().breakOff(fault(2)), "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := Judge(tt.scene.Record).Measures
			wantMeasure(t, m, "time_to_collapse", tt.time)
			wantMeasure(t, m, "faults_to_collapse", tt.faults)
		})
	}
}

func TestLongestOutage(t *testing.T) {
	lost := func(s scene, from, to float64) scene {
		return s.edit(bench.RoleVictim, fault(from), fault(to), func(x *bench.Sample) { x.Outcome = bench.Refused })
	}
	tests := []struct {
		name  string
		scene scene
		want  string
	}{
		{"none", wedged(), "0"},
		{"one victim", lost(wedged(), 3, 3.01), "0.01"},
		{"from the first lost to the next served", lost(wedged(), 3.2, 4.75), "1.55"},
		{"the longer of two", lost(lost(wedged(), 1, 1.5), 3, 3.2), "0.5"},
		{"to the end of the phase", lost(wedged(), 10.4, 14), "1.6"},
		{"all of it", lost(wedged(), 0, 12), "12"},
		{"a masked second ends it", lost(wedged(), 0, 12).stall(fault(5)), "5"},
		{"only masked seconds", lost(wedged(), 5, 6).stall(fault(5)), "0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { wantMeasure(t, Judge(tt.scene.Record).Measures, "longest_outage", tt.want) })
	}
}

// The last fault of wedged is due at 16.5 s; the watch lasts until 22 s.
func TestTimeToRecover(t *testing.T) {
	lost := func(s scene, from, to float64) scene {
		return s.edit(bench.RoleVictim, from, to, func(x *bench.Sample) { x.Outcome = bench.Refused })
	}
	last := fault(11.5)
	tests := []struct {
		name  string
		scene scene
		want  string
	}{
		{"no outage", wedged(), "0"},
		{"an outage that was over by then", lost(wedged(), fault(3), fault(6)), "0"},
		{"served again after 1.5 s", lost(wedged(), fault(3), last+1.5), "1.5"},
		{"one victim lost, to a tenth of a second", lost(wedged(), last+0.42, last+0.43), "0.5"},
		{"a relapse within 2 s", lost(lost(wedged(), last, last+1), last+2.9, last+3), "3"},
		{"a relapse after 2 s", lost(lost(wedged(), last, last+1), last+3, last+3.1), "1"},
		{"never", lost(wedged(), fault(3), shutdownAt), ">5.5"},
		{"too late to be sure", lost(wedged(), fault(3), last+4), ">4"},
		{"masked seconds say nothing", lost(wedged(), last+1, last+1.1).stall(last + 1), "0"},
		{"nothing but masked seconds", lost(wedged(), last, shutdownAt).drop(bench.RoleControl, last-1, 99), ""},
		{"a client's fault lasts until it is cut off", lost(crawling(), fault(3), recovery(0.7)), "0.7"},
		{"without a recovery phase", wedged().breakOff(recovery(0) + 1e-9), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { wantMeasure(t, Judge(tt.scene.Record).Measures, "time_to_recover", tt.want) })
	}
}
