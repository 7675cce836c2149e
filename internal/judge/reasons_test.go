package judge

import (
	"slices"
	"testing"

	"benchrun/internal/bench"
)

// Whole lists of reasons, as people read them.
func TestReasons(t *testing.T) {
	dead := func(s scene, from float64) scene { return s.lose(fault(from), fault(12), 100, bench.TimedOut) }
	claims := func(s scene, slots int, watchdog float64) scene {
		s.Head.Target.Claims.Watchdog = watchdog
		return s.slots(slots)
	}
	unbounded := wedged().slots(1100).watchdog(5, true).forgetEvents(0, 12).vital(base(3), 50<<20, 1, 4).vital(fault(11.99), 74<<20, 2, 16)
	unbounded.Head.Target.Probe.Unbounded = true
	tests := []struct {
		name  string
		scene scene
		want  []string
	}{
		{"a pool runs out", dead(claims(stuck(), 4, 30), 4), []string{
			"4 of 4 slots held by wedged requests 3.0 s after the first fault and none came back: the documented watchdog is 30 s, the measured one > 5 s",
			"collapses after 4 wedged requests: 3.5 s at this ratio",
			"served 33.3 % of 1,200 victims: 800 timeout",
			"theory: survives while R·p·τ < slots, but 30 ≥ 4 (τ = 30 s, as documented)",
		}},
		{"without any watchdog", dead(stuck(), 4), []string{
			"4 of 4 slots held by wedged requests 3.0 s after the first fault and none came back: no watchdog is documented, none was seen within 5 s",
			"collapses after 4 wedged requests: 3.5 s at this ratio",
			"served 33.3 % of 1,200 victims: 800 timeout",
			"theory: survives while R·p·τ < slots; no watchdog was seen within 5 s, so 4 slots last 4.0 s at this ratio",
		}},
		{"an aged pool runs out", dead(stuck().slots(512).aged(508, 508), 4), []string{
			"512 of 512 slots held by wedged requests and none came back: no watchdog is documented, none was seen within 5 s",
			"collapses after 512 wedged requests: 8.5 minutes at this ratio",
			"served 33.3 % of 1,200 victims: 800 timeout",
			"theory: survives while R·p·τ < slots; no watchdog was seen within 5 s, so 512 slots last 8.5 minutes at this ratio",
		}},
		{"slots come back, too slowly", dead(wedged().slots(3), 8), []string{
			"3 of 3 slots held by wedged requests 2.0 s after the first fault and 12 of 12 came back: no watchdog is documented, the measured one 3 s",
			"collapses after 8 wedged requests: 7.5 s at this ratio",
			"served 66.6 % of 1,200 victims: 400 timeout",
			"theory: survives while R·p·τ < slots, but 3 ≥ 3 (τ = 3 s)",
		}},
		{"lost although slots were free", wedged().slots(64).lose(fault(0), fault(12), 50, bench.HTTP5xx), []string{
			"at most 4 of 64 slots held by wedged requests at once and 12 of 12 came back: no watchdog is documented, the measured one 3 s",
			"served 50 % of 1,200 victims: 600 http_5xx",
			"theory: survives while R·p·τ = 3 < slots = 64 (τ = 3 s)",
		}},
		{"not probed", wedged().slots(0).watchdog(0, false).lose(fault(0), fault(12), 50, bench.HTTP5xx), []string{
			"4 wedged requests held at once and 12 of 12 came back: no watchdog is documented, none was measured",
			"served 50 % of 1,200 victims: 600 http_5xx",
		}},
		{"uploads take the pool", dead(crawling(), 4), []string{
			"12 slow uploads were open at once",
			"collapses after 4 slow uploads: 3.5 s at this ratio",
			"served 33.3 % of 1,200 victims: 800 timeout",
			"theory: if each fault held a slot, R·p·τ = 30 ≥ slots = 4 would end the pool (τ = 30 s)",
		}},
		{"uploads take something else than the pool", dead(crawling(), 8), []string{
			"12 slow uploads were open at once",
			"collapses after 8 slow uploads: 7.5 s at this ratio",
			"served 66.6 % of 1,200 victims: 400 timeout",
			"not all of them held a slot: victims were served while 7 were open, and there are 4 slots",
		}},
		{"uploads that do not fill it", crawling().slots(64).lose(fault(0), fault(12), 50, bench.Reset), []string{
			"12 slow uploads were open at once",
			"served 50 % of 1,200 victims: 600 reset",
			"theory: if each fault held a slot, R·p·τ = 30 < slots = 64 would not end the pool (τ = 30 s)",
		}},
		{"held", wedged(), []string{
			"served 1,200 of 1,200 victims while 12 requests wedged; 11 of 11 slots came back after 3.1 s (median)",
			"theory: survives while R·p·τ = 3 < slots = 4 (τ = 3 s)",
		}},
		{"held, nothing came back", stuck().slots(512), []string{
			"served 1,200 of 1,200 victims while 12 requests wedged; none of 7 slots came back within 16.5 s",
			"theory: survives while R·p·τ < slots; no watchdog was seen within 5 s, so 512 slots last 8.5 minutes at this ratio",
		}},
		{"held, too early to tell", claims(stuck(), 64, 30), []string{
			"served 1,200 of 1,200 victims while 12 requests wedged; none was old enough to tell whether its slot comes back",
			"theory: survives while R·p·τ = 30 < slots = 64 (τ = 30 s, as documented)",
		}},
		{"held, most did not come back", wedged().slots(64).forgetEvents(0, 8), []string{
			"served 1,200 of 1,200 victims while 12 requests wedged; 3 of 11 slots came back after more than 11.5 s (median)",
			"theory: survives while R·p·τ = 3 < slots = 64 (τ = 3 s)",
		}},
		{"held by a pool without end", unbounded, []string{
			"served 1,200 of 1,200 victims while 12 requests wedged; none of 7 slots came back within 16.5 s",
			"no end of the pool was found: it held all of 1,100 requests; each stuck request costs 1.0 threads and 2.00 MiB",
		}},
		{"held uploads", crawling().slots(64), []string{
			"served 1,200 of 1,200 victims while 12 uploads crawled",
			"theory: survives while R·p·τ = 30 < slots = 64 (τ = 30 s)",
		}},
		{"held uploads that the server ended", crawling().edit(bench.RoleProvoker, fault(0), fault(10), endAfter(1.2)), []string{
			"served 1,200 of 1,200 victims while 12 uploads crawled",
			"the price: 10 of 12 slow uploads, honest ones, got an error or were cut off",
			"theory: if each fault held a slot, R·p·τ = 30 ≥ slots = 4 would end the pool (τ = 30 s, the client's; the server ended 10 of 12 after 1.2 s)",
		}},
		{"held uploads that a pool could not", crawling(), []string{
			"served 1,200 of 1,200 victims while 12 uploads crawled",
			"theory: if each fault held a slot, R·p·τ = 30 ≥ slots = 4 would end the pool (τ = 30 s); here they do not",
		}},
		{"the watchdog ends the only worker, and nobody replaces it", dead(wedged().died(11, fault(3.6), "SIGKILL"), 4), []string{
			"no worker left from 3.6 s on: 1 of 1 died of SIGKILL and was not replaced",
			"collapses after 4 wedged requests: 3.5 s at this ratio",
			"served 33.3 % of 1,200 victims: 800 timeout",
			"theory: survives while R·p·τ = 3 < slots = 4 (τ = 3 s)",
		}},
		{"the only worker ends once the fault phase is over", dead(wedged().died(11, fault(13), "SIGKILL"), 4), []string{
			"4 of 4 slots held by wedged requests 3.0 s after the first fault and 12 of 12 came back: no watchdog is documented, the measured one 3 s",
			"collapses after 4 wedged requests: 3.5 s at this ratio",
			"served 33.3 % of 1,200 victims: 800 timeout",
			"no worker left from 13.0 s on: 1 of 1 died of SIGKILL and was not replaced",
		}},
		{"one of two workers is not replaced", dead(wedged().servedBy(12, base(0), base(1)).died(11, fault(3.6), "SIGKILL"), 4), []string{
			"4 of 4 slots held by wedged requests 3.0 s after the first fault and 12 of 12 came back: no watchdog is documented, the measured one 3 s",
			"collapses after 4 wedged requests: 3.5 s at this ratio",
			"served 33.3 % of 1,200 victims: 800 timeout",
			"1 worker died of SIGKILL, 1 not replaced",
		}},
		{"held, one second lost, some masked", longer(wedged(), 4).stall(fault(8)).lose(fault(3), fault(4), 40, bench.Reset), []string{
			"served 1,260 of 1,300 victims while 16 requests wedged; 12 of 15 slots came back after 3.1 s (median)",
			"lost 40 victims within one second, 3.0 s into the fault phase; that decides only if it repeats",
			"theory: survives while R·p·τ = 3 < slots = 4 (τ = 3 s)",
			"3 of 16 seconds not counted: the control missed its SLO",
		}},
		{"crashes", crashing(true), []string{
			"served 1,200 of 1,200 victims while 12 workers died of SIGSEGV, all replaced",
		}},
		{"crashes that take others along", crashing(true).lose(fault(0), fault(12), 4, bench.Reset), []string{
			"each crash lost 4 ordinary requests beside itself; 12 workers died of SIGSEGV, all replaced",
			"served 96 % of 1,200 victims: 48 reset",
		}},
		{"a crash that ends all", crashing(false).lose(fault(1), fault(12), 100, bench.Refused), []string{
			"no worker left from 0.5 s on: 1 of 1 died of SIGSEGV and was not replaced",
			"served 8.3 % of 1,200 victims: 1,100 refused",
			"faults not delivered: 1 of 11 receipts, which hides no loss",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Judge(tt.scene.Record).Reasons; !slices.Equal(got, tt.want) {
				t.Errorf("got\n%q\nwant\n%q", got, tt.want)
			}
		})
	}
}

