package runner

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"benchrun/clients"
	"benchrun/internal/bench"
	"benchrun/internal/judge"
	"benchrun/internal/launch"
	"benchrun/internal/plan"
	"benchrun/scenarios"
)

// Job is one attempt to be made.
type Job struct {
	Run      string
	Number   int       // from 1
	Target   *Prepared // as it runs under the scenario's family
	Scenario bench.Scenario
	Mode     bench.Mode
	Seed     uint64
	LogPath  string
	Show     Show
}

// Show is what the progress line learns while an attempt runs. All may be nil.
type Show struct {
	Phase func(name bench.MarkName, length time.Duration)
	Live  func(h float64)
}

// decideEvery is how often the judge is asked whether the fault phase is over.
const decideEvery = 500 * time.Millisecond

// attempt is one attempt under way.
type attempt struct {
	job      Job
	lab      *Lab
	stage    *stage
	clock    bench.Clock
	col      *collector
	schedule plan.Schedule
	phases   bench.Phases
	tau      time.Duration // how long a fault holds its slot; 0 = none, or no end known
	provoker clients.Provoker
	control  *clients.ControlServer

	load    crew // victims
	probes  crew // control probes
	faults  crew // provokers
	victims bench.Beat
	abort   context.Context // ends on interruption; then no answer is waited for
}

// Attempt runs one attempt and returns its record. Whatever the server does is
// in the record; an error means that the harness could not do its work. Either
// way nothing of the target is left when it returns.
func (l *Lab) Attempt(ctx context.Context, job Job) (rec *bench.Record, err error) {
	err = l.elsewhere(func() error {
		rec, err = l.attemptOnce(ctx, job)
		return err
	})
	return rec, err
}

func (l *Lab) attemptOnce(ctx context.Context, job Job) (rec *bench.Record, err error) {
	a := &attempt{
		job: job, lab: l, clock: bench.NewClock(), col: &collector{}, abort: ctx,
		schedule: plan.NewSchedule(job.Seed, job.Scenario, bench.StandardLoad.Rate, job.Mode),
	}
	a.tau = plan.HoldTime(job.Scenario.Family, job.Target.Probe)
	a.phases = bench.PhasesFor(job.Mode, plan.Finite(a.tau), seconds(job.Target.Profile.Claims.Grace))
	a.phases.FaultCap = faultCap(job.Scenario.Sabotage, a.phases)
	if a.provoker, err = provokerOf(job.Scenario, scenarios.Place{}); err != nil {
		return nil, err
	}
	if a.control, err = clients.StartControl(ctx); err != nil {
		return nil, fmt.Errorf("control server: %w", err)
	}
	defer func() { _ = a.control.Close() }() // it ends with benchrun in any case
	defer a.endCrews()
	a.mark(bench.MarkBoot, a.phases.Boot)
	if a.stage, err = newStage(ctx, l, job.Target, a.clock, a.col, a.control.PID(), job.LogPath); err != nil {
		return nil, err
	}
	defer func() {
		a.endCrews()
		if cerr := a.stage.close(ctx); cerr != nil && err == nil {
			rec, err = nil, fmt.Errorf("cleaning up after %s: %w", job.Target.Server.Name, cerr)
			return
		}
		if rec != nil { // what the observer saw last
			rec = a.col.snapshot()
		}
	}()
	if err := a.writeHead(); err != nil {
		return nil, err
	}
	if err := a.phasesInTurn(ctx); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		a.col.doubt(bench.Doubt{Cause: "interrupted", Note: context.Cause(ctx).Error()})
	}
	a.mark(bench.MarkEnd, 0)
	return a.col.snapshot(), nil
}

func (a *attempt) phasesInTurn(ctx context.Context) error {
	a.startProbes(ctx)
	boot, err := a.stage.ready(ctx, a.phases.Boot)
	a.col.update(func(r *bench.Record) { r.Boot = boot })
	if err != nil && ctx.Err() == nil {
		return err
	}
	if !boot.Ready || ctx.Err() != nil {
		a.settleProbes(ctx)
		return nil
	}
	a.startVictims(ctx)
	a.markAt(a.victims.Start, bench.MarkBaseline, a.phases.Baseline)
	a.until(ctx, a.victims.Start+int64(a.phases.Baseline))
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
	argv, _, err := a.stage.command()
	if err != nil {
		return err
	}
	f := a.job.Scenario.Family
	memory := "pss"
	if a.lab.Caps.Memory {
		memory = "cgroup"
	}
	a.col.update(func(r *bench.Record) {
		r.Head = bench.Head{
			Schema: bench.RecordSchema, Run: a.job.Run, Attempt: a.job.Number,
			StartedAt: a.clock.Origin().UTC().Format(time.RFC3339),
			Target:    a.job.Target.Target(argv),
			Scenario:  a.job.Scenario.Name(), Family: f.ID, FamilyVer: f.Version, Group: f.Group,
			Traits: f.Traits, Ratio: a.job.Scenario.Ratio, Every: f.Cadence.Every,
			Mode: a.job.Mode, Phases: a.phases, Sabotage: a.job.Scenario.Sabotage,
			Rate: bench.StandardLoad.Rate, SLO: int64(bench.StandardLoad.SLO), Timeout: int64(bench.StandardLoad.Timeout),
			Seed: a.job.Seed, ScheduleHash: a.schedule.Hash(),
			Supervision: string(a.lab.Caps.Level), MemorySource: memory, Limits: a.stage.limits(),
		}
	})
	return nil
}

