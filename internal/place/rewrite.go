package place

import (
	"context"
	"errors"
	"time"

	"benchrun/internal/bench"
	"benchrun/targets"
)

// SlowApp lets the app take so long to load, in every process that loads it from now on.
func (p *Place) SlowApp(load time.Duration) error {
	a := targets.Attempt{Token: p.token, Receipts: p.receiptsPath(), LoadMS: load.Milliseconds()}
	if p.needs.Database() {
		a.Database = databaseFolder(p.scratch)
	}
	return targets.WriteAttempt(p.scratch.App, a)
}

// BreakApp makes the app impossible to load, until RepairApp, and records when. Processes
// that have loaded it go on. nonce is that of the fault, if nothing else is done: "" = it is
// not the whole fault.
func (p *Place) BreakApp(nonce string) error {
	p.before = p.used()
	at := p.clock.Now()
	if err := targets.BreakAttempt(p.scratch.App); err != nil {
		return err
	}
	p.journal.Mark(at, bench.MarkBroken, nonce)
	return nil
}

// RepairApp makes the app one that can be loaded, and records when. It has another token than
// before, so that who answers is known.
func (p *Place) RepairApp() error {
	at := p.clock.Now()
	p.meanwhile = p.usedSince(p.before)
	if err := p.newToken(); err != nil {
		return err
	}
	if err := p.SlowApp(0); err != nil {
		return err
	}
	p.journal.Mark(at, bench.MarkRepaired, "")
	return nil
}

// TakeUp orders a reload after RepairApp, and looks until limit whether the target serves the
// repaired app. nonce is that of the order.
func (p *Place) TakeUp(ctx context.Context, nonce string, limit time.Duration) bench.Repaired {
	r := bench.Repaired{T: p.clock.Now(), Used: p.meanwhile}
	if err := p.Reload(nonce); err != nil {
		r.Note = bench.Excerpt(err.Error())
		return r
	}
	r.Served, r.Seconds, r.Note = p.untilFresh(ctx, limit, "a process that has not loaded it answered", func() bool { return p.group.Exit() != nil })
	return r
}

// used is what the target has used since its start.
func (p *Place) used() bench.Used {
	u := bench.Used{Log: p.log.written()}
	if cpu, ok := p.group.CPUSeconds(); ok {
		u.CPU = &cpu
	}
	return u
}

// usedSince is what it has used since it had used so much.
func (p *Place) usedSince(before bench.Used) bench.Used {
	now := p.used()
	u := bench.Used{Log: now.Log - before.Log}
	if now.CPU != nil && before.CPU != nil {
		cpu := *now.CPU - *before.CPU
		u.CPU = &cpu
	}
	return u
}

// untilFresh asks until the app that was written last has answered several times in a row, or
// until limit or ended. It says how long that took, and what was seen last instead: stale where
// another app answered.
func (p *Place) untilFresh(ctx context.Context, limit time.Duration, stale string, ended func() bool) (fresh bool, took float64, note string) {
	began, deadline := p.clock.Now(), time.Now().Add(limit)
	last := errors.New("nobody answered")
	for row := 0; row < pingsInARow; {
		if ended() || time.Now().After(deadline) || ctx.Err() != nil {
			return false, p.Since(began), bench.Excerpt(last.Error())
		}
		ok, err := p.fresh(ctx)
		switch {
		case ok:
			row++
			continue
		case err != nil:
			last = err
		default:
			last = errors.New(stale)
		}
		row = 0
		bench.Sleep(ctx, pingPause)
	}
	return true, p.Since(began), ""
}
