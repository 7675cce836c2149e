package attempt

import (
	"context"
	"fmt"
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
	"benchrun/internal/judge"
	"benchrun/internal/place"
	"benchrun/internal/plan"
)

// Job is one attempt to be made.
type Job struct {
	Run      string
	Number   int           // from 1
	Target   *place.Target // as it runs under the scenario's family
	Scenario bench.Scenario
	Schedule plan.Schedule // of the scenario
	Timing   plan.Timing
	LogPath  string
	Show     Show
}

// Show is what the progress line learns while an attempt runs. All may be nil.
type Show struct {
	Phase func(name bench.MarkName, length time.Duration)
	Live  func(judge.State)     // twice a second during the fault phase
	Waits func(d time.Duration) // the recovery lasts so much longer than its least
	// Baseline gets what the record holds when the baseline is over.
	Baseline func(*bench.Record)
}

// decideEvery is how often the judge is asked whether the fault phase is over.
const decideEvery = 500 * time.Millisecond

// attempt is one attempt under way.
type attempt struct {
	job     Job
	host    *place.Host
	place   *place.Place
	clock   bench.Clock
	journal *place.Journal
	phases  bench.Phases
	parts   []part // of the scenario
	control *clients.ControlServer
	booted  func() // lets the next target boot

	load    clients.Crew // victims
	asking  clients.Crew // asks the control
	faults  clients.Crew // provokers
	passing clients.Crew // provokers that are cut off when no new faults come
	victims bench.Beat
	abort   context.Context // ends on interruption; then the attempt waits for no answer
}

// Run makes one attempt and returns its record. The record says what the server
// did; an error means that the harness could not do its work. In both cases
// nothing of the target is left when Run returns.
func Run(ctx context.Context, h *place.Host, job Job) (rec *bench.Record, err error) {
	err = h.Elsewhere(func() error {
		rec, err = once(ctx, h, job)
		return err
	})
	return rec, err
}

func once(ctx context.Context, h *place.Host, job Job) (rec *bench.Record, err error) {
	booted := h.BootTurn(ctx)
	defer booted()
	a := &attempt{
		job: job, host: h, clock: bench.NewClock(), journal: &place.Journal{}, abort: ctx, phases: job.Timing.Phases,
		booted: booted,
	}
	needs := job.Scenario.Needs()
	if needs.FreeFiles > 0 {
		rest, err := place.FilesAtRest(ctx, h, job.Target, a.phases.Boot)
		if err != nil {
			return nil, err
		}
		needs.Files = rest + needs.FreeFiles
		a.clock = bench.NewClock()
	}
	a.phases.FaultCap = faultCap(job.Scenario.Sabotage, a.phases)
	if a.parts, err = partsOf(job.Scenario, a.reach()); err != nil {
		return nil, err
	}
	if a.control, err = clients.StartControl(ctx); err != nil {
		return nil, fmt.Errorf("control server: %w", err)
	}
	defer func() { _ = a.control.Close() }() // it ends with benchrun in any case
	defer a.endCrews()
	a.mark(bench.MarkBoot, a.phases.Boot)
	if a.place, err = place.Open(ctx, h, job.Target, place.Options{
		Clock: a.clock, Journal: a.journal, Control: a.control.PID(), LogPath: job.LogPath, Needs: needs,
	}); err != nil {
		return nil, err
	}
	defer func() {
		a.endCrews()
		if cerr := a.place.Close(ctx); cerr != nil && err == nil {
			rec, err = nil, fmt.Errorf("cleaning up after %s: %w", job.Target.Server.Name, cerr)
			return
		}
		if rec != nil { // what the observer saw last
			rec = a.journal.Snapshot().Settled()
		}
	}()
	if err := a.writeHead(); err != nil {
		return nil, err
	}
	if err := a.phasesInTurn(ctx); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		a.journal.Doubt(bench.Doubt{Cause: "interrupted", Note: context.Cause(ctx).Error()})
	}
	a.mark(bench.MarkEnd, 0)
	return a.journal.Snapshot(), nil
}

