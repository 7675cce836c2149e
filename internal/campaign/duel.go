package campaign

import (
	"context"
	"errors"
	"fmt"

	"benchrun/internal/bench"
	"benchrun/internal/campaign/pack"
	"benchrun/internal/judge"
	"benchrun/internal/probe"
)

// Duel measures two targets against each other on the same host, in the order
// A B A B. The order lists the cells pair by pair, A's cell of a scenario before
// B's. A difference counts when order.Attempts pairs, at least 2, agree about B.
//
// The returned run has a cell for each side, folded as in any other run. The
// returned duel has the answers; it stands in the folder too. If Duel returns an
// error, the folder, the run and the duel hold what was measured before it.
func (r *Run) Duel(ctx context.Context) (bench.Run, bench.Duel, error) {
	bouts, first := r.fightAll(ctx)
	run, err := r.finish(ctx, first)
	d := bench.Duel{Run: run.ID, Need: r.order.Attempts, Margin: judge.DuelMargin, A: r.duelSide(run, 0), B: r.duelSide(run, 1)}
	for _, b := range bouts {
		if b.over {
			d.Bouts = append(d.Bouts, b.result)
		}
	}
	return run, d, errors.Join(err, r.Folder.WriteDuel(d))
}

// fightAll carries out the bouts.
func (r *Run) fightAll(ctx context.Context) ([]*bout, error) {
	if err := r.begin(ctx, 2); err != nil {
		return nil, err
	}
	for key, err := range r.failed { // half a duel says nothing
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	bouts := make([]*bout, len(r.order.Cells)/2)
	for i := range bouts {
		bouts[i] = r.newBout(2 * i)
	}
	err := r.carryOut(ctx, func(t task) (pack.Outcome, error) {
		outcome, err := bouts[t.place/2].fight(ctx, t)
		if outcome == pack.Again {
			r.forecast.takes(t.number, takes(r.order.Cells[t.place:t.place+2], r.knowledge()))
		}
		return outcome, err
	})
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return bouts, err
}

// duelSide names a side by what was measured; i is 0 for A, 1 for B.
func (r *Run) duelSide(run bench.Run, i int) bench.DuelSide {
	c := r.order.Cells[i]
	side := bench.DuelSide{Server: c.Server.Name, Version: c.Version, Profile: c.Profile}
	if i < len(run.Cells) {
		side.Version = run.Cells[i].Version
	}
	return side
}

// side is one of the two targets, under one scenario.
type side struct {
	*underway
	broke error // why its last attempt could not be made
}

// bout is one scenario of a duel and its state.
type bout struct {
	*Run
	a, b   *side
	pairs  []judge.Pair
	result bench.Bout
	over   bool // the result is final
}

// newBout is the bout of cells i and i+1 of the order. An unsupported one is over.
func (r *Run) newBout(i int) *bout {
	b := &bout{Run: r, a: &side{underway: r.underway(i)}, b: &side{underway: r.underway(i + 1)}}
	b.a.side, b.b.side = "+a", "+b"
	b.result.Scenario = b.a.plan.Scenario.Name()
	for _, s := range []*side{b.a, b.b} {
		if s.plan.Unsupported != "" {
			b.invalid("unsupported: " + s.plan.Unsupported)
			b.over = true
			return b
		}
	}
	return b
}

func (b *bout) invalid(why string) {
	b.result.Answer, b.result.Reasons = bench.DuelInvalid, []string{why}
}

// fight makes pairs of attempts until the judge has an answer. However it ends, it
// puts both cells into the run, unless nothing was measured of either.
func (b *bout) fight(ctx context.Context, t task) (pack.Outcome, error) {
	b.a.task, b.b.task = t, t
	again, err := b.probeBoth(ctx)
	switch {
	case again:
		return pack.Again, nil
	case errors.Is(err, probe.ErrHostStalled): // the other scenarios may still get an answer
		err = nil
	case err == nil:
		if again, err = b.makePairs(ctx); ctx.Err() == nil && again {
			return pack.Again, nil
		}
		b.settle(err)
	}
	b.over = ctx.Err() == nil || len(b.a.judged)+len(b.b.judged) > 0 // an interrupted bout keeps what was measured
	if err == nil {
		err = b.keep()
	}
	if err != nil {
		return pack.Stop, err
	}
	return pack.Over, nil
}

// probeBoth has both targets probed. again says that company may have disturbed a
// probe.
func (b *bout) probeBoth(ctx context.Context) (again bool, err error) {
	for _, s := range []*side{b.a, b.b} {
		s.target = b.launched(s.plan)
		s.cell.Version = s.target.Installation.Version
		s.target.From(s.cell.Source)
		b.Tell.Tell(bench.CellBegun{Cell: s.number(), Name: s.plan.Name() + ", " + s.cell.Version})
		company := s.task.company()
		if err := s.probe(ctx); err != nil {
			if company() && errors.Is(err, probe.ErrHostStalled) {
				b.tellAlone(s.plan.Name(), "its probe")
				return true, nil
			}
			b.invalid("could not be probed: " + err.Error())
			return false, err
		}
	}
	return false, nil
}

// makePairs makes pairs until the judge has an answer. again says that company may
// have spoiled the last pair and that it says nothing: the pair must be made again
// alone, and does not count.
func (b *bout) makePairs(ctx context.Context) (again bool, err error) {
	for judge.NextPair(b.pairs, b.order.Attempts) {
		// The estimate assumes that all further pairs are valid and agree.
		more := func() bench.Span {
			return b.a.outlook.Of(1).And(b.b.outlook.Of(1)).Times(float64(max(b.order.Attempts-len(b.pairs)-1, 0)))
		}
		madeA, err := b.a.attack(ctx, func() bench.Span { return b.b.outlook.Of(1).And(more()) })
		if err != nil {
			return false, err
		}
		madeB, err := b.b.attack(ctx, more)
		if err != nil {
			return false, err
		}
		pair := judge.NewPair(madeA.judged(), madeB.judged())
		again := disturbed(madeA.record, pair.A) || disturbed(madeB.record, pair.B)
		if again && pair.Answer() == bench.DuelInvalid {
			b.tellAlone(b.result.Scenario, "the last pair")
			return true, nil
		}
		b.pairs = append(b.pairs, pair)
		b.result.Pairs = append(b.result.Pairs, bench.BoutPair{
			A: b.a.cell.Attempts[len(b.a.cell.Attempts)-1].Record, B: b.b.cell.Attempts[len(b.b.cell.Attempts)-1].Record,
			Answer: pair.Answer(), Loss: pair.Loss(), Seconds: len(pair.Losses),
		})
		if again && judge.NextPair(b.pairs, b.order.Attempts) {
			b.tellAlone(b.result.Scenario, "the last pair")
			return true, nil
		}
	}
	return false, nil
}

// settle decides the bout and puts the cells of both sides into the run. err says
// why the last pair could not be made; it may be nil.
func (b *bout) settle(err error) {
	b.decide()
	if err != nil {
		b.result.Reasons = append(b.result.Reasons, "it ended early: "+err.Error())
	}
	if len(b.a.judged)+len(b.b.judged) == 0 {
		return
	}
	for _, s := range []*side{b.a, b.b} {
		if s.broke != nil {
			s.unmade(s.broke)
		} else {
			s.conclusion(err)
		}
		b.conclude(s.place, s.cell)
		b.Tell.Tell(bench.CellConcluded{Cell: s.number(), Result: s.cell})
	}
}

// attack makes one attempt of one side. ahead says how long the bout is expected to
// take after it.
func (s *side) attack(ctx context.Context, ahead func() bench.Span) (*made, error) {
	s.later = ahead
	m, err := s.attempt(ctx)
	if m == nil {
		s.broke = err
		return nil, err
	}
	s.tellMade(m, ahead(), false, 0) // the pair decides that
	return m, err
}

// decide writes the answer that the pairs give into the result.
func (b *bout) decide() {
	nameA, nameB := b.a.cell.Version, b.b.cell.Version
	if nameA == nameB {
		nameA, nameB = nameA+" (A)", nameB+" (B)"
	}
	d := judge.Decide(b.pairs, b.order.Attempts, nameA, nameB)
	b.result.Answer, b.result.Flaky, b.result.Loss, b.result.Reasons = d.Answer, d.Flaky, d.Loss, d.Reasons
}