// startProbes begins the control probes, which go on all the time.
func (a *attempt) startProbes(ctx context.Context) {
	a.probes.start(ctx, func(ctx context.Context) {
		loop := clients.OpenLoop{
			Clock: a.clock, Addr: clients.ControlName, Dial: a.control.Dial, Role: bench.RoleControl,
			Beat: bench.Beat{Start: a.clock.Now(), Rate: bench.ControlRate(bench.StandardLoad.Rate)}, SLO: bench.ControlSLO, Timeout: bench.StandardLoad.Timeout,
			Nonce: a.schedule.VictimNonce, OnSample: a.col.sample, Abort: a.abort,
		}
		if err := loop.Run(ctx); err != nil {
			a.col.doubt(bench.Doubt{Cause: "control-load", Note: err.Error()})
		}
	})
	a.probes.start(ctx, func(ctx context.Context) {
		select {
		case <-a.control.Done():
			a.col.doubt(bench.Doubt{Cause: "control-dead", Note: "the control server ended"})
		case <-ctx.Done():
		}
	})
}

// settleProbes makes sure that the control has been asked often enough to
// vouch for the host when there is no load phase.
func (a *attempt) settleProbes(ctx context.Context) { sleep(ctx, time.Second) }

func (a *attempt) startVictims(ctx context.Context) {
	a.victims = bench.Beat{Start: a.clock.Now() + int64(50*time.Millisecond), Rate: bench.StandardLoad.Rate}
	a.load.start(ctx, func(ctx context.Context) {
		loop := clients.OpenLoop{
			Clock: a.clock, Addr: a.stage.addr, Role: bench.RoleVictim,
			Beat: a.victims, SLO: bench.StandardLoad.SLO, Timeout: bench.StandardLoad.Timeout,
			Nonce: a.schedule.VictimNonce, OnSample: a.col.sample, Abort: a.abort,
			Late: lateness(a.job.Scenario.Sabotage),
		}
		if err := loop.Run(ctx); err != nil {
			a.col.doubt(bench.Doubt{Cause: "generator", Note: err.Error()})
		}
	})
}

// tick is the next instant, at least d from now, at which a victim is due, so
// that phases begin with a victim and the schedule stays one.
func (a *attempt) tick(d time.Duration) int64 {
	return a.victims.Next(a.clock.Now() + int64(d))
}

// ageing takes the slots that an hour of the fault would hold, so that the
// fault phase shows in seconds what production would see in an hour. All of them
// are taken, however long that takes: with a part of them left no pool would end.
func (a *attempt) ageing(ctx context.Context) {
	start := a.tick(0)
	dues := a.ageingDues(start)
	if a.phases.AgeingMax == 0 || len(dues) == 0 {
		return
	}
	taking := time.Duration(len(dues)) * plan.AgeingEvery
	a.mark(bench.MarkAgeing, taking)
	a.provoke(ctx, bench.RoleAgeing, dues)
	a.until(ctx, start+int64(taking+plan.AgeingSettle))
	for end := start + int64(a.phases.AgeingMax); ctx.Err() == nil && a.clock.Now() < end; sleep(ctx, plan.AgeingSettle/5) {
		if servedAgain(a.col.snapshot().Samples, a.clock.Now(), bench.StandardLoad.Rate) {
			break
		}
	}
	a.col.update(func(r *bench.Record) { r.Head.Aged = len(dues) })
}

// ageingDues are the faults of the ageing, the first one due at start.
func (a *attempt) ageingDues(start int64) []clients.Due {
	n := plan.AgedSlots(a.job.Scenario, a.job.Target.Probe, a.tau, a.phases.Fault)
	dues := make([]clients.Due, n)
	for i := range dues {
		dues[i] = clients.Due{At: start + int64(i)*int64(plan.AgeingEvery), Nonce: a.schedule.AgeingNonce(i)}
	}
	return dues
}

