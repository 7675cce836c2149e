package runner

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/judge"
	"benchrun/internal/plan"
	"benchrun/scenarios"
	"benchrun/targets"
)

func TestTimeLimit(t *testing.T) {
	if none := newTimeLimit(0); !none.fits(1000*time.Hour) || none.broke(t.Context(), t.Context()) {
		t.Error("no limit limits")
	}
	hour := newTimeLimit(time.Hour)
	if !hour.fits(50*time.Minute) || hour.fits(70*time.Minute) {
		t.Error("an hour has room for 70 minutes, or none for 50")
	}
	if why := hour.why().Error(); !strings.Contains(why, "not measured") || !strings.Contains(why, "--max-time 1h0m0s") {
		t.Errorf("reason %q", why)
	}
}

// What is under way at the limit has one fault phase left, and ends for this
// cause and no other.
func TestTimeLimitGuards(t *testing.T) {
	cell := plan.Cell{Scenario: bench.Scenario{Family: bench.Family{Effect: bench.EffectKill}}}
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

// A cell that does not fit is not begun: it is invalid and says why, and what
// was judged of it before is not confirmed.
func TestCellThatDoesNotFit(t *testing.T) {
	segfault, _ := scenarios.ByID("segfault")
	c := plan.Cell{Server: &targets.Server{Name: "a"}, Profile: "p", Scenario: bench.Scenario{Family: segfault, Ratio: 1000}}
	r := &Run{
		Lab:   &Lab{},
		order: Order{Cells: []plan.Cell{c}, Mode: bench.ModeQuick, Attempts: 2}, limit: newTimeLimit(time.Second),
		prepared: map[string]*Prepared{c.Target(): {Server: c.Server, Installation: &targets.Installation{Version: "1.0"}}},
	}
	cell, err := r.cell(t.Context(), c, begun{})
	if err != nil || cell.Verdict != bench.Invalid || len(cell.Attempts) != 0 || !strings.Contains(strings.Join(cell.Reasons, " "), "--max-time 1s") {
		t.Errorf("%v %q after %d attempts, %v", cell.Verdict, cell.Reasons, len(cell.Attempts), err)
	}
	was := begun{attempts: []bench.Attempt{{Attempt: 1}}, judged: []bench.Judgement{{Verdict: bench.Failed, Measures: bench.Measures{}}}}
	cell, err = r.cell(t.Context(), c, was)
	if err != nil || cell.Verdict != bench.Invalid || !slices.Contains(cell.Flags, judge.FlagUnconfirmed) || cell.Version != "1.0" {
		t.Errorf("%v %q of %s, %v", cell.Verdict, cell.Flags, cell.Version, err)
	}
	if len(cell.Attempts) != 2 || !strings.Contains(cell.Attempts[1].Note, "--max-time") {
		t.Errorf("attempts %+v", cell.Attempts)
	}
}
