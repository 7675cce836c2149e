package judge

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// failing is a scene in which 12 requests end in an exception of the app, and get a 500.
func failing() scene {
	s := quiet().family("exception", bench.Traits{
		Proof: bench.ProofReceipt, Honest: true, MustComplete: true, Status: http.StatusInternalServerError,
		Noun: bench.Words{"fault", "faults"},
	})
	for i := range int(faultLen) {
		due, nonce := fault(0.7+float64(i)), "f"+bench.Grouped(i)
		p := s.provoker(bench.RoleProvoker, nonce, due, bench.Completed)
		p.Status, p.Done = http.StatusInternalServerError, ns(due+0.01)
		s = s.receipt(nonce, due+0.002, bench.ReceiptStart)
	}
	return s
}

// mixOf is a scene of a mix: the faults of all the scenes, among the victims of the first.
func mixOf(scenes ...scene) scene {
	s := scene{&bench.Record{}}
	*s.Record = *scenes[0].Record
	var faults []bench.Sample
	h := &s.Head
	h.Group, h.Family, h.Scenario = bench.GroupMixed, "mix", "mix"
	h.Traits, h.Ratio, h.Aged = bench.Traits{Proof: bench.ProofParts, Noun: bench.Words{"fault", "faults"}}, 0, 0
	s.Receipts, s.Procs = nil, nil
	for _, one := range scenes {
		p := bench.Part{Family: one.Head.Family, FamilyVer: 1, Ratio: one.Head.Ratio, Traits: one.Head.Traits, Aged: one.Head.Aged}
		h.Parts, h.Ratio, h.Aged = append(h.Parts, p), h.Ratio+p.Ratio, h.Aged+p.Aged
		for _, x := range one.Samples {
			if x.Role == bench.RoleProvoker || x.Role == bench.RoleAgeing {
				x.Part, x.Nonce, x.Seq = p.Family, p.Family+x.Nonce, uint64(len(faults))
				faults = append(faults, x)
			}
		}
		for _, r := range one.Receipts {
			r.Nonce = p.Family + r.Nonce
			s.Receipts = append(s.Receipts, r)
		}
		s.Procs = append(s.Procs, one.Procs...)
	}
	s.Samples = slices.DeleteFunc(slices.Clone(s.Samples), func(x bench.Sample) bool { return x.Role == bench.RoleProvoker || x.Role == bench.RoleAgeing })
	s.Samples = append(s.Samples, faults...)
	return s
}

// ofFamily changes the faults of one part that are due in [from, to).
func (s scene) ofFamily(family string, from, to float64, change func(*bench.Sample)) scene {
	return s.edit(bench.RoleProvoker, from, to, func(x *bench.Sample) {
		if x.Part == family {
			change(x)
		}
	})
}

// unproved drops the receipts of one part.
func (s scene) unproved(fault string) scene {
	s.Receipts = slices.DeleteFunc(slices.Clone(s.Receipts), func(r bench.Receipt) bool { return r.Fault == fault })
	return s
}