func (a *attempt) phasesInTurn(ctx context.Context) error {
	a.startControl(ctx)
	boot, err := a.place.Ready(ctx, a.phases.Boot)
	a.booted()
	a.journal.Update(func(r *bench.Record) { r.Boot = boot })
	if err != nil && ctx.Err() == nil {
		return err
	}
	if !boot.Ready || ctx.Err() != nil {
		a.settleControl(ctx)
		return nil
	}
	a.startVictims(ctx)
	a.markAt(a.victims.Start, bench.MarkBaseline, a.phases.Baseline)
	a.until(ctx, a.victims.Start+int64(a.phases.Baseline))
	if a.job.Show.Baseline != nil && ctx.Err() == nil {
		a.job.Show.Baseline(a.journal.Snapshot())
	}
	if a.ageing(ctx); ctx.Err() != nil {
		return nil
	}
	a.fault(ctx)
	a.recovery(ctx)
	if ctx.Err() == nil {
		a.shutdown(ctx)
	}
	return nil
}

func (a *attempt) writeHead() error {
	argv, _, err := a.place.Command()
	if err != nil {
		return err
	}
	f := a.job.Scenario.Family
	memory := "pss"
	if a.host.Caps.Memory {
		memory = "cgroup"
	}
	target := a.job.Target.Describe(argv)
	target.FrontCommand = a.place.FrontCommand()
	a.journal.Update(func(r *bench.Record) {
		r.Head = bench.Head{
			Schema: bench.RecordSchema, Run: a.job.Run, Attempt: a.job.Number,
			StartedAt: a.clock.Origin().UTC().Format(time.RFC3339),
			Target:    target,
			Scenario:  a.job.Scenario.Name(), Family: f.ID, FamilyVer: f.Version, Group: f.Group,
			Traits: f.Traits, Parts: a.partsInHead(false), Ratio: a.job.Scenario.Ratio, Every: f.Cadence.Every, Surge: f.Cadence.Surge,
			Mode: a.job.Schedule.Mode(), Phases: a.phases, Sabotage: a.job.Scenario.Sabotage,
			Rate: bench.StandardLoad.Rate, SLO: int64(bench.StandardLoad.SLO), Timeout: int64(bench.StandardLoad.Timeout),
			Seed: a.job.Schedule.Seed(), ScheduleHash: a.job.Schedule.Hash(),
			Supervision: string(a.host.Caps.Level), MemorySource: memory, Limits: a.place.Limits(),
		}
		r.Head.Target.Supervisor = a.place.Supervised()
	})
	return nil
}

// startControl begins to ask the control, until endCrews.
func (a *attempt) startControl(ctx context.Context) {
	a.asking.Start(ctx, func(ctx context.Context) {
		loop := clients.OpenLoop{
			Clock: a.clock, Addr: clients.ControlName, Dial: a.control.Dial, Role: bench.RoleControl,
			Beat: bench.Beat{Start: a.clock.Now(), Rate: bench.ControlRate(bench.StandardLoad.Rate)}, SLO: bench.ControlSLO, Timeout: bench.StandardLoad.Timeout,
			Nonce: a.job.Schedule.VictimNonce, OnSample: a.journal.Sample, Abort: a.abort,
		}
		if err := loop.Run(ctx); err != nil {
			a.journal.Doubt(bench.Doubt{Cause: "control-load", Note: err.Error()})
		}
	})
	a.asking.Start(ctx, func(ctx context.Context) {
		select {
		case <-a.control.Done():
			a.journal.Doubt(bench.Doubt{Cause: "control-dead", Note: "the control server ended"})
		case <-ctx.Done():
		}
	})
}

// settleControl makes sure that the control has been asked often enough to
// vouch for the host when there is no load phase.
func (a *attempt) settleControl(ctx context.Context) { bench.Sleep(ctx, time.Second) }

