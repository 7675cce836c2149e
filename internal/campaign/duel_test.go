package campaign

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"benchrun/internal/bench"
	"benchrun/internal/campaign/pack"
	"benchrun/internal/judge"
	"benchrun/internal/plan"
	"benchrun/internal/probe"
	"benchrun/scenarios"
)

// foughtSide is a side of a duel whose attempts have these verdicts.
func foughtSide(t *testing.T, name string, broke error, verdicts ...bench.Verdict) *side {
	t.Helper()
	family, _ := scenarios.ByID("segfault")
	s := &side{underway: &underway{
		place: map[string]int{"a": 1, "b": 2}[name],
		cell:  bench.Cell{Server: name, Version: "1.0", Profile: "p", Scenario: "segfault-1pct", Family: family.ID},
	}, broke: broke}
	for i, v := range verdicts {
		s.judged = append(s.judged, bench.Judgement{Verdict: v, Measures: bench.Measures{}, Flags: []string{}, Reasons: []string{v.String()}})
		s.cell.Attempts = append(s.cell.Attempts, bench.Attempt{Attempt: i + 1, Verdict: v, Record: "records/" + name})
	}
	return s
}

// However a bout ends, run.json has what was measured of both sides, and the reason
// why an attempt could not be made. If nothing was measured, it has nothing.
func TestDuelKeepsItsCells(t *testing.T) {
	gone := errors.New("port 4711 is taken")
	held, failed := bench.Held, bench.Failed
	pair := judge.Pair{A: bench.Judgement{Verdict: held}, B: bench.Judgement{Verdict: failed}}
	for name, tt := range map[string]struct {
		a, b    *side
		pairs   []judge.Pair
		err     error
		want    []bench.Verdict
		answer  bench.Answer
		because string
	}{
		"whole":               {foughtSide(t, "a", nil, held, held), foughtSide(t, "b", nil, failed, failed), []judge.Pair{pair, pair}, nil, []bench.Verdict{held, failed}, "worse", ""},
		"A cannot go on":      {foughtSide(t, "a", gone, held), foughtSide(t, "b", nil, failed), []judge.Pair{pair}, gone, []bench.Verdict{held, bench.Invalid}, "invalid", "port 4711"},
		"B cannot go on":      {foughtSide(t, "a", nil, held, held), foughtSide(t, "b", gone, failed), []judge.Pair{pair}, gone, []bench.Verdict{held, bench.Invalid}, "invalid", "port 4711"},
		"B was never begun":   {foughtSide(t, "a", nil, failed), foughtSide(t, "b", gone), nil, gone, []bench.Verdict{bench.Invalid, bench.Invalid}, "invalid", "port 4711"},
		"nothing was made":    {foughtSide(t, "a", gone), foughtSide(t, "b", nil), nil, gone, nil, "invalid", "port 4711"},
		"A could not be kept": {foughtSide(t, "a", nil, held), foughtSide(t, "b", nil), nil, gone, []bench.Verdict{held, bench.Invalid}, "invalid", "port 4711"},
	} {
		r := &Run{order: Order{Attempts: 2}, done: make([]*bench.Cell, 3)}
		r.conclude(0, bench.Cell{Scenario: "wedge-1pct"})
		tt.a.Run, tt.b.Run = r, r
		b := &bout{Run: r, a: tt.a, b: tt.b, pairs: tt.pairs}
		b.settle(tt.err)
		bout := b.result
		var got []bench.Verdict
		for _, c := range r.run.Cells[1:] {
			got = append(got, c.Verdict)
			if len(c.Attempts) == 0 {
				t.Errorf("%s: %s has no attempts", name, c.Server)
			}
		}
		if !slices.Equal(got, tt.want) || bout.Answer != tt.answer || !strings.Contains(strings.Join(bout.Reasons, " "), tt.because) {
			t.Errorf("%s: cells %v, want %v; %s %q", name, got, tt.want, bout.Answer, bout.Reasons)
		}
	}
}

// A host that stalls while a target is probed ends that scenario and not the duel: the
// others may still get an answer. Any other trouble ends the duel.
func TestDuelGoesOnAfterAStalledProbe(t *testing.T) {
	gone := errors.New("no port is free")
	wedge, _ := widerUploads(t)
	for name, tt := range map[string]struct {
		probing error
		outcome pack.Outcome
		over    bool
		err     error
	}{
		"the host stalls":       {fmt.Errorf("slots: %w", probe.ErrHostStalled), pack.Over, true, nil},
		"benchrun cannot go on": {gone, pack.Stop, true, gone},
	} {
		installed := probing(t, wedge)
		r := newRun(Order{Cells: []plan.Cell{wedge, wedge}, Mode: bench.ModeQuick, Attempts: 2})
		r.Host, r.Folder, r.prepared = installed.Host, installed.Folder, installed.prepared
		r.files = map[[2]string]keptIn{{wedge.Target(), wedge.Scenario.Family.ID}: {err: tt.probing}}
		b := r.newBout(0)
		outcome, err := b.fight(t.Context(), task{})
		if outcome != tt.outcome || !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) {
			t.Errorf("%s: outcome %v, %v", name, outcome, err)
		}
		if b.over != tt.over {
			t.Errorf("%s: over %v", name, b.over)
		}
		if tt.err == nil && (b.result.Answer != bench.DuelInvalid || !strings.Contains(strings.Join(b.result.Reasons, " "), "could not be probed: slots: ")) {
			t.Errorf("%s: %s %q", name, b.result.Answer, b.result.Reasons)
		}
	}
}
