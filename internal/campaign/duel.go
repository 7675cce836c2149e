package campaign

import (
	"context"
	"fmt"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/judge"
	"benchrun/results"
)

// Duel measures two targets against each other on the same host now, A B A B:
// the order holds the cells pair by pair, A's cell of a scenario before B's.
// Attempts, of the order, is how many pairs must say the same of B before a
// difference counts, at least 2.
//
// The run that it returns has a cell for each side, folded as in any other run;
// the answers are in the bouts. When it returns an error, what was measured
// before it is in the folder, the run and the bouts.
func (r *Run) Duel(ctx context.Context) (bench.Run, []results.Bout, error) {
	if err := r.begin(ctx); err != nil {
		run, err := r.finish(ctx, err)
		return run, nil, err
	}
	for key, err := range r.failed { // half a duel is none
		run, err := r.finish(ctx, fmt.Errorf("%s: %w", key, err))
		return run, nil, err
	}
	var bouts []results.Bout
	var first error
	for i := 0; i+1 < len(r.order.Cells); i += 2 {
		known := len(r.run.Cells)
		bout, err := r.bout(ctx, i)
		if ctx.Err() == nil || len(r.run.Cells) > known { // of an interrupted bout, what was measured
			bouts = append(bouts, bout)
		}
		if first = err; ctx.Err() != nil {
			first = context.Cause(ctx)
		}
		if first == nil {
			first = r.keep()
		}
		if first != nil {
			break
		}
	}
	run, err := r.finish(ctx, first)
	return run, bouts, err
}

// side is one of the two targets under one scenario.
type side struct {
	*underway
	broke error // why its last attempt could not be made
}

// bout makes pairs of attempts until the judge has an answer, of the cells i and
// i+1 of the order. Both are in the run then, however it ended, unless nothing was
// measured of either.
func (r *Run) bout(ctx context.Context, i int) (results.Bout, error) {
	a, b := &side{underway: r.underway(i)}, &side{underway: r.underway(i + 1)}
	a.side, b.side = "+a", "+b"
	bout := results.Bout{Scenario: a.plan.Scenario.Name()}
	r.tellRemaining()
	defer func() { r.forecast.over(i); r.forecast.over(i + 1) }()
	for _, s := range []*side{a, b} {
		if s.plan.Unsupported != "" {
			bout.Answer, bout.Reasons = judge.DuelInvalid.String(), []string{"unsupported: " + s.plan.Unsupported}
			return bout, nil
		}
		s.target = r.launched(s.plan)
		s.cell.Version = s.target.Installation.Version
		r.Tell.Tell(bench.CellBegun{Cell: s.number(), Name: s.plan.Name() + ", " + s.cell.Version})
		if err := s.probe(ctx); err != nil {
			bout.Answer, bout.Reasons = judge.DuelInvalid.String(), []string{"could not be probed: " + err.Error()}
			return bout, err
		}
	}
	var pairs []judge.Pair
	for judge.NextPair(pairs, r.order.Attempts) {
		// Another pair that is invalid or disagrees is not foreseen.
		more := time.Duration(max(r.order.Attempts-len(pairs)-1, 0))
		recA, err := a.fight(ctx, more)
		if err != nil {
			return r.settle(bout, pairs, a, b, err), err
		}
		recB, err := b.fight(ctx, more)
		if err != nil {
			return r.settle(bout, pairs, a, b, err), err
		}
		pair := judge.NewPair(recA, recB)
		pairs = append(pairs, pair)
		bout.Pairs = append(bout.Pairs, results.BoutPair{
			A: a.cell.Attempts[len(a.cell.Attempts)-1].Record, B: b.cell.Attempts[len(b.cell.Attempts)-1].Record,
			Answer: pair.Answer().String(), Loss: pair.Loss(), Seconds: len(pair.Losses),
		})
	}
	return r.settle(bout, pairs, a, b, nil), nil
}

// settle decides the bout and puts both sides' cells into the run. err is what
// kept the last pair from being made; nil = nothing did.
func (r *Run) settle(bout results.Bout, pairs []judge.Pair, a, b *side, err error) results.Bout {
	bout = r.decide(bout, pairs, a, b)
	if err != nil {
		bout.Reasons = append(bout.Reasons, "it ended early: "+err.Error())
	}
	if len(a.judged)+len(b.judged) == 0 {
		return bout
	}
	for _, s := range []*side{a, b} {
		if s.broke != nil {
			s.unmade(s.broke)
		} else {
			s.conclusion(err)
		}
		r.conclude(s.place, s.cell)
		r.Tell.Tell(bench.CellConcluded{Cell: s.number(), Result: s.cell})
	}
	return bout
}

// fight makes one attempt of one side, after which more are foreseen.
func (s *side) fight(ctx context.Context, more time.Duration) (*bench.Record, error) {
	m, err := s.attempt(ctx)
	if m == nil {
		s.broke = err
		return nil, err
	}
	s.tellMade(m, more*s.attemptEstimate(s.plan))
	return m.record, err
}

// decide writes what the pairs come to into the bout.
func (r *Run) decide(bout results.Bout, pairs []judge.Pair, a, b *side) results.Bout {
	nameA, nameB := a.cell.Version, b.cell.Version
	if nameA == nameB {
		nameA, nameB = nameA+" (A)", nameB+" (B)"
	}
	d := judge.Decide(pairs, r.order.Attempts, nameA, nameB)
	bout.Answer, bout.Flaky, bout.Loss, bout.Reasons = d.Answer.String(), d.Flaky, d.Loss, d.Reasons
	return bout
}