func (a *attempt) startVictims(ctx context.Context) {
	a.victims = bench.Beat{Start: a.clock.Now() + int64(50*time.Millisecond), Rate: bench.StandardLoad.Rate}
	a.load.Start(ctx, func(ctx context.Context) {
		loop := clients.OpenLoop{
			Clock: a.clock, Addr: a.place.Addr(), Role: bench.RoleVictim,
			Beat: a.victims, SLO: bench.StandardLoad.SLO, Timeout: bench.StandardLoad.Timeout,
			Nonce: a.job.Schedule.VictimNonce, OnSample: a.journal.Sample, Abort: a.abort,
			Late: lateness(a.job.Scenario.Sabotage),
		}
		if err := loop.Run(ctx); err != nil {
			a.journal.Doubt(bench.Doubt{Cause: "generator", Note: err.Error()})
		}
	})
}

// tick is the next instant, at least d from now, at which a victim is due, so
// that phases begin with a victim and the schedule stays one.
func (a *attempt) tick(d time.Duration) int64 {
	return a.victims.Next(a.clock.Now() + int64(d))
}

// ageing takes the slots that an hour of the fault would hold, so that the fault
// phase shows in seconds what production would see in an hour. It takes all of
// them, however long that takes: if some were left, no pool would run out.
func (a *attempt) ageing(ctx context.Context) {
	start := a.tick(0)
	dues := a.ageingDues(start)
	if a.phases.AgeingMax == 0 || len(dues) == 0 {
		return
	}
	taking := time.Duration(len(dues)) * plan.AgeingEvery
	a.mark(bench.MarkAgeing, taking)
	a.provoke(ctx, bench.RoleAgeing, dues)
	taken := start + int64(taking)
	a.until(ctx, taken+int64(plan.AgeingSettle))
	for end := start + int64(a.phases.AgeingMax); ctx.Err() == nil && a.clock.Now() < end; bench.Sleep(ctx, plan.AgeingGrace/3) {
		if servedAgain(a.journal.Snapshot().Samples, taken, a.clock.Now(), bench.StandardLoad.Rate) {
			break
		}
	}
	a.journal.Update(func(r *bench.Record) { r.Head.Aged, r.Head.Parts = len(dues), a.partsInHead(true) })
}

// ageingDues are the faults of the ageing, the first one due at start.
func (a *attempt) ageingDues(start int64) []due {
	var dues []due
	for part, n := range a.job.Timing.AgedBy {
		for range n {
			i := len(dues)
			dues = append(dues, due{clients.Due{At: start + int64(i)*int64(plan.AgeingEvery), Nonce: a.job.Schedule.AgeingNonce(i)}, part})
		}
	}
	return dues
}

// fault runs the fault phase until the judge has seen enough.
func (a *attempt) fault(ctx context.Context) {
	from := a.tick(20 * time.Millisecond)
	a.until(ctx, from)
	a.markAt(from, bench.MarkFault, a.phases.Fault)
	faults := a.job.Schedule.Faults(a.phases.FaultCap)
	dues := make([]due, len(faults))
	for i, f := range faults {
		dues[i] = due{clients.Due{At: from + int64(f.Offset), Nonce: f.Nonce}, f.Part}
	}
	stop := a.provoke(ctx, bench.RoleProvoker, unspoiled(a.job.Scenario.Sabotage, dues))
	defer stop()
	defer spoilControl(a.job.Scenario.Sabotage, a.control)()
	for ctx.Err() == nil {
		bench.Sleep(ctx, decideEvery)
		state := judge.Window(a.journal.Snapshot(), from, a.clock.Now())
		if a.job.Show.Live != nil {
			a.job.Show.Live(state)
		}
		switch state.Decision {
		case judge.Continue:
			continue
		case judge.Curtail:
			a.journal.Mark(a.clock.Now(), bench.MarkCurtailed, fmt.Sprintf("%d victims lost, %d bad seconds", state.Lost, state.BadBins))
		}
		return
	}
}

