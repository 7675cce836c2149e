package judge

import (
	"testing"

	"benchrun/internal/bench"
)

// Victims that are served beside more open requests than there are slots refute that each
// holds one. It must be the same requests for a whole second, and the second must count.
func TestServedBeside(t *testing.T) {
	bins := []bench.Bin{
		{From: 0, To: second, Scheduled: 100, OK: 100, Valid: true},
		{From: second, To: 2 * second, Scheduled: 100, OK: 98, Valid: true},
		{From: 2 * second, To: 3 * second, Scheduled: 100, OK: 97, Valid: true},
		{From: 3 * second, To: 4 * second, Scheduled: 100, OK: 100},
		{From: 4 * second, To: 5 * second, Valid: true},
	}
	at := func(from, to float64) span { return span{ns(from), ns(to)} }
	for _, tt := range []struct {
		name string
		open []span
		want int
	}{
		{"none", nil, 0},
		{"two for a whole second", []span{at(0.5, 2), at(0.7, 2.3)}, 2},
		{"exactly the second", []span{at(1, 2)}, 1},
		{"one of them ends in it", []span{at(0.5, 2), at(0.7, 1.9)}, 1},
		{"one takes the other's place", []span{at(0.5, 1.5), at(1.5, 2.5)}, 0},
		{"never ended", []span{{ns(0.5), never}, {ns(0.1), never}}, 2},
		{"a second that lost victims", []span{at(1.5, 3)}, 0},
		{"a second that does not count", []span{at(2.5, 4)}, 0},
		{"a second without victims", []span{at(3.5, 5)}, 0},
		{"later than all", []span{at(9, 12)}, 0},
	} {
		if got := servedBeside(tt.open, bins); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
	if got := servedBeside([]span{at(0, 1)}, nil); got != 0 {
		t.Errorf("without seconds: %d", got)
	}
}

// The record of a limit on connections: victims are served beside ten times as many open
// connections as there are slots, and later not at all. Nothing may say that these held
// the slots.
func TestAConnectionLimitIsNoPool(t *testing.T) {
	silent := bench.Traits{
		Proof: bench.ProofStay, Holds: crawlTraits.Holds, CutOff: true,
		Noun: bench.Words{"silent connection", "silent connections"}, Did: bench.Words{"client said nothing", "clients said nothing"},
	}
	s := quiet().family("silent", silent).head(func(h *bench.Head) { h.Ratio = 5000 })
	for i := range 5 * int(faultLen) {
		s.provoker(bench.RoleProvoker, "f"+bench.Grouped(i), fault(0.1+0.2*float64(i)), bench.HeldOpen).Done = ns(recoveryAt)
	}
	j := Judge(s.lose(fault(8), fault(12), 100, bench.TimedOut).Record)
	want := []string{
		"60 silent connections were open at once",
		"collapses after 40 silent connections: 7.9 s at this ratio",
		"served 66.6 % of 1,200 victims: 400 timeout",
		"not all of them held a slot: victims were served while 35 were open, and there are 4 slots",
	}
	if j.Verdict != bench.Failed || len(j.Reasons) != len(want) {
		t.Fatalf("%s: %q", j.Verdict, j.Reasons)
	}
	for i, reason := range want {
		if j.Reasons[i] != reason {
			t.Errorf("%q, want %q", j.Reasons[i], reason)
		}
	}
}
