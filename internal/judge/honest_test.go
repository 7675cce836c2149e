package judge

import (
	"slices"
	"strings"
	"testing"
	"time"

	"benchrun/internal/bench"
)

// honestScene is a scene of 12 honest requests, one a second, each answered
// right after 1.5 s.
func honestScene() scene {
	s := quiet().family("legit-slow", loadTraits).
		head(func(h *bench.Head) { h.Traits.Honest, h.Traits.MustComplete = true, true })
	for i := range int(faultLen) {
		due, nonce := fault(0.5+float64(i)), "f"+string(rune('a'+i))
		p := s.provoker(bench.RoleProvoker, nonce, due, bench.Completed)
		p.Status, p.Done = 200, ns(due+1.5)
		s.receipt(nonce, due+0.002, bench.ReceiptStart).receipt(nonce, due+1.5, bench.ReceiptEnd)
	}
	return s
}

func TestHonestRequestsMustComplete(t *testing.T) {
	for _, tt := range []struct {
		name, how string
		spoil     func(*bench.Sample)
	}{
		{"an error page", "12 answered with status 504", func(s *bench.Sample) { s.Status = 504 }},
		{"a wrong body", "12 answered wrongly", func(s *bench.Sample) { s.Error = "the upload's receipt: another digest" }},
		{"cut", "12 cut off", func(s *bench.Sample) { s.Outcome, s.Status = bench.Cut, 0 }},
		{"no connection", "12 refused a connection", func(s *bench.Sample) { s.Outcome, s.Status = bench.NoConnect, 0 }},
		{"no answer", "12 not answered", func(s *bench.Sample) { s.Outcome, s.Status, s.Done = bench.HeldOpen, 0, 0 }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			j := Judge(honestScene().edit(bench.RoleProvoker, fault(0), recoveryAt, tt.spoil).Record)
			if j.Verdict != bench.Failed || !strings.HasPrefix(j.Reasons[0], "honest requests lost: 12 of 12 ("+tt.how+")") {
				t.Errorf("all lost: %s %q", j.Verdict, j.Reasons)
			}
			wantMeasure(t, j.Measures, "honest_lost", "12")
			j = Judge(honestScene().edit(bench.RoleProvoker, fault(0), fault(2), tt.spoil).Record)
			if j.Verdict != bench.Failed {
				t.Errorf("two lost: %s %q", j.Verdict, j.Reasons)
			}
			j = Judge(honestScene().edit(bench.RoleProvoker, fault(0), fault(1), tt.spoil).Record)
			if j.Verdict != bench.Held {
				t.Errorf("one lost decides nothing: %s %q", j.Verdict, j.Reasons)
			}
			wantMeasure(t, j.Measures, "honest_lost", "1")
			free := honestScene().head(func(h *bench.Head) { h.Traits.MustComplete = false }).edit(bench.RoleProvoker, fault(0), recoveryAt, tt.spoil)
			if j = Judge(free.Record); j.Verdict != bench.Held {
				t.Errorf("of a family that does not ask for it: %s %q", j.Verdict, j.Reasons)
			}
			wantMeasure(t, j.Measures, "honest_lost", "")
		})
	}
	j := Judge(honestScene().Record)
	if j.Verdict != bench.Held {
		t.Errorf("all answered: %s %q", j.Verdict, j.Reasons)
	}
	wantMeasure(t, j.Measures, "honest_lost", "0")
	wantReason(t, j, "12 of 12 requests of the fault got their answer too")
}

// Where the app fails, the right answer is the server's error page.
func TestRightAnswerOfAnotherStatus(t *testing.T) {
	failing := func(status int) bench.Judgement {
		s := honestScene().head(func(h *bench.Head) { h.Traits.Status = 500 })
		return Judge(s.edit(bench.RoleProvoker, fault(0), recoveryAt, func(p *bench.Sample) { p.Status = status }).Record)
	}
	if j := failing(500); j.Verdict != bench.Held {
		t.Errorf("status 500: %s %q", j.Verdict, j.Reasons)
	}
	j := failing(200)
	if j.Verdict != bench.Failed {
		t.Errorf("status 200: %s %q", j.Verdict, j.Reasons)
	}
	wantReason(t, j, "honest requests lost: 12 of 12 (12 answered with status 200)")
}

