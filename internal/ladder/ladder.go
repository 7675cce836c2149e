package ladder

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"benchrun/internal/bench"
	"benchrun/internal/campaign"
	"benchrun/internal/plan"
	"benchrun/internal/probe"
)

// Foretell says what a ladder measures beside its rungs.
func Foretell(rungs []plan.Cell) string {
	longest := probe.HonestMost(rungs[0].Server.Profiles[rungs[0].Profile].Claims)
	return fmt.Sprintf("then up to %d honest requests of at most %.0f s each\n", requests(longest), longest.Seconds())
}

// Climb measures the rungs that a bisection needs, and then the longest honest request.
// rungs are those of Cells. If it returns an error, the run and the ladder hold what was
// measured before it.
func Climb(ctx context.Context, r *campaign.Run, rungs []plan.Cell, python string) (bench.Run, bench.Ladder, error) {
	var done []*bench.Cell
	c := rungs[0]
	l := bench.Ladder{
		Server: c.Server.Name, Version: c.Version, Profile: c.Profile,
		Family: c.Scenario.Family.ID, Honest: bench.LongestHonest{Note: "not measured"},
	}
	r.Tell.Note(fmt.Sprintf("of %d ratios, about %d are measured", len(rungs), Most(len(rungs))))
	run, err := r.Search(ctx, func(all []*bench.Cell) int {
		done = all
		return next(all)
	}, func(run bench.Run, err error) error {
		l.Run = run.ID
		fill(&l, rungs, done)
		if err == nil {
			l.Theory, err = theory(ctx, r, c.Scenario.Family, run)
		}
		if had, ok := r.Folder.Ladder(context.WithoutCancel(ctx)); ok && had.Honest.Note == "" { // the run is resumed
			l.Honest = had.Honest
		} else if err == nil {
			l.Honest, err = climbHonest(ctx, r, c, python)
		}
		return errors.Join(err, r.Folder.WriteLadder(l))
	})
	return run, l, err
}

func climbHonest(ctx context.Context, r *campaign.Run, c plan.Cell, python string) (bench.LongestHonest, error) {
	t, err := r.Host.Install(ctx, c, python, r.Tell.Note)
	if err != nil {
		return bench.LongestHonest{Note: "not measured"}, err
	}
	return honest(ctx, r.Host, t, r.Folder.Join(r.Folder.LogPath(c.Target()+"/longest-honest", 1)), r.Tell)
}

// fill writes down what the measured rungs say.
func fill(l *bench.Ladder, rungs []plan.Cell, done []*bench.Cell) {
	b := bracketOf(done)
	for i, c := range done {
		if c == nil {
			continue
		}
		l.Version = c.Version
		rung := bench.Rung{Scenario: c.Scenario, Ratio: c.Ratio, Verdict: c.Verdict, Flaky: c.Verdict.Claims() && silent(*c)}
		if c.Verdict.Claims() {
			rung.H = c.Measures["h"].Value
		}
		if len(c.Reasons) > 0 && c.Verdict != bench.Held {
			rung.Reason = c.Reasons[0]
		}
		l.Rungs = append(l.Rungs, rung)
		if i > b.holds && i < b.fails && silent(*c) {
			l.Between = append(l.Between, c.Scenario)
		}
	}
	ratio := func(i int) *float64 {
		if i < 0 || i >= len(done) {
			return nil
		}
		p := rungs[i].Scenario.Ratio.Percent()
		return &p
	}
	l.Holds, l.Fails = ratio(b.holds), ratio(b.fails)
}

// theory solves R·p·τ < C for p, with slots and watchdog as they were probed for the cells.
func theory(ctx context.Context, r *campaign.Run, family bench.Family, run bench.Run) (*bench.Theory, error) {
	for _, c := range run.Cells {
		i := slices.IndexFunc(c.Attempts, func(a bench.Attempt) bool { return a.Record != "" })
		if i < 0 {
			continue
		}
		rec, err := r.Folder.ReadRecord(ctx, c.Attempts[i].Record)
		if err != nil {
			return nil, err
		}
		slots, hold, below, ok := plan.Survives(family, rec.Head.Target.Probe, rec.Head.Rate)
		if !ok {
			return nil, nil
		}
		return &bench.Theory{Slots: slots, Hold: hold, Below: below}, nil
	}
	return nil, nil
}
