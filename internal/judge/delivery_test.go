package judge

import (
	"slices"
	"testing"

	"benchrun/internal/bench"
)

// Missing proof turns held into invalid; it hides no loss.
func TestDeliveryProof(t *testing.T) {
	edit := func(s scene, from, to float64, change func(*bench.Sample)) scene {
		return s.edit(bench.RoleProvoker, fault(from), fault(to), change)
	}
	tests := []struct {
		name      string
		scene     scene
		want      bench.Verdict
		delivered string // in the fault phase
		reason    string
	}{
		{"all receipts", wedged(), bench.Held, "12", ""},
		{"3 of 12 receipts", wedged().forget(3), bench.Invalid, "3", "faults not delivered: 3 of 11 receipts"},
		{"no receipt", wedged().forget(0), bench.Invalid, "0", "faults not delivered: 0 of 12 receipts"},
		{"one missing is within reason", wedged().forgetOne("f4"), bench.Held, "11", ""},
		{"two missing are not", wedged().forgetOne("f4").forgetOne("f5"), bench.Invalid, "10", "9 of 11 receipts"},
		{"one due in the last second is not asked for", wedged().forgetOne("f4").forgetOne("f11"), bench.Held, "10", ""},
		{"one due in an invalid second is not asked for", longer(wedged(), 3).stall(fault(5)).forgetOne("f4").forgetOne("f5").forgetOne("f6"), bench.Held, "12", ""},
		{"too few receipts hide no loss", wedged().forget(3).lose(fault(0), fault(12), 50, bench.TimedOut), bench.Failed, "3", "faults not delivered: 3 of 11 receipts, which hides no loss"},
		{"nor a small one", wedged().forget(3).lose(fault(0), fault(12), 4, bench.TimedOut), bench.Degraded, "3", "hides no loss"},
		{"no provoker at all", quiet(), bench.Invalid, "0", "no fault was scheduled"},
		{"no provoker hides everything", quiet().lose(fault(0), fault(12), 50, bench.TimedOut), bench.Invalid, "0", "no fault was scheduled"},
		{"fewer provokers than the ratio means", wedged().drop(bench.RoleProvoker, fault(2), fault(12)), bench.Invalid, "2", "faults not scheduled: the record holds 2 where the ratio means at least 9"},
		{"9 of 12 may be the schedule's", wedged().drop(bench.RoleProvoker, fault(9), fault(12)), bench.Held, "9", ""},
		{"a receipt for another nonce", withReceipt(wedged().forget(0)), bench.Invalid, "0", "0 of 12"},
		{"receipts of another fault", otherFault(wedged()), bench.Invalid, "0", "0 of 12"},
		{"receipts older than their requests", wedged().edit(bench.RoleProvoker, fault(0), fault(12), func(x *bench.Sample) { x.Sent += 100e6 }), bench.Invalid, "0", "0 of 12"},
		{"receipts for requests that were never sent", wedged().edit(bench.RoleProvoker, fault(0), fault(12), func(x *bench.Sample) { x.Sent = 0 }), bench.Invalid, "0", "never sent"},
		{"forged receipts hide no true one", forged(wedged()), bench.Held, "12", ""},
		{"nor those of a crash", forged(crashing(true)), bench.Held, "12", ""},
		{"a fault without a nonce", nameless(wedged()), bench.Invalid, "0", "0 of 12"},
		{"an unknown proof proves nothing", wedged().head(func(h *bench.Head) { h.Traits.Proof, h.Traits.Receipt = "telepathy", "" }), bench.Invalid, "0", "0 of 12"},

		{"ageing proved", wedged().slots(12).aged(8, 8), bench.Held, "12", "while 12 requests wedged, 8 before them"},
		{"ageing not proved", wedged().slots(64).aged(60, 30), bench.Invalid, "12", "ageing not delivered: 30 of 60 receipts"},
		{"ageing nearly proved", wedged().slots(64).aged(60, 57), bench.Held, "12", ""},
		{"failed by ageing alone", quiet().slots(8).aged(4, 4).lose(fault(0), fault(12), 50, bench.TimedOut), bench.Failed, "0", "0 of 0"},

		{"crashes", crashing(true), bench.Held, "12", "served 1,200 of 1,200 victims while 12 workers died of SIGSEGV, all replaced"},
		{"a crash that killed nobody", crashing(true).undead(0, 0), bench.Invalid, "0", "0 of 12 receipts"},
		{"a death before the receipt is another's", crashing(true).undead(fault(0), fault(3.5)).died(11, fault(0.3), "SIGKILL").died(12, fault(1), "SIGKILL"), bench.Invalid, "9", "8 of 11"},
		{"a death that only the observer's receipt tells", crashing(true).undead(0, 0).goneByReceipt(), bench.Held, "12", ""},

		{"slow uploads", crawling(), bench.Held, "12", "while 12 uploads crawled"},
		{"slow uploads that sent nothing", edit(crawling(), 0, 12, func(x *bench.Sample) { x.Bytes = 0 }), bench.Invalid, "0", "0 of 12 slow uploads"},
		{"slow uploads that stopped early", edit(crawling(), 0, 6, func(x *bench.Sample) { x.Bytes = 90_000 }), bench.Invalid, "6", "5 of 11 slow uploads"},
		{"slow uploads that the server does not read", edit(crawling(), 0, 6, func(x *bench.Sample) { x.Bytes = 100_000 }), bench.Held, "12", ""},
		{"slow uploads a piece behind", edit(crawling(), 0, 12, func(x *bench.Sample) { x.Bytes = max(10_000, x.Bytes-10_000) }), bench.Held, "12", ""},
		{"slow uploads three pieces behind", edit(crawling(), 9, 11, func(x *bench.Sample) { x.Bytes -= 30_000 }), bench.Invalid, "10", "9 of 11 slow uploads"},
		{"the server cut them", edit(crawling(), 0, 12, func(x *bench.Sample) { x.Bytes, x.Done, x.Outcome = 0, x.Sent+5e8, bench.Cut }), bench.Held, "12", ""},
		{"the server cut them later", edit(crawling(), 0, 12, func(x *bench.Sample) { x.Bytes, x.Done, x.Outcome = 20_000, x.Sent+1e9, bench.Cut }), bench.Held, "12", ""},
		{"the server gave them up, for they sent nothing", edit(crawling(), 0, 12, func(x *bench.Sample) { x.Bytes, x.Done, x.Outcome, x.Status = 0, x.Sent+1e9, bench.Completed, 408 }), bench.Invalid, "0", "faults not delivered: 0 of 12 slow uploads"},
		{"the server refused them", edit(crawling(), 0, 12, func(x *bench.Sample) { x.Bytes, x.Outcome = 0, bench.NoConnect }), bench.Held, "12", ""},
		{"the server answered them", edit(crawling(), 0, 12, func(x *bench.Sample) { x.Bytes, x.Done, x.Outcome = 9, x.Sent+1e8, bench.Completed }), bench.Held, "12", ""},
		{"an upload without an end that sent too little", edit(crawling(), 0, 12, func(x *bench.Sample) { x.Done, x.Bytes = 0, 20_000 }), bench.Invalid, "1", "faults not delivered"},
		{"an upload without an end lasted to the recovery mark", edit(crawling(), 0, 12, func(x *bench.Sample) { x.Done = 0 }), bench.Held, "12", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			j := Judge(tt.scene.Record)
			if j.Verdict != tt.want {
				t.Errorf("verdict %v, want %v; reasons %q", j.Verdict, tt.want, j.Reasons)
			}
			wantMeasure(t, j.Measures, "faults_delivered", tt.delivered)
			wantReason(t, j, tt.reason)
		})
	}
}

