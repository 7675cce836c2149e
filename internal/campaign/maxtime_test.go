package campaign

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/place"
	"benchrun/internal/plan"
	"benchrun/scenarios"
	"benchrun/targets"
)

func TestTimeLimit(t *testing.T) {
	if none := newTimeLimit(0); !none.fits(1000*time.Hour) || none.broke(t.Context(), t.Context()) {
		t.Error("no limit limits")
	}
	hour := newTimeLimit(time.Hour)
	if left := hour.within(2 * time.Hour); left > time.Hour || left < 59*time.Minute || hour.within(time.Minute) != time.Minute || newTimeLimit(0).within(2*time.Hour) != 2*time.Hour {
		t.Errorf("a run of two hours takes %s more", left)
	}
	if !hour.fits(50*time.Minute) || hour.fits(70*time.Minute) {
		t.Error("an hour has room for 70 minutes, or none for 50")
	}
	hour.until = hour.until.Add(-time.Minute) // preparing took this minute, and would take it again after --resume
	hour.prepared()
	if all := 59*time.Minute + 30*time.Second; hour.fits(all) || !hour.allows(all, time.Minute) || !strings.Contains(hour.whyNot(all).Error(), "alone takes about 59m30s") {
		t.Error("what preparing leaves no time for is never begun")
	}
	if hour.until = hour.until.Add(-10 * time.Minute); hour.allows(55*time.Minute, time.Minute) {
		t.Error("what a resumed run would have the time for is torn in two")
	}
	if why := hour.why().Error(); !strings.Contains(why, "not measured") || !strings.Contains(why, "--max-time 1h0m0s") {
		t.Errorf("reason %q", why)
	}
}

// Whatever runs at the limit has one more fault phase of time, and then ends for
// this cause.
func TestTimeLimitGuards(t *testing.T) {
	cell := plan.Cell{Server: &targets.Server{}, Scenario: bench.Scenario{Family: bench.Family{Traits: bench.Traits{Proof: bench.ProofDeath}}}}
	phase := bench.PhasesFor(bench.ModeQuick, 0, 0).Fault
	under := timeLimit{length: time.Minute, until: time.Now()}
	guarded, stop := under.guard(t.Context(), cell, bench.ModeQuick)
	defer stop()
	if at, ok := guarded.Deadline(); !ok || !at.Equal(under.until.Add(phase)) || under.broke(t.Context(), guarded) {
		t.Errorf("ends at %v, want %v after %v", at, phase, under.until)
	}
	over := timeLimit{length: time.Minute, until: time.Now().Add(-phase)}
	guarded, stop = over.guard(t.Context(), cell, bench.ModeQuick)
	defer stop()
	<-guarded.Done()
	if !over.broke(t.Context(), guarded) {
		t.Errorf("cause %v", context.Cause(guarded))
	}
	interrupted, interrupt := context.WithCancelCause(t.Context())
	interrupt(errors.New("interrupted"))
	if over.broke(interrupted, guarded) {
		t.Error("an interruption counts as the limit's doing")
	}
}

// A cell that does not fit does not begin: it is invalid and says why. Its earlier
// verdicts stay unconfirmed.
func TestCellThatDoesNotFit(t *testing.T) {
	segfault, _ := scenarios.Family("segfault")
	c := plan.Cell{Server: &targets.Server{Name: "a"}, Profile: "p", Scenario: bench.Scenario{Family: segfault, Ratio: 1000}}
	r := newRun(Order{Cells: []plan.Cell{c}, Mode: bench.ModeQuick, Attempts: 2})
	r.Host, r.limit = &place.Host{}, newTimeLimit(time.Second)
	r.prepared = map[string]*place.Target{c.Target(): {Server: c.Server, Installation: &targets.Installation{Version: "1.0"}}}
	u := r.underway(0)
	_, err := u.measure(t.Context())
	cell := u.cell
	if err != nil || cell.Verdict != bench.Invalid || len(cell.Attempts) != 0 || !strings.Contains(strings.Join(cell.Reasons, " "), "--max-time 1s") {
		t.Errorf("%v %q after %d attempts, %v", cell.Verdict, cell.Reasons, len(cell.Attempts), err)
	}
	r.begun = []begun{{attempts: []bench.Attempt{{Attempt: 1}}, judged: []bench.Judgement{{Verdict: bench.Failed, Measures: bench.Measures{}}}}}
	u = r.underway(0)
	_, err = u.measure(t.Context())
	cell = u.cell
	if err != nil || cell.Verdict != bench.Invalid || !slices.Contains(cell.Flags, bench.FlagUnconfirmed) || cell.Version != "1.0" {
		t.Errorf("%v %q of %s, %v", cell.Verdict, cell.Flags, cell.Version, err)
	}
	if len(cell.Attempts) != 2 || !strings.Contains(cell.Attempts[1].Note, "--max-time") {
		t.Errorf("attempts %+v", cell.Attempts)
	}
}

// Attempts from an earlier part of the run take no time again, and a cell that is
// longer than the whole limit advances one attempt at a time. So resuming ends at
// last, however short the limit is.
func TestResumingWithALimitComesToAnEnd(t *testing.T) {
	failed := bench.Judgement{Verdict: bench.Failed, Measures: bench.Measures{}}
	for name, tt := range map[string]struct {
		limit float64 // in lengths of an attempt
		was   []bench.Judgement
		begun bool
	}{
		"the rest fits":                     {1.5, []bench.Judgement{failed}, true},
		"the rest fits, an invalid one too": {2.5, []bench.Judgement{{Verdict: bench.Invalid}, failed}, true},
		"longer than the limit":             {1.5, nil, true},
		"not even an attempt":               {0.5, []bench.Judgement{failed}, false},
	} {
		r := earlierRun(t, 3)
		c := r.order.Cells[0] // a server that does not replace crashed workers is expected to fail, so all attempts are needed
		r.Host = &place.Host{}
		r.begun = []begun{{judged: tt.was, attempts: make([]bench.Attempt, len(tt.was))}, {}}
		r.prepared = map[string]*place.Target{c.Target(): {Server: c.Server, Installation: &targets.Installation{Version: "1.0"}}}
		attempt := plan.CellEstimate(c, r.knowledge())
		if all, want := r.estimate([]plan.Cell{c}), attempt*time.Duration(3-r.begun[0].valid()); all != want {
			t.Errorf("%s: the rest takes %v, want %v", name, all, want)
		}
		r.limit = newTimeLimit(time.Duration(tt.limit * float64(attempt)))
		u := r.underway(0)
		_, err := u.measure(t.Context())
		cell := u.cell
		said := strings.Join(cell.Reasons, " ")
		for _, a := range cell.Attempts {
			said += " " + a.Note
		}
		// Every attempt fails here at once, because the server's app does not exist.
		if begun := err != nil && strings.Contains(said, "app of a"); begun != tt.begun || strings.Contains(said, "--max-time") == tt.begun {
			t.Errorf("%s: begun %v, want %v: %q, %v", name, begun, tt.begun, said, err)
		}
	}
}