// A server may refuse an upload by a limit of its own, in a whole answer that says so.
func TestRefusedByALimit(t *testing.T) {
	uploading := func() scene {
		return honestScene().head(func(h *bench.Head) {
			h.Traits.Carries, h.Traits.Vanishes, h.Traits.Noun = 1000, true, bench.Words{"upload", "uploads"}
		})
	}
	with := func(status int) func(*bench.Sample) { return func(s *bench.Sample) { s.Status = status } }
	cut := func(s *bench.Sample) { s.Outcome = bench.Cut }
	for _, tt := range []struct {
		name   string
		scene  scene
		spoil  []func(*bench.Sample)
		failed bool
		reason string
	}{
		{"413", uploading(), []func(*bench.Sample){with(413)}, false, "12 of 12 uploads got a refusal that names a limit of the server (12 with status 413), which decides nothing"},
		{"411", uploading(), []func(*bench.Sample){with(411)}, false, "(12 with status 411)"},
		{"417", uploading(), []func(*bench.Sample){with(417)}, false, "(12 with status 417)"},
		{"another one", uploading(), []func(*bench.Sample){with(400)}, true, "honest requests lost: 12 of 12 (12 answered with status 400)"},
		{"in a broken answer", uploading(), []func(*bench.Sample){with(413), cut}, true, "honest requests lost: 12 of 12 (12 cut off)"},
		{"of a request without a body", honestScene(), []func(*bench.Sample){with(413)}, true, "honest requests lost: 12 of 12 (12 answered with status 413)"},
	} {
		for t := baseAt; t < shutdownAt; t += 0.2 {
			tt.scene = tt.scene.vital(t, 64<<20, 0.1*t, 10)
		}
		for _, spoil := range tt.spoil {
			tt.scene.edit(bench.RoleProvoker, fault(0), recoveryAt, spoil)
		}
		j := Judge(tt.scene.Record)
		if (j.Verdict == bench.Failed) != tt.failed || !tt.failed && j.Verdict != bench.Held {
			t.Errorf("%s: %s %q", tt.name, j.Verdict, j.Reasons)
		}
		if slices.Contains(j.Flags, bench.FlagRefusedByLimit) == tt.failed {
			t.Errorf("%s: flags %v", tt.name, j.Flags)
		}
		wantReason(t, j, tt.reason)
		if !tt.failed {
			wantReason(t, j, "0 of 12 requests of the fault got their answer")
			wantMeasure(t, j.Measures, "honest_lost", "0")
		}
	}
	// That victims are lost beside them is no matter of a limit.
	if j := Judge(uploading().edit(bench.RoleProvoker, fault(0), recoveryAt, with(413)).lose(fault(0), recoveryAt, 50, bench.TimedOut).Record); j.Verdict != bench.Failed {
		t.Errorf("victims lost: %s %q", j.Verdict, j.Reasons)
	}
}

// Whoever came too late to have ended, or in a second that does not count, is
// held against nobody.
func TestHonestRequestsThatDoNotCount(t *testing.T) {
	unanswered := func(s *bench.Sample) { s.Outcome, s.Status, s.Done = bench.HeldOpen, 0, 0 }
	late := honestScene().head(func(h *bench.Head) { h.Traits.Holds = 5 * time.Second }).edit(bench.RoleProvoker, fault(7), recoveryAt, unanswered)
	j := Judge(late.Record)
	if j.Verdict != bench.Held {
		t.Errorf("too late: %s %q", j.Verdict, j.Reasons)
	}
	wantMeasure(t, j.Measures, "honest_lost", "0")
	if n := j.Measures["honest_lost"].N; n != 7 {
		t.Errorf("%d counted, want 7", n)
	}
	// Without the stall these two would fail it.
	masked := honestScene().head(func(h *bench.Head) { h.Phases.Fault = 9e9 }).stall(fault(5.5)).edit(bench.RoleProvoker, fault(5), fault(7), unanswered)
	if j = Judge(masked.Record); j.Verdict != bench.Held {
		t.Errorf("in masked seconds: %s %q", j.Verdict, j.Reasons)
	}
}

// Lost victims say more than lost provokers, and one that is only degraded has
// failed where its honest requests were lost.
func TestHonestRequestsAndVictims(t *testing.T) {
	spoil := func(s *bench.Sample) { s.Status = 504 }
	s := honestScene().edit(bench.RoleProvoker, fault(0), recoveryAt, spoil).lose(fault(0), recoveryAt, 3, bench.TimedOut)
	if j := Judge(s.Record); j.Verdict != bench.Failed {
		t.Errorf("97 %% of victims, no honest request served: %s %q", j.Verdict, j.Reasons)
	}
	if j := Judge(honestScene().lose(fault(0), recoveryAt, 3, bench.TimedOut).Record); j.Verdict != bench.Degraded {
		t.Errorf("97 %% of victims, all honest requests served: %s %q", j.Verdict, j.Reasons)
	}
}

// A large upload is delivered when its first bytes are taken, a slow download
// when its first are there; what the server ended is delivered in any case.
func TestClientFaultsAreProved(t *testing.T) {
	for _, tt := range []struct {
		traits bench.Traits
		bytes  int64
		want   bench.Verdict
	}{
		{uploadTraits, 100_000, bench.Held},
		{uploadTraits, 99_999, bench.Invalid},
		{downloadTraits, 1, bench.Held},
		{downloadTraits, 0, bench.Invalid},
	} {
		s := crawling().family("x", tt.traits)
		j := Judge(s.edit(bench.RoleProvoker, fault(0), recoveryAt, func(p *bench.Sample) { p.Bytes = tt.bytes }).Record)
		if j.Verdict != tt.want {
			t.Errorf("%s after %d bytes: %s %q, want %s", tt.traits.Noun[1], tt.bytes, j.Verdict, j.Reasons, tt.want)
		}
		if tt.want == bench.Invalid {
			wantReason(t, j, tt.traits.Noun[1])
		}
		j = Judge(s.edit(bench.RoleProvoker, fault(0), recoveryAt, func(p *bench.Sample) { p.Outcome, p.Bytes = bench.Cut, 0 }).Record)
		if j.Verdict != bench.Held || slices.Contains(j.Flags, bench.FlagHonestCut) != tt.traits.Honest {
			t.Errorf("%s, cut by the server: %s, flags %v", tt.traits.Noun[1], j.Verdict, j.Flags)
		}
	}
}

func TestLoadIsTalkedOfAsLoad(t *testing.T) {
	s := honestScene().head(func(h *bench.Head) { h.Traits.MustComplete = false })
	wantReason(t, Judge(s.Record), "12 faults were delivered")
	j := Judge(s.lose(fault(0), recoveryAt, 50, bench.Late).Record)
	wantReason(t, j, "each fault lost 50 ordinary requests")
	for _, word := range []string{"crash", "wedge", "slot", "theory"} {
		if strings.Contains(strings.Join(j.Reasons, "; "), word) {
			t.Errorf("%q speaks of a %s", j.Reasons, word)
		}
	}
}