// A server that spoils its receipts file cannot choose to be invalid: it was
// never proved to be hit, and that is its own doing.
func TestSpoiledReceipts(t *testing.T) {
	spoil := func(s scene) scene { return s.mark(bench.MarkBadReceipt, fault(1)) }
	for _, tt := range []struct {
		name    string
		scene   scene
		want    bench.Verdict
		flagged bool
		reason  string
	}{
		{"all the proof is there all the same", spoil(wedged()), bench.Held, false, ""},
		{"the proof is gone", spoil(wedged().forget(0)), bench.Failed, true, "0 of 12 receipts, and the server spoiled the file that holds them"},
		{"a part of it", spoil(wedged().forget(3)), bench.Failed, true, "3 of 11 receipts, and the server spoiled"},
		{"that of the ageing", spoil(wedged().slots(64).aged(60, 30)), bench.Failed, true, "ageing not delivered: 30 of 60 receipts, and the server spoiled"},
		{"it hides no loss", spoil(wedged().forget(3).lose(fault(0), fault(12), 50, bench.TimedOut)), bench.Failed, true, "which hides no loss"},
		{"the harness sent too few", spoil(wedged().drop(bench.RoleProvoker, fault(2), fault(12))), bench.Invalid, true, "faults not scheduled"},
		{"the harness sent none", spoil(quiet()), bench.Invalid, true, "no fault was scheduled"},
		{"the host stalled", spoil(wedged().forget(0)).stall(fault(5)), bench.Invalid, true, "valid seconds"},
		{"uploads have no receipts", spoil(crawling().edit(bench.RoleProvoker, fault(0), fault(12), func(x *bench.Sample) { x.Bytes = 0 })), bench.Invalid, true, "0 of 12 slow uploads"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			j := Judge(tt.scene.Record)
			if flagged := slices.Contains(j.Flags, bench.FlagUndelivered); j.Verdict != tt.want || flagged != tt.flagged {
				t.Errorf("%v, flags %v, want %v and undelivered: %v; reasons %q", j.Verdict, j.Flags, tt.want, tt.flagged, j.Reasons)
			}
			if tt.reason != "which hides no loss" && slices.Contains(j.Flags, bench.FlagAgainstTheory) {
				t.Errorf("against theory: %q", j.Reasons)
			}
			wantReason(t, j, tt.reason)
		})
	}
}