func TestMixes(t *testing.T) {
	cut := func(x *bench.Sample) { x.Outcome, x.Status, x.Error = bench.Cut, 0, "reset" }
	three := func() scene { return mixOf(crashing(true), wedged(), failing()) }
	survives := three()
	survives.Procs = nil
	spoiled := three().unproved("wedge")
	spoiled.Marks = append(slices.Clone(spoiled.Marks), bench.Mark{T: ns(fault(1)), Name: bench.MarkBadReceipt})
	for _, tt := range []struct {
		name   string
		scene  scene
		want   bench.Verdict
		reason string
	}{
		{"all parts are survived", three(), bench.Held, "served 1,200 of 1,200 victims while 12 faults of segfault, 12 wedged requests and 12 faults of exception came, " +
			"and 12 workers died of SIGSEGV, all replaced; 12 of 12 requests of the fault got their answer too; "},
		{"one part gets no answers", three().ofFamily("exception", fault(2), fault(5), cut), bench.Failed, "honest requests lost: 3 of 12 (3 cut off), of exception"},
		{"another part need not get any", three().ofFamily("wedge", fault(2), fault(5), cut), bench.Held, "served 1,200"},
		{"one part has no receipts", three().unproved("wedge"), bench.Invalid, "faults not delivered: 0 of 12 receipts, of wedge"},
		{"somebody spoiled them", spoiled, bench.Failed, "faults not delivered: 0 of 12 receipts, of wedge, and the server spoiled the file that holds them"},
		{"one part killed nobody", survives, bench.Invalid, "faults not delivered: 0 of 12 receipts, of segfault"},
		{"another's receipts prove nothing", mixOf(failing(), wedged()).unproved("exception"), bench.Invalid, "0 of 12 receipts, of exception"},
		{"the victims are judged once", three().lose(fault(0), fault(12), 4, bench.Reset), bench.Degraded, "served 96 % of 1,200 victims: 48 reset, under 12 faults of segfault, 12 wedged requests and 12 faults of exception"},
		{"a wrong 500 of a part that is not due one", three().ofFamily("exception", fault(0), fault(12), func(x *bench.Sample) { x.Status = http.StatusOK }), bench.Failed, "12 of 12 (12 answered with status 200), of exception"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			j := Judge(tt.scene.Record)
			if j.Verdict != tt.want {
				t.Errorf("%s %q, want %s", j.Verdict, j.Reasons, tt.want)
			}
			wantReason(t, j, tt.reason)
		})
	}
}

// The reasons of a mix that lost its pool name the part that held it, and what came besides.
func TestReasonsOfAMix(t *testing.T) {
	dead := func(s scene) scene { return s.lose(fault(4), fault(12), 100, bench.TimedOut) }
	onlyOne := stuck().forget(1)
	onlyOne.edit(bench.RoleProvoker, fault(1), fault(12), func(x *bench.Sample) { x.Outcome = bench.NoConnect })
	for _, tt := range []struct {
		name  string
		scene scene
		want  []string
	}{
		{"a pool runs out", dead(mixOf(stuck(), failing())), []string{
			"4 of 4 slots held by wedged requests 3.0 s after the first fault; none of 12 wedged requests gave its slot back: no watchdog is documented, none was seen within 5 s",
			"collapses after 8 faults: 3.5 s at this ratio",
			"served 33.3 % of 1,200 victims: 800 timeout, under 12 wedged requests and 12 faults of exception",
			"theory: survives while the sum of R·p·τ < slots; no watchdog was seen within 5 s, so 4 slots last 4.0 s at this ratio",
		}},
		{"the aged slots are those of the part that holds slots", dead(mixOf(stuck().slots(512).aged(508, 508), failing())), []string{
			"512 of 512 slots held by wedged requests; none of 520 wedged requests gave its slot back: no watchdog is documented, none was seen within 5 s",
			"collapses after 516 faults: 8.5 minutes at this ratio",
			"served 33.3 % of 1,200 victims: 800 timeout, under 12 wedged requests and 12 faults of exception",
			"theory: survives while the sum of R·p·τ < slots; no watchdog was seen within 5 s, so 512 slots last 8.5 minutes at this ratio",
		}},
		{"two parts hold slots", mixOf(wedged(), crawling()), []string{
			"served 1,200 of 1,200 victims while 12 wedged requests and 12 slow uploads came; 11 of 11 slots came back after 3.1 s (median)",
			"theory: if each fault held a slot, the sum of R·p·τ = 33 ≥ slots = 4 would end the pool (3 of wedged requests, τ = 3 s; 30 of slow uploads, τ = 30 s); here they do not",
		}},
		{"slow uploads do not prove that they hold any", dead(mixOf(wedged(), crawling()).slots(7)), []string{
			"at most 4 of 7 slots held by wedged requests at once, beside 12 slow uploads; 12 of 12 wedged requests gave their slots back: no watchdog is documented, the measured one 3 s",
			"collapses after 8 faults: 3.5 s at this ratio",
			"served 33.3 % of 1,200 victims: 800 timeout, under 12 wedged requests and 12 slow uploads",
			"theory: if each fault held a slot, the sum of R·p·τ = 33 ≥ slots = 7 would end the pool (3 of wedged requests, τ = 3 s; 30 of slow uploads, τ = 30 s)",
		}},
		{"a pool of one slot", dead(mixOf(failing(), onlyOne).slots(1)), []string{
			"1 of 1 slot held by wedged requests 0.0 s after the first fault; the one wedged request did not give its slot back: no watchdog is documented, the measured one 3 s",
			"collapses after 5 faults: 3.5 s at this ratio",
			"served 33.3 % of 1,200 victims: 800 timeout, under 12 faults of exception and 1 wedged request",
			"theory: survives while the sum of R·p·τ < slots, but 3 ≥ 1 (3 of wedged requests, τ = 3 s)",
		}},
		{"nor does any other part", dead(mixOf(crawling(), failing())), []string{
			"12 slow uploads were open at once",
			"collapses after 8 faults: 3.5 s at this ratio",
			"served 33.3 % of 1,200 victims: 800 timeout, under 12 slow uploads and 12 faults of exception",
			"theory: if each fault held a slot, the sum of R·p·τ = 30 ≥ slots = 4 would end the pool (30 of slow uploads, τ = 30 s)",
		}},
		{"served beside more of them than there are slots", dead(mixOf(crawling(), failing()).slots(2)), []string{
			"12 slow uploads were open at once",
			"collapses after 8 faults: 3.5 s at this ratio",
			"served 33.3 % of 1,200 victims: 800 timeout, under 12 slow uploads and 12 faults of exception",
			"not all of them held a slot: victims were served while 3 were open, and there are 2 slots",
		}},
	} {
		if j := Judge(tt.scene.Record); !slices.Equal(j.Reasons, tt.want) {
			t.Errorf("%s: %s\n got %s\nwant %s", tt.name, j.Verdict, strings.Join(j.Reasons, "\n     "), strings.Join(tt.want, "\n     "))
		}
	}
}