// endAfter has the server end a request after some seconds.
func endAfter(after float64) func(*bench.Sample) {
	return func(x *bench.Sample) { x.Done, x.Outcome = x.Sent+ns(after), bench.Cut }
}

func TestWords(t *testing.T) {
	for got, want := range map[string]string{
		bench.Grouped(0): "0", bench.Grouped(999): "999", bench.Grouped(1200): "1,200", bench.Grouped(1234567): "1,234,567", bench.Grouped(-1200): "-1,200",
		bench.Things(1, "worker", "workers"): "1 worker", bench.Things(2, "worker", "workers"): "2 workers",
		figure(3, 1): "3", figure(3.14, 1): "3.1", figure(100, 0): "100", figure(0.5, 2): "0.5",
		percentOf(1199, 1200): "99.9 %", percentOf(1200, 1200): "100 %", percentOf(0, 0): "none",
		lasting(4): "4.0 s", lasting(512): "8.5 minutes", lasting(7200): "2.0 hours", lasting(864000): "10.0 days",
		clean(" a\x00b\n\xff c "): "a b ? c", lastLine("a\n b \n\n"): "b", lastLine(" \n"): "",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	long := clean(string(make([]rune, 300)) + "é")
	if long != "é" {
		t.Errorf("control characters were kept: %q", long)
	}
	var b []rune
	for range 500 {
		b = append(b, 'é')
	}
	if got := []rune(clean(string(b))); len(got) != longestQuote || got[longestQuote-1] != '…' {
		t.Errorf("a long line has %d runes", len(got))
	}
}

// A client may hold a slot for 30 s, but a server that ends it earlier frees it.
func TestFaultsThatTheServerEnded(t *testing.T) {
	whole := crawling()
	if got := factsOf(newView(whole.Record)).endedEarlyWords(); got != "" {
		t.Errorf("nobody ended any: %q", got)
	}
	for i, after := range []float64{3, 3.9} {
		whole.edit(bench.RoleProvoker, fault(float64(i)), fault(float64(i+1)), func(x *bench.Sample) { x.Done = x.Sent + ns(after) })
	}
	const want = ", the client's; the server ended 2 of 12 after 3 to 3.9 s"
	if got := factsOf(newView(whole.Record)).endedEarlyWords(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	wedges := wedged()
	if got := factsOf(newView(wedges.Record)).endedEarlyWords(); got != "" {
		t.Errorf("wedges have no hold of their own: %q", got)
	}
}
