package ladder

import (
	"context"
	"errors"

	"benchrun/internal/bench"
	"benchrun/internal/campaign"
	"benchrun/internal/plan"
	"benchrun/scenarios"
)

// Climb measures the rungs that a bisection needs, and then the longest honest request.
// order are the rungs of Cells. If it returns an error, the run and the ladder hold what
// was measured before it.
func Climb(ctx context.Context, r *campaign.Run, rungs []plan.Cell, python string) (bench.Run, bench.Ladder, error) {
	var done []*bench.Cell
	run, err := r.Search(ctx, func(all []*bench.Cell) int {
		done = all
		return next(all)
	})
	l := bench.Ladder{
		Run: run.ID, Server: rungs[0].Server.Name, Version: rungs[0].Version, Profile: rungs[0].Profile,
		Family: rungs[0].Scenario.Family.ID, Honest: bench.LongestHonest{Note: "not measured"},
	}
	fill(&l, rungs, done)
	if err == nil {
		err = theory(ctx, r, &l, done)
	}
	if err == nil {
		l.Honest, err = climbHonest(ctx, r, rungs[0], python)
	}
	return run, l, errors.Join(err, r.Folder.WriteLadder(l))
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
func theory(ctx context.Context, r *campaign.Run, l *bench.Ladder, done []*bench.Cell) error {
	family, _ := scenarios.Family(l.Family)
	for _, c := range done {
		if c == nil {
			continue
		}
		for _, a := range c.Attempts {
			if a.Record == "" {
				continue
			}
			rec, err := r.Folder.ReadRecord(ctx, a.Record)
			if err != nil {
				return err
			}
			if slots, hold, below, ok := plan.Survives(family, rec.Head.Target.Probe, rec.Head.Rate); ok {
				l.Theory = &bench.Theory{Slots: slots, Hold: hold, Below: below}
			}
			return nil
		}
	}
	return nil
}