// A part is measured as it is alone.
func TestMeasuresOfAMix(t *testing.T) {
	alone, mix := Judge(wedged().Record).Measures, Judge(mixOf(wedged(), failing(), crashing(true)).Record).Measures
	for _, name := range []string{"reclaimed", "time_to_reclaim"} {
		if a, b := alone[name], mix[name]; a.Value == nil || b.Value == nil || *a.Value != *b.Value || a.N != b.N {
			t.Errorf("%s is %+v alone and %+v in a mix", name, a, b)
		}
	}
	wantMeasure(t, mix, "faults_delivered", "36")
	wantMeasure(t, mix, "honest_lost", "0")
	if n := mix["honest_lost"].N; n != 12 {
		t.Errorf("%d honest requests, of one part", n)
	}
}

// The theory is about slots: another part can make a server fail.
func TestMixesAgainstTheory(t *testing.T) {
	for name, tt := range map[string]struct {
		scene scene
		want  bool
	}{
		"wedges alone, and they leave slots":   {wedged().lose(fault(0), fault(12), 50, bench.Reset), true},
		"crashes beside them":                  {mixOf(wedged(), crashing(true)).lose(fault(0), fault(12), 50, bench.Reset), false},
		"two parts hold slots, and leave some": {mixOf(wedged(), crawling()).slots(40).lose(fault(0), fault(12), 50, bench.Reset), true},
		"held, although the wedges take all":   {mixOf(stuck(), crawling()), true},
		"held: the uploads need not hold any":  {mixOf(wedged(), crawling()), false},
	} {
		if j := Judge(tt.scene.Record); slices.Contains(j.Flags, bench.FlagAgainstTheory) != tt.want {
			t.Errorf("%s: %s with flags %q", name, j.Verdict, j.Flags)
		}
	}
}

