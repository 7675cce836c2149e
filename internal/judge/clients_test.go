package judge

import (
	"fmt"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// malformed is a scene of 12 malformed requests, four of each of three texts, the last of
// which promises more. All but the last are answered. Nothing of them stays.
func malformed() scene {
	s := vanishing().family("garbage", bench.Traits{
		Proof: bench.ProofStay, Vanishes: true, SparesWorkers: true,
		Noun: bench.Words{"malformed request", "malformed requests"}, Did: bench.Words{"malformed request came", "malformed requests came"},
	})
	i := 0
	return s.edit(bench.RoleProvoker, fault(0), recoveryAt, func(p *bench.Sample) {
		p.Text, p.Promised = fmt.Sprintf("text %d", i%3), i%3 == 2
		p.Outcome, p.Status, p.Done = bench.Completed, 400, p.Due+2e6
		if p.Promised {
			p.Outcome, p.Status, p.Done = bench.HeldOpen, 0, p.Sent+5e9
		}
		i++
	})
}

// texts changes the samples of a text.
func (s scene) texts(name string, change func(*bench.Sample)) scene {
	return s.edit(bench.RoleProvoker, fault(0), recoveryAt, func(p *bench.Sample) {
		if p.Text == name {
			change(p)
		}
	})
}

// retiredBefore is the scene if one worker had already ended as planned before any fault.
func (s scene) retiredBefore() scene {
	s.Boot.PIDs = append(s.Boot.PIDs, 10)
	s.Procs = append(s.Procs, bench.ProcEvent{T: ns(base(2)), PID: 10, Event: bench.Died, Exit: &bench.ExitStatus{}})
	return s
}

func TestWhatClientsDo(t *testing.T) {
	hang := func(p *bench.Sample) { p.Outcome, p.Status, p.Done = bench.HeldOpen, 0, p.Sent+5e9 }
	// dying is n workers that end in a way, each of which was replaced.
	dying := func(n int, e bench.ExitStatus) scene {
		s := malformed()
		for i := range n {
			s.Procs = append(s.Procs, bench.ProcEvent{T: ns(fault(float64(i) + 1)), PID: 11 + i, Event: bench.Died, Exit: &e})
			s = s.born(12+i, fault(float64(i)+1.1)).servedBy(12+i, fault(float64(i)+1.2), shutdownAt)
		}
		return s
	}
	// watched is a server with such a watchdog, of which each client that promised more ends a
	// worker after 3 s.
	watched := func(watchdog float64) scene {
		var ended []float64
		s := malformed().texts("text 2", func(p *bench.Sample) {
			p.Outcome, p.Done = bench.Cut, p.Sent+3e9
			ended = append(ended, seconds(p.Done))
		}).head(func(h *bench.Head) { h.Target.Claims.Watchdog = watchdog })
		for i, at := range ended {
			s.Procs = append(s.Procs, bench.ProcEvent{T: ns(at), PID: 11 + i, Event: bench.Died, Exit: &bench.ExitStatus{Signal: "SIGKILL"}})
			s = s.born(12+i, at+0.1).servedBy(12+i, at+0.2, shutdownAt)
		}
		return s
	}
	for _, tt := range []struct {
		name   string
		scene  scene
		want   bench.Verdict
		reason string
	}{
		{"nothing", malformed(), bench.Held, "served 1,200 of 1,200 victims while 12 malformed requests came"},
		{"a text hangs", malformed().texts("text 1", hang), bench.Failed, "left hanging: all 4 clients that sent text 1: 5.0 s later there was neither"},
		{"two texts hang", malformed().texts("text 1", hang).texts("text 0", hang), bench.Failed, "all 8 clients that sent text 0, text 1: 5"},
		{"but for one client", malformed().texts("text 1", hang).edit(bench.RoleProvoker, fault(0), fault(2), func(p *bench.Sample) { p.Outcome = bench.Cut }), bench.Held, "served"},
		{"until the attempt ended", malformed().texts("text 1", func(p *bench.Sample) { hang(p); p.Done = ns(shutdownAt + 0.5) }), bench.Held, "served"},
		{"another's answer", malformed().edit(bench.RoleProvoker, fault(3), fault(4), func(p *bench.Sample) { p.Outcome = bench.Wrong }), bench.Failed, "1 of 12 malformed requests got an answer that was meant for another client"},
		{"one of a text leaves a descriptor", malformed().keeping(0, func(v *bench.Vital) { v.FDs += 4 }), bench.Failed, "resources piled up: 0.33 fds with each of 12 clients"},
		{"two that are left", malformed().keeping(0, func(v *bench.Vital) { v.FDs += 2 }), bench.Held, "served"},
		{"each request ends a worker", dying(6, bench.ExitStatus{Code: 1}), bench.Failed, "workers died: 6 (exit code 1), although all that 12 malformed requests did was to send bytes"},
		{"by a signal", dying(2, bench.ExitStatus{Signal: "SIGKILL"}), bench.Failed, "workers died: 2 (SIGKILL)"},
		{"by a watchdog, for each client that promised more", watched(3), bench.Held, "served"},
		{"by a watchdog that is not documented", watched(0), bench.Failed, "workers died: 4 (SIGKILL)"},
		{"long before the watchdog", watched(12), bench.Failed, "workers died: 4 (SIGKILL)"},
		{"one worker ended", dying(1, bench.ExitStatus{Code: 1}), bench.Held, "served"},
		{"with code 0", dying(5, bench.ExitStatus{}), bench.Failed, "workers died: 5 (exit code 0), although all that 12"},
		{"with code 0, but they did so before", dying(5, bench.ExitStatus{}).retiredBefore(), bench.Held, "served"},
		{"with code 0, of a pool that may have been due", dying(5, bench.ExitStatus{}).head(func(h *bench.Head) { h.Target.Workers = 2 }), bench.Held, "served"},
		{"with code 0, of many more clients", many(dying(5, bench.ExitStatus{}), 8), bench.Held, "served"},
		{"their time was up", dying(4, bench.ExitStatus{}), bench.Held, "served"},
		{"it was, and they have a code for it", dying(4, bench.ExitStatus{Code: 30}).head(func(h *bench.Head) { h.Target.Claims.RetireCode = 30 }), bench.Held, "served"},
		{"they were asked to", dying(4, bench.ExitStatus{Signal: "SIGTERM"}), bench.Held, "served"},
		{"without the trait", dying(6, bench.ExitStatus{Code: 1}).head(func(h *bench.Head) { h.Traits.SparesWorkers = false }), bench.Held, "served"},
	} {
		j := Judge(tt.scene.Record)
		if j.Verdict != tt.want || !strings.Contains(strings.Join(j.Reasons, "; "), tt.reason) {
			t.Errorf("%s: %s %q, want %s, %q", tt.name, j.Verdict, j.Reasons, tt.want, tt.reason)
		}
	}
}

// Nobody else's answer is a wrong body, which needs no confirmation.
func TestAnothersAnswerIsAWrongBody(t *testing.T) {
	j := Judge(malformed().edit(bench.RoleProvoker, fault(3), fault(4), func(p *bench.Sample) { p.Outcome = bench.Wrong }).Record)
	if again, why := Next([]bench.Judgement{j}, 2, 2); again || !strings.Contains(why, "wrong body") {
		t.Errorf("flags %q: again %t, %s", j.Flags, again, why)
	}
}

// One text of thirty that is never let go of shows in the descriptors.
func TestOneTextOfMany(t *testing.T) {
	s := malformed()
	for i := range 118 {
		p := s.provoker(bench.RoleProvoker, fmt.Sprintf("g%d", i), fault(0.05+0.1*float64(i)), bench.Completed)
		p.Text, p.Status, p.Done = fmt.Sprintf("text %d", 2+(i%28)), 400, p.Due+2e6
	}
	if j := Judge(s.keeping(0, func(v *bench.Vital) { v.FDs += 4; v.CloseWait = 4 }).Record); j.Verdict != bench.Failed {
		t.Errorf("%s %q", j.Verdict, j.Reasons)
	}
}
