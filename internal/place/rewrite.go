package place

import (
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

// BreakApp makes the app impossible to load, until RepairApp. Processes that have loaded it
// go on.
func (p *Place) BreakApp() error { return targets.BreakAttempt(p.scratch.App) }

// RepairApp makes the app what it was, and records when.
func (p *Place) RepairApp() error {
	at := p.clock.Now()
	if err := p.SlowApp(0); err != nil {
		return err
	}
	p.journal.Mark(at, bench.MarkRepaired, "")
	return nil
}