// What clients leave counts in a mix only where nothing else can have left it.
func TestWhatIsLeftInAMix(t *testing.T) {
	kept := func(s scene) scene { return s.keeping(0, func(v *bench.Vital) { v.FDs += 3 }) }
	open := mixOf(vanishing(), wedged())
	open.Receipts = slices.DeleteFunc(open.Receipts, func(r bench.Receipt) bool { return r.Nonce == "wedgef3" && r.Event != bench.ReceiptStart })
	leaking := failing().family("leak", bench.Traits{Proof: bench.ProofReceipt, LeakBytes: 8 << 20, Noun: bench.Words{"fault", "faults"}})
	for i := range leaking.Receipts {
		leaking.Receipts[i].Fault = "leak"
	}
	for _, tt := range []struct {
		name   string
		scene  scene
		want   bench.Verdict
		reason string
	}{
		{"the others hold no slot", kept(mixOf(vanishing(), failing())), bench.Failed, "resources piled up: 0.25 fds with each of 12 clients"},
		{"nothing is left", mixOf(vanishing(), failing()), bench.Held, "served"},
		{"nobody looked", func() scene { s := mixOf(vanishing(), failing()); s.Vitals = nil; return s }(), bench.Invalid, "what stays of the clients was not measured"},
		{"more clients than a pool can grow by", kept(mixOf(vanishing(), wedged()).slots(3)), bench.Failed, "resources piled up"},
		{"a pool that may have grown by so much", kept(mixOf(vanishing(), wedged()).slots(4)), bench.Held, "served"},
		{"a slot that is still held", kept(open.slots(3)), bench.Held, "served"},
		{"memory that another part leaked, and a little of it", mixOf(vanishing(), leaking).keeping(0, func(v *bench.Vital) { v.Memory += 24 << 20 }), bench.Held, "served"},
		{"much of it", mixOf(vanishing(), leaking).keeping(0, func(v *bench.Vital) { v.Memory += 64 << 20 }), bench.Failed, "memory kept: 64 of 96 MiB"},
	} {
		j := Judge(tt.scene.Record)
		if j.Verdict != tt.want || !strings.Contains(strings.Join(j.Reasons, "; "), tt.reason) {
			t.Errorf("%s: %s %q, want %s, %q", tt.name, j.Verdict, j.Reasons, tt.want, tt.reason)
		}
	}
	if !Settled(kept(open.slots(3)).breakOff(recovery(4)).Record) || Settled(kept(mixOf(vanishing(), failing())).breakOff(recovery(4)).Record) {
		t.Error("the recovery waits for what does not count, or does not wait for what counts")
	}
}

// A part that leaks is judged as it is alone, unless the slots of another part can explain
// what stays.
func TestLeaksInAMix(t *testing.T) {
	kept := func(n int, scenes ...scene) scene {
		return mixOf(scenes...).keeping(0, func(v *bench.Vital) { v.FDs += n })
	}
	fds := func() scene { return leaving(bench.ResourceFDs) }
	for _, tt := range []struct {
		name   string
		scene  scene
		want   bench.Verdict
		share  string
		reason string
	}{
		{"half of it", kept(60, fds(), failing()), bench.Failed, "50", "leak kept: 60 of 120 descriptors"},
		{"less", kept(59, fds(), failing()), bench.Held, "49.167", "served"},
		{"more than a pool can grow by", kept(60, fds(), wedged()).slots(60), bench.Failed, "50", "leak kept: 60 of 120 descriptors"},
		{"a pool that may have grown by so much", kept(60, fds(), wedged()).slots(61), bench.Held, "", "served"},
		{"slots that are still held", kept(60, fds(), stuck()).slots(60), bench.Held, "", "served"},
		{"clients that went away did not leak it", kept(24, fds(), vanishing()), bench.Held, "20", "served"},
	} {
		j := Judge(tt.scene.Record)
		if j.Verdict != tt.want || !strings.Contains(strings.Join(j.Reasons, "; "), tt.reason) {
			t.Errorf("%s: %s %q, want %s, %q", tt.name, j.Verdict, j.Reasons, tt.want, tt.reason)
		}
		wantMeasure(t, j.Measures, "leak_kept", tt.share)
	}
	if n := Judge(kept(60, fds(), failing()).Record).Measures["leak_kept"].N; n != 12 {
		t.Errorf("%d faults that leak, of 12", n)
	}
}

