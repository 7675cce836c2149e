package judge

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

func TestServiceMeasures(t *testing.T) {
	s := wedged().lose(fault(0), fault(12), 6, bench.TimedOut).lose(fault(3), fault(4), 3, bench.Reset).lose(base(0), base(4), 1, bench.Refused)
	m := Judge(s.Record).Measures
	for name, want := range map[string]string{
		"h": "94", "baseline_h": "99", "retention": "94.949", "availability": "0",
		"lost_timeout": "69", "lost_reset": "3", "lost_refused": "0", "lost_wrong": "0", "valid_seconds": "12",
	} {
		wantMeasure(t, m, name, want)
	}
	if m["h"].N != 1200 || m["baseline_h"].N != 400 {
		t.Errorf("n of h %d, of baseline_h %d", m["h"].N, m["baseline_h"].N)
	}
	m = Judge(wedged().lose(fault(0), fault(3), 5, bench.TimedOut).lose(fault(3), fault(9), 6, bench.TimedOut).Record).Measures
	wantMeasure(t, m, "availability", "50") // 5 lost of 100 is available, 6 are not
}

// Only valid seconds make h, and n says how many victims that were.
func TestMaskedSecondsAreLeftOut(t *testing.T) {
	m := Judge(longer(wedged(), 3).stall(fault(5)).lose(fault(4), fault(7), 100, bench.TimedOut).Record).Measures
	wantMeasure(t, m, "h", "100")
	wantMeasure(t, m, "lost_timeout", "0")
	wantMeasure(t, m, "valid_seconds", "12")
	wantMeasure(t, m, "control_misses", "1")
	if m["h"].N != 1200 || m["valid_seconds"].N != 15 {
		t.Errorf("n of h %d, of valid_seconds %d", m["h"].N, m["valid_seconds"].N)
	}
}

func TestLatency(t *testing.T) {
	took := func(s scene, from, to float64, ms int64) scene {
		return s.edit(bench.RoleVictim, from, to, func(x *bench.Sample) {
			if x.Done = x.Due + ms*1e6; ms > 1000 && x.Outcome == bench.OK {
				x.Outcome = bench.Late
			}
		})
	}
	tests := []struct {
		name          string
		scene         scene
		p50, p99, max string
	}{
		{"all alike", wedged(), "2", "2", "2"},
		{"a slow second", took(wedged(), fault(3), fault(4), 700), "2", "700", "700"},
		{"one in a hundred", took(wedged(), fault(3), fault(3.12), 700), "2", "2", "700"},
		{"elsewhere", took(wedged(), base(0), base(4), 700), "2", "2", "2"},
		{"in a masked second", took(longer(wedged(), 3), fault(5), fault(6), 700).stall(fault(5)), "2", "2", "2"},
		{"from the intended send", wedged().edit(bench.RoleVictim, fault(3), fault(4), func(x *bench.Sample) { x.Sent, x.Done = x.Due+200e6, x.Due+202e6 }), "2", "202", "202"},
		{"errors without an answer do not count", took(wedged(), fault(3), fault(6), 2000).lose(fault(3), fault(6), 100, bench.TimedOut), "2", "2", "2"},
		{"late and 5xx answers do", took(wedged().lose(fault(3), fault(4), 100, bench.Late).lose(fault(4), fault(5), 100, bench.HTTP5xx), fault(3), fault(5), 1500), "2", "1500", "1500"},
		{"longer than the scale", took(wedged(), fault(3), fault(4), 120_000), "2", "60000", "120000"},
		{"no answer", wedged().lose(fault(0), fault(12), 100, bench.Refused), "", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := Judge(tt.scene.Record).Measures
			for name, want := range map[string]string{"latency_p50": tt.p50, "latency_p99": tt.p99, "latency_max": tt.max} {
				got := m[name]
				if (got.Value == nil) != (want == "") {
					t.Errorf("%s = %v, want %q", name, got.Value, want)
					continue
				}
				if got.Value == nil {
					continue
				}
				var w float64
				if err := json.Unmarshal([]byte(want), &w); err != nil {
					t.Fatal(err)
				}
				if math.Abs(*got.Value-w) > w/500 { // three significant digits
					t.Errorf("%s = %v, want %v", name, *got.Value, w)
				}
			}
		})
	}
}