// recovery lets victims go on without new faults. Crawling clients are cut off;
// all others keep their connections, as real clients would.
func (a *attempt) recovery(ctx context.Context) {
	from := a.tick(0)
	a.until(ctx, from)
	a.markAt(from, bench.MarkRecovery, a.job.Timing.RecoveryLeast)
	a.passing.End()
	a.doubtDatabase(ctx, a.place.RestoreDatabase(ctx))
	a.until(ctx, from+int64(a.job.Timing.RecoveryLeast))
	latest := from + int64(a.phases.Recovery)
	for told := false; ctx.Err() == nil && a.clock.Now() < latest; bench.Sleep(ctx, decideEvery) {
		seen := a.journal.Snapshot()
		if judge.Settled(seen) {
			return
		}
		if !told && a.job.Show.Waits != nil {
			a.job.Show.Waits(time.Duration(min(judge.SettledBy(seen), latest) - a.clock.Now()))
		}
		told = true
	}
}

// shutdown sends SIGTERM under a tenth of the load.
func (a *attempt) shutdown(ctx context.Context) {
	a.load.End() // waits for the outstanding ones: SIGTERM must not be blamed for them
	a.place.StopTracking()
	a.mark(bench.MarkShutdown, a.phases.StopWindow)
	a.place.Resume() // a process that is stopped could not end
	if a.journal.Snapshot().Stop != nil {
		a.faults.End()
		a.stopIdle(ctx)
		return
	}
	a.load.Start(ctx, func(ctx context.Context) {
		loop := clients.OpenLoop{
			Clock: a.clock, Addr: a.place.Addr(), Role: bench.RoleShutdown,
			Beat: bench.Beat{Start: a.clock.Now(), Rate: bench.StandardLoad.Rate / 10}, SLO: bench.StandardLoad.SLO, Timeout: bench.StandardLoad.Timeout,
			Nonce: a.job.Schedule.VictimNonce, First: shutdownSeq, OnSample: a.journal.Sample, Abort: a.abort,
		}
		if err := loop.Run(ctx); err != nil {
			a.journal.Doubt(bench.Doubt{From: a.clock.Now(), To: a.clock.Now(), Cause: "generator", Note: err.Error()})
		}
	})
	bench.Sleep(ctx, 300*time.Millisecond) // a few requests before the signal
	stopped := a.place.Stop(ctx, a.phases.StopWindow)
	a.journal.Update(func(r *bench.Record) { r.Stop = &stopped })
	a.load.End()
	if a.job.Scenario.Family.Traits.Expects == bench.ExpectsRefusal {
		a.startBroken(ctx)
	}
}

// shutdownSeq is the first sequence number of the shutdown phase's requests:
// above any that a victim can have.
const shutdownSeq = 1_000_000

// provoke starts provocations at their times and returns a function that keeps
// new ones from starting. Those in flight continue until the clients.Crew ends.
func (a *attempt) provoke(ctx context.Context, role bench.Role, dues []due) (stop func()) {
	for _, d := range dues {
		a.place.Expect(d.Nonce)
	}
	var stops []context.CancelFunc
	for i, p := range a.parts {
		own, seqs := ofPart(dues, i)
		launching, stop := context.WithCancel(ctx)
		stops = append(stops, stop)
		crew := &a.faults
		if p.cutOff {
			crew = &a.passing
		}
		crew.Start(ctx, func(cut context.Context) {
			defer stop()
			clients.RunProvokers(launching, cut, clients.ProvokerRun{
				Clock: a.clock, Addr: a.place.Addr(), Role: role, Provoker: p.provoker, Dues: own,
				OnSample: func(s bench.Sample) {
					s.Seq, s.Part = seqs[s.Seq], p.name
					a.journal.Sample(s)
				},
			})
		})
	}
	return func() {
		for _, stop := range stops {
			stop()
		}
	}
}

// endCrews ends every client: first the victims, then the provokers, then
// those that ask the control, which vouches for the host.
func (a *attempt) endCrews() {
	a.load.End()
	a.faults.End()
	a.passing.End()
	a.asking.End()
}

func (a *attempt) mark(name bench.MarkName, length time.Duration) {
	a.markAt(a.clock.Now(), name, length)
}

func (a *attempt) markAt(t int64, name bench.MarkName, length time.Duration) {
	a.journal.Mark(t, name, "")
	if a.job.Show.Phase != nil {
		a.job.Show.Phase(name, length)
	}
}

func (a *attempt) until(ctx context.Context, t int64) {
	bench.Sleep(ctx, time.Duration(t-a.clock.Now()))
}