func TestContradictionsInMixes(t *testing.T) {
	head := func(change func(*bench.Head)) scene {
		s := mixOf(wedged(), failing())
		change(&s.Head)
		return s
	}
	part := func(change func(*bench.Part)) scene { return head(func(h *bench.Head) { change(&h.Parts[1]) }) }
	for name, tt := range map[string]struct {
		scene scene
		want  string
	}{
		"a fault of no part":          {mixOf(wedged(), failing()).ofFamily("wedge", fault(0), fault(2), func(x *bench.Sample) { x.Part = "" }), "is of a part that the record does not have"},
		"a fault of another part":     {mixOf(wedged(), failing()).ofFamily("wedge", fault(0), fault(2), func(x *bench.Sample) { x.Part = "cpu" }), "is of a part"},
		"a victim of a part":          {mixOf(wedged(), failing()).edit(bench.RoleVictim, fault(0), fault(2), func(x *bench.Sample) { x.Part = "wedge" }), "is of a part"},
		"a part in what is no mix":    {wedged().edit(bench.RoleProvoker, fault(0), fault(2), func(x *bench.Sample) { x.Part = "wedge" }), "is of a part"},
		"no parts":                    {head(func(h *bench.Head) { h.Parts = nil }), `a proof by "parts" with 0 parts`},
		"a proof of its own":          {head(func(h *bench.Head) { h.Traits = wedgeTraits }), `a proof by "receipt" with 2 parts`},
		"traits of its own":           {head(func(h *bench.Head) { h.Traits.CutOff = true }), "a mix with traits of its own"},
		"a ratio of its own":          {head(func(h *bench.Head) { h.Ratio++ }), "in a mix of 2001 and 0"},
		"aged slots of no part":       {head(func(h *bench.Head) { h.Aged = 3 }), "in a mix of 2000 and 3"},
		"one part twice":              {part(func(p *bench.Part) { p.Family = "wedge" }), `two parts of "wedge"`},
		"a part without a share":      {part(func(p *bench.Part) { p.Ratio = 0 }), "a part with a ratio of 0"},
		"more aged slots than all":    {part(func(p *bench.Part) { p.Aged = 1 }), "1 aged slots"},
		"a mix in a mix":              {part(func(p *bench.Part) { p.Traits = bench.Traits{Proof: bench.ProofParts} }), "a mix with exception, which no mix can have"},
		"two parts that leak":         {head(func(h *bench.Head) { h.Parts[0].Traits.LeakBytes, h.Parts[1].Traits.LeakBytes = 1, 1 }), "two parts that leak"},
		"load in a mix":               {part(func(p *bench.Part) { p.Traits = bench.Traits{Proof: bench.ProofSent} }), "which no mix can have"},
		"a part that fills":           {part(func(p *bench.Part) { p.Traits.Fills = true }), "which no mix can have"},
		"a part that cannot be":       {part(func(p *bench.Part) { p.Traits.Honest = false }), "not honest"},
		"a part that holds backwards": {part(func(p *bench.Part) { p.Traits.Holds = -2 }), "that holds for -2ns"},
	} {
		j := Judge(tt.scene.Record)
		if j.Verdict != bench.Invalid || len(j.Reasons) != 1 || !strings.HasPrefix(j.Reasons[0], "the record contradicts itself: ") || !strings.Contains(j.Reasons[0], tt.want) {
			t.Errorf("%s: %s %q, want %q", name, j.Verdict, j.Reasons, tt.want)
		}
	}
}

// A phase that was curtailed may have ended before a fault of some part was due.
func TestCurtailedMix(t *testing.T) {
	s := mixOf(stuck(), failing()).lose(fault(1), fault(12), 100, bench.TimedOut)
	s.ofFamily("exception", fault(0), fault(12), func(x *bench.Sample) { x.Due, x.Sent, x.Done = x.Due+5e9, x.Sent+5e9, x.Done+5e9 })
	s = s.curtail(fault(5))
	if j := Judge(s.Record); j.Verdict != bench.Failed || slices.Contains(j.Flags, bench.FlagUndelivered) {
		t.Errorf("%s %q with flags %q", j.Verdict, j.Reasons, j.Flags)
	}
}