func TestLateness(t *testing.T) {
	wantMeasure(t, Judge(wedged().Record).Measures, "lateness_p99", "0.1")
	s := wedged().edit(bench.RoleVictim, fault(3), fault(4), func(x *bench.Sample) { x.Sent, x.Done = x.Due+100e6, x.Due+102e6 })
	if got := *Judge(s.Record).Measures["lateness_p99"].Value; got < 99.9 || got > 100 {
		t.Errorf("lateness_p99 = %v, want 100", got)
	}
}

func TestVitalMeasures(t *testing.T) {
	const mi = 1 << 20
	s := wedged().vital(0.5, 900*mi, 0, 99). // before the baseline: booting
							vital(base(1), 50*mi, 1, 4).vital(base(3), 60*mi, 2, 4).
							vital(fault(0), 60*mi, 3, 5).vital(fault(3), -1, 4, 9).vital(fault(6), 90*mi, 6, 7).vital(fault(11.99), 120*mi, 9, 7).
							vital(recovery(4), 100*mi, 10, 4).vital(shutdownAt+0.5, 999*mi, 11, 99)
	m := Judge(s.Record).Measures
	for name, want := range map[string]string{
		"memory_peak": "120", "memory_growth": "40", "threads_peak": "9", "fds_peak": "20", "zombies_peak": "0", "close_wait_peak": "0",
		"cpu_per_1000_ok": "5.004", // 6 s for the 1,199 served between the first look and the last
	} {
		wantMeasure(t, m, name, want)
	}
	if slope := *m["memory_slope"].Value; math.Abs(slope-300) > 1 { // 60 MiB in 12 s
		t.Errorf("memory_slope = %v, want 300", slope)
	}
	none := Judge(wedged().Record).Measures
	for _, name := range []string{"memory_peak", "memory_growth", "memory_slope", "threads_peak", "cpu_per_1000_ok"} {
		wantMeasure(t, none, name, "")
	}
	two := wedged().vital(fault(1), 1, 5, 1).vital(fault(2), 2, 3, 1)
	wantMeasure(t, Judge(two.Record).Measures, "memory_slope", "")    // of two points
	wantMeasure(t, Judge(two.Record).Measures, "cpu_per_1000_ok", "") // the total fell
	same := wedged().vital(fault(1), 1, 1, 1).vital(fault(1), 2, 1, 1).vital(fault(1), 3, 1, 1)
	wantMeasure(t, Judge(same.Record).Measures, "memory_slope", "")
}