func (s scene) forgetOne(nonce string) scene {
	s.Receipts = slices.DeleteFunc(s.Receipts, func(r bench.Receipt) bool { return r.Nonce == nonce })
	return s
}

func nameless(s scene) scene {
	for i := range s.Receipts {
		s.Receipts[i].Nonce = ""
	}
	return s.edit(bench.RoleProvoker, fault(0), fault(12), func(x *bench.Sample) { x.Nonce = "" })
}

// forged puts two receipts that cannot be true before each: one from before its
// request, and one of a process that lives on.
func forged(s scene) scene {
	var all []bench.Receipt
	for _, r := range s.Receipts {
		old, other := r, r
		old.T, other.PID = 0, 999_999
		if s.Head.Traits.Proof != bench.ProofDeath {
			other.T = 0
		}
		all = append(all, old, other, r)
	}
	s.Receipts = all
	return s
}

func withReceipt(s scene) scene { return s.receipt("other", fault(1), bench.ReceiptStart) }

// undead removes the deaths in [from, to), or all of them if to is 0.
func (s scene) undead(from, to float64) scene {
	s.Procs = slices.DeleteFunc(s.Procs, func(e bench.ProcEvent) bool {
		return e.Event == bench.Died && (to == 0 || (e.T >= ns(from) && e.T < ns(to)))
	})
	return s
}

func (s scene) goneByReceipt() scene {
	for _, r := range slices.Clone(s.Receipts) {
		r.T, r.Event = r.T+1e6, bench.ReceiptProcessGone
		s.Receipts = append(s.Receipts, r)
	}
	return s
}

func TestFaultMeasures(t *testing.T) {
	s := wedged().forgetOne("f4").edit(bench.RoleProvoker, fault(0), fault(3), func(x *bench.Sample) { x.Outcome = bench.Completed }).
		edit(bench.RoleProvoker, fault(3), fault(5), func(x *bench.Sample) { x.Outcome = bench.Cut }).
		edit(bench.RoleProvoker, fault(5), fault(6), func(x *bench.Sample) { x.Outcome = bench.NoConnect })
	m := Judge(s.Record).Measures
	for name, want := range map[string]string{
		"faults_scheduled": "12", "faults_delivered": "11", "aged_slots": "0",
		"provokers_completed": "3", "provokers_cut": "2", "provokers_refused": "1",
	} {
		wantMeasure(t, m, name, want)
	}
	wantMeasure(t, Judge(wedged().slots(12).aged(8, 8).Record).Measures, "aged_slots", "8")
}

// The victims lost for each delivered fault, beyond the baseline's losses.
func TestBlastRadius(t *testing.T) {
	tests := []struct {
		name  string
		scene scene
		want  string
	}{
		{"nothing lost", crashing(true), "0"},
		{"three a crash", crashing(true).lose(fault(0), fault(12), 3, bench.Reset), "3"},
		{"the baseline loses one a second too", crashing(true).lose(fault(0), fault(12), 3, bench.Reset).lose(base(0), base(4), 1, bench.Reset), "2"},
		{"less than the baseline", crashing(true).lose(base(0), base(4), 1, bench.Reset), "0"},
		{"masked seconds count on neither side", crashing(true).stall(fault(5)).lose(fault(0), fault(12), 3, bench.Reset), "3"},
		{"nothing delivered", wedged().forget(0).lose(fault(0), fault(12), 3, bench.Reset), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { wantMeasure(t, Judge(tt.scene.Record).Measures, "blast_radius", tt.want) })
	}
}

// otherFault makes all receipts those of a fault that nobody asked for.
func otherFault(s scene) scene {
	for i := range s.Receipts {
		s.Receipts[i].Fault = "slow"
	}
	return s
}
