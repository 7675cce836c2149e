package attempt

import (
	"context"
	"syscall"
	"time"

	"benchrun/internal/bench"
	"benchrun/scenarios"
)

// reach is what the fault may do to the target. There is a place by the time it acts.
func (a *attempt) reach() scenarios.Place {
	return scenarios.Place{
		Reload: func(nonce string) error { return a.place.Reload(nonce) },
		SignalServing: func(ctx context.Context, nonce string, signal syscall.Signal) error {
			return a.place.SignalServing(ctx, nonce, signal)
		},
		Stop:          a.stopByFault,
		Slots:         a.job.Target.Profile.Claims.Slots,
		Expect:        func(nonce string) { a.place.Expect(nonce) },
		Beside:        func(b bench.Beside) { a.journal.Update(func(r *bench.Record) { r.Beside = &b }) },
		KillLeader:    a.killLeader,
		SlowApp:       func(load time.Duration) error { return a.place.SlowApp(load) },
		Reloads:       a.job.Target.Server.Offers(a.job.Target.ProfileName, bench.ServerReload),
		BreakApp:      func(nonce string) error { return a.place.BreakApp(nonce) },
		RepairApp:     func() error { return a.place.RepairApp() },
		TakeUp:        a.takeUp,
		ForbidForks:   func() (func(), error) { return a.place.ForbidForks() },
		FillTmp:       func(ctx context.Context) (func(), error) { return a.place.FillTmp(ctx) },
		BlockLog:      func(nonce string) (func(), error) { return a.place.BlockLog(nonce) },
		LockRow:       func(ctx context.Context) { a.doubtDatabase(ctx, a.place.LockRow(ctx)) },
		StallDatabase: func(ctx context.Context) { a.doubtDatabase(ctx, a.place.StallDatabase()) },
		RestartDatabase: func(ctx context.Context, nonce string) {
			a.journal.Mark(a.clock.Now(), bench.MarkSignal, nonce)
			a.doubtDatabase(ctx, a.place.RestartDatabase(ctx))
		},
	}
}

// doubtDatabase notes that benchrun could not do to the database what it should.
func (a *attempt) doubtDatabase(ctx context.Context, err error) {
	if err != nil && ctx.Err() == nil {
		a.journal.Doubt(bench.Doubt{Cause: "database", Note: err.Error()})
	}
}

// takeUp orders the reload that is to bring the repaired app.
func (a *attempt) takeUp(ctx context.Context, nonce string) {
	seen := a.place.TakeUp(ctx, nonce, bench.RenewalLimit(a.job.Target.Profile.Claims))
	if seen.Served || ctx.Err() == nil {
		a.journal.Update(func(r *bench.Record) { r.Repaired = &seen })
	}
}

// startBroken starts a target that has ended once more, with such an app.
func (a *attempt) startBroken(ctx context.Context) {
	a.faults.End() // a fault that is still under way would repair the app meanwhile
	if a.place.Exit() == nil {
		return
	}
	again, err := a.place.RestartBroken(ctx, bench.RestartLimit)
	if err != nil {
		a.journal.Doubt(bench.Doubt{Cause: "restart", Note: err.Error()})
		return
	}
	a.journal.Update(func(r *bench.Record) { r.Again = &again })
}

// stopByFault asks the target to end because that is the fault, and waits for its end.
func (a *attempt) stopByFault(ctx context.Context, nonce string) {
	a.journal.Mark(a.clock.Now(), bench.MarkSignal, nonce)
	stopped := a.place.Stop(ctx, bench.StopLimit(a.job.Target.Profile.Claims))
	a.journal.Update(func(r *bench.Record) { r.Stop = &stopped })
}

// killLeader kills the target's leader and has the command started again.
func (a *attempt) killLeader(ctx context.Context, nonce string) {
	again, err := a.place.KillLeader(ctx, nonce)
	if err != nil && ctx.Err() == nil {
		a.journal.Doubt(bench.Doubt{Cause: "restart", Note: err.Error()})
	}
	if err == nil {
		a.journal.Update(func(r *bench.Record) { r.Again = &again })
	}
}

// stopIdle starts a target that a fault has stopped once more, and stops it before
// anybody has asked it anything but whether it is there.
func (a *attempt) stopIdle(ctx context.Context) {
	if a.place.Exit() == nil { // it has not even ended
		return
	}
	again, err := a.place.Restart(ctx)
	if err != nil {
		a.journal.Doubt(bench.Doubt{Cause: "restart", Note: err.Error()})
		return
	}
	if again.Ready {
		bench.Sleep(ctx, 300*time.Millisecond)
		idle := a.place.Stop(ctx, bench.StopLimit(a.job.Target.Profile.Claims))
		again.Idle = &idle
	}
	a.journal.Update(func(r *bench.Record) { r.Again = &again })
}