func TestBootAndStopMeasures(t *testing.T) {
	tests := []struct {
		name             string
		stop             *bench.Stop
		time, code, kill string
	}{
		{"clean", &bench.Stop{Seconds: 0.4, Exit: &bench.ExitStatus{}}, "0.4", "0", "0"},
		{"with a code", &bench.Stop{Seconds: 0.4, Exit: &bench.ExitStatus{Code: 3}}, "0.4", "3", "0"},
		{"by a signal", &bench.Stop{Seconds: 0.4, Exit: &bench.ExitStatus{Signal: "SIGTERM"}}, "0.4", "143", "0"},
		{"by a realtime signal", &bench.Stop{Seconds: 0.4, Exit: &bench.ExitStatus{Signal: "SIG34"}}, "0.4", "162", "0"},
		{"by an unknown signal", &bench.Stop{Seconds: 0.4, Exit: &bench.ExitStatus{Signal: "SIGWHAT"}}, "0.4", "", "0"},
		{"killed", &bench.Stop{Seconds: 5, NeededSIGKILL: true, Exit: &bench.ExitStatus{Signal: "SIGKILL"}}, ">5", "137", "1"},
		{"status unknown", &bench.Stop{Seconds: 0.4}, "0.4", "", "0"},
		{"gone before", &bench.Stop{AlreadyGone: true, Exit: &bench.ExitStatus{Code: 1}}, "", "1", ""},
		{"not reached", nil, "", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := wedged()
			s.Stop = tt.stop
			m := Judge(s.Record).Measures
			wantMeasure(t, m, "stop_time", tt.time)
			wantMeasure(t, m, "stop_code", tt.code)
			wantMeasure(t, m, "needed_sigkill", tt.kill)
			wantMeasure(t, m, "boot_time", "0.3")
		})
	}
	m := Judge(wedged().stopped(func(s *bench.Stop) { s.Survivors = 3 }).Record).Measures
	wantMeasure(t, m, "survivors", "3")
	wantMeasure(t, m, "port_freed", "1")
	wantMeasure(t, Judge(wedged().stopped(func(s *bench.Stop) { s.PortFreed = false }).Record).Measures, "port_freed", "0")
}

// A server whose documented grace was not over when benchrun stopped waiting may still
// have ended in order: what was left then is not measured.
func TestMeasuresOfALimitedStop(t *testing.T) {
	limited := func(s *bench.Stop) {
		*s = bench.Stop{Seconds: 5, NeededSIGKILL: true, WindowLimited: true, Survivors: 3}
	}
	m := Judge(wedged().stopped(limited).Record).Measures
	wantMeasure(t, m, "stop_time", ">5")
	for _, name := range bench.LeftMeasures {
		wantMeasure(t, m, name, "")
	}
	m = Judge(wedged().stopped(limited).stopped(func(s *bench.Stop) { s.WindowLimited = false }).Record).Measures
	for name, want := range map[string]string{"survivors": "3", "port_freed": "0", "needed_sigkill": "1"} {
		wantMeasure(t, m, name, want)
	}
}

func TestProbeMeasures(t *testing.T) {
	tests := []struct {
		probe           bench.Probe
		slots, watchdog string
	}{
		{bench.Probe{Slots: 4, Watchdog: 3.1}, "4", "3.1"},
		{bench.Probe{Slots: 1100, Unbounded: true, Watchdog: 5, WatchdogCensored: true}, ">1100", ">5"},
		{bench.Probe{Note: "not ready"}, "", ""},
	}
	for _, tt := range tests {
		m := Judge(wedged().head(func(h *bench.Head) { h.Target.Probe = tt.probe }).Record).Measures
		wantMeasure(t, m, "slots", tt.slots)
		wantMeasure(t, m, "watchdog", tt.watchdog)
	}
}

// A measure without any data still exists, and none can be
// written that JSON has no word for.
func TestMeasuresAreAlwaysWhole(t *testing.T) {
	for name, s := range map[string]scene{
		"empty": {&bench.Record{}}, "held": wedged(), "crashes": crashing(true), "uploads": crawling(),
		"broken off": wedged().breakOff(fault(3)), "boot": wedged().breakOff(0.5),
		"not a number": wedged().vital(fault(1), 1, math.NaN(), 1).vital(fault(2), 1, math.Inf(1), 1).stopped(func(s *bench.Stop) { s.Seconds = math.NaN() }),
		"no ratio":     wedged().head(func(h *bench.Head) { h.Ratio = 0 }).aged(4, 4).lose(fault(3), fault(9), 100, bench.Late),
	} {
		j := Judge(s.Record)
		for _, spec := range bench.MeasureTable {
			m, ok := j.Measures[spec.Name]
			if !ok || m.Unit != spec.Unit || m.Better != spec.Better {
				t.Errorf("%s: %s is %+v", name, spec.Name, m)
			}
		}
		if b, err := json.Marshal(j); err != nil || strings.Contains(string(b), "null,\"unit\":\"\",\"n\":1") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