// fault runs the fault phase until the judge has seen enough.
func (a *attempt) fault(ctx context.Context) {
	from := a.tick(20 * time.Millisecond)
	a.until(ctx, from)
	a.markAt(from, bench.MarkFault, a.phases.Fault)
	faults := a.schedule.Faults(a.phases.FaultCap)
	dues := make([]clients.Due, len(faults))
	for i, f := range faults {
		dues[i] = clients.Due{At: from + int64(f.Offset), Nonce: f.Nonce}
	}
	stop := a.provoke(ctx, bench.RoleProvoker, unspoiled(a.job.Scenario.Sabotage, dues))
	defer stop()
	defer spoilControl(a.job.Scenario.Sabotage, a.control)()
	for ctx.Err() == nil {
		sleep(ctx, decideEvery)
		state := judge.Window(a.col.snapshot(), from, a.clock.Now())
		if a.job.Show.Live != nil && state.Scheduled > 0 {
			a.job.Show.Live(100 * float64(state.Scheduled-state.Lost) / float64(state.Scheduled))
		}
		switch state.Decision {
		case judge.Continue:
			continue
		case judge.Curtail:
			a.col.mark(a.clock.Now(), bench.MarkCurtailed, fmt.Sprintf("%d victims lost, %d bad seconds", state.Lost, state.BadBins))
		}
		return
	}
}

// recovery lets victims go on without new faults. Crawling clients are cut off;
// all others keep their connections, as real clients would.
func (a *attempt) recovery(ctx context.Context) {
	from := a.tick(0)
	a.until(ctx, from)
	a.markAt(from, bench.MarkRecovery, a.phases.Recovery)
	if a.job.Scenario.Family.Traits.CutOff {
		a.faults.end()
	}
	a.until(ctx, from+int64(a.phases.Recovery))
}

// shutdown sends SIGTERM under a tenth of the load.
func (a *attempt) shutdown(ctx context.Context) {
	a.load.end() // waits for the outstanding ones: SIGTERM must not be blamed for them
	a.stage.stopTracking()
	a.mark(bench.MarkShutdown, a.phases.StopWindow)
	a.load.start(ctx, func(ctx context.Context) {
		loop := clients.OpenLoop{
			Clock: a.clock, Addr: a.stage.addr, Role: bench.RoleShutdown,
			Beat: bench.Beat{Start: a.clock.Now(), Rate: bench.StandardLoad.Rate / 10}, SLO: bench.StandardLoad.SLO, Timeout: bench.StandardLoad.Timeout,
			Nonce: a.schedule.VictimNonce, First: shutdownSeq, OnSample: a.col.sample, Abort: a.abort,
		}
		if err := loop.Run(ctx); err != nil {
			a.col.doubt(bench.Doubt{From: a.clock.Now(), To: a.clock.Now(), Cause: "generator", Note: err.Error()})
		}
	})
	sleep(ctx, 300*time.Millisecond) // a few requests before the signal
	stopped := launch.Stop(ctx, a.clock, a.stage.group, a.stage.port.Number, unix.SignalNum("SIG"+a.job.Target.Server.StopSignal()),
		a.phases.StopWindow, seconds(a.job.Target.Profile.Claims.Grace))
	a.col.update(func(r *bench.Record) { r.Stop = &stopped })
	a.load.end()
}

// shutdownSeq is the first sequence number of the shutdown phase's requests:
// above any that a victim can have.
const shutdownSeq = 1_000_000

// provoke launches provocations at their times and returns a function after
// which no new one begins. Those in flight go on until the crew ends.
func (a *attempt) provoke(ctx context.Context, role bench.Role, dues []clients.Due) (stop func()) {
	launching, stop := context.WithCancel(ctx)
	for _, d := range dues {
		a.stage.asked.add(d.Nonce)
	}
	a.faults.start(ctx, func(cut context.Context) {
		defer stop()
		clients.RunProvokers(launching, cut, clients.ProvokerRun{
			Clock: a.clock, Addr: a.stage.addr, Role: role, Provoker: a.provoker,
			Dues: dues, OnSample: a.col.sample,
		})
	})
	return stop
}

// endCrews ends every client: first the victims, then the provokers, then the
// probes that vouch for the host.
func (a *attempt) endCrews() {
	a.load.end()
	a.faults.end()
	a.probes.end()
}

func (a *attempt) mark(name bench.MarkName, length time.Duration) {
	a.markAt(a.clock.Now(), name, length)
}

func (a *attempt) markAt(t int64, name bench.MarkName, length time.Duration) {
	a.col.mark(t, name, "")
	if a.job.Show.Phase != nil {
		a.job.Show.Phase(name, length)
	}
}

func (a *attempt) until(ctx context.Context, t int64) {
	sleep(ctx, time.Duration(t-a.clock.Now()))
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
