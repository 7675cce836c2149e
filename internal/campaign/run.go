package campaign

import (
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/place"
	"benchrun/internal/plan"
	"benchrun/internal/probe"
	"benchrun/report"
	"benchrun/report/html"
	"benchrun/results"
	"benchrun/targets"
)

// Order is everything that a run needs to know.
type Order struct {
	Cells    []plan.Cell
	Mode     bench.Mode
	Seed     uint64
	Attempts int // k: how many attempts a not-held verdict takes, the first included
	Reprobe  bool
	Python   string
	// Earlier are the attempts of a run that is resumed, as its cells.ndjson has
	// them: cells that they conclude are kept, others go on from there.
	Earlier []results.AttemptLine
	// Repair is called before anything is written to the folder of a run that is
	// resumed, once it is certain that it can be; nil = there is nothing to repair.
	Repair func(context.Context) error
	// MaxTime is how long the run may take, installing included; 0 = as long as
	// it takes. A cell that is not expected to end in time is not begun.
	MaxTime time.Duration
}

// Run carries out an order cell by cell, storing each attempt as soon as it is
// judged. When it returns an error, what was measured before it is in the
// folder and in the returned run.
type Run struct {
	Host     *place.Host
	Folder   *results.Folder
	Progress *report.Progress

	run      bench.Run
	order    Order
	prepared map[string]*place.Target
	probes   map[string]bench.Probe // by plan.Cell.Launch
	failed   map[string]error       // targets that could not be installed
	done     []*bench.Cell          // by place in the order; nil: to be measured
	begun    []begun                // by place in the order
	limit    timeLimit
	rest     time.Duration                       // what the cells after this one are foreseen to take
	ahead    func(bench.Judgement) time.Duration // the same of this cell's attempts after one with that judgement
	pace     pace
	stories  map[string]html.Story // by record, for report.html
	side     string                // of a duel, for the names of its files: both sides may be the same target
}

// Do runs the order. A run that is resumed and cannot be gone on with, be it that
// something cannot be installed, leaves its folder as it is.
func (r *Run) Do(ctx context.Context, run bench.Run, order Order) (bench.Run, error) {
	if err := r.begin(ctx, run, order); err != nil {
		if len(run.Resumed) > 0 {
			return bench.Run{}, err
		}
		return r.finish(ctx, err)
	}
	defer r.Progress.Done()
	var first error
	for i, c := range order.Cells {
		if r.done[i] != nil {
			continue
		}
		r.Progress.Remaining(r.pace.of(r.estimate(r.open(i))))
		r.Progress.Cell(i+1, c.Name())
		r.rest = r.estimate(r.open(i + 1))
		cell, err := r.cell(ctx, c, r.begun[i])
		if ctx.Err() != nil {
			return r.finish(ctx, context.Cause(ctx))
		}
		r.conclude(i, cell)
		if werr := r.Folder.KeepRun(r.run); werr != nil && err == nil { // so that a killed run keeps its cells
			err = werr
		}
		if err != nil && first == nil {
			first = err
		}
		if errors.Is(err, syscall.ENOSPC) {
			break // there is no room for the next cell either
		}
	}
	return r.finish(ctx, first)
}

// python is the interpreter that the targets run on, or that their environments
// were made with: one for all of a run. "" = none needs one.
func (r *Run) python() string {
	for _, c := range r.order.Cells {
		if t := r.prepared[c.Target()]; t != nil && t.Installation.Interpreter != "" {
			return targets.Interpreter(t.Installation.PythonVersion, t.Installation.Interpreter)
		}
	}
	return ""
}

// begin takes up what there is, installs every target that is still to be
// measured and starts the progress line.
func (r *Run) begin(ctx context.Context, run bench.Run, order Order) error {
	r.run, r.order, r.limit = run, order, newTimeLimit(order.MaxTime)
	r.prepared, r.failed, r.stories = map[string]*place.Target{}, map[string]error{}, map[string]html.Story{}
	r.run.Cells = nil
	if err := r.takeUp(ctx); err != nil {
		return err
	}
	if err := r.installAll(ctx); err != nil {
		return err
	}
	if err := r.noteInstalled(); err != nil {
		return err
	}
	if order.Repair != nil {
		if err := order.Repair(ctx); err != nil {
			return err
		}
	}
	if err := r.Folder.WriteRun(r.run); err != nil {
		return err
	}
	r.limit.prepared()
	r.Progress.Start(len(order.Cells), r.estimate(r.open(0)))
	if !r.limit.fits(r.estimate(r.open(0))) {
		r.Progress.Note(fmt.Sprintf("that is longer than --max-time %s: not every cell will be measured", order.MaxTime))
	}
	return nil
}

// estimate is how long cells take, kept probes left out.
func (r *Run) estimate(cells []plan.Cell) time.Duration {
	return plan.Estimate(cells, r.knowledge(cells))
}

// knowledge is what is known of cells before they are measured.
func (r *Run) knowledge(cells []plan.Cell) plan.Knowledge {
	k := plan.Knowledge{Mode: r.order.Mode, Attempts: r.order.Attempts, Probes: map[string]bench.Probe{}, Made: r.made}
	for _, c := range cells {
		if t := r.launched(c); t != nil && (t.Probe.Slots > 0 || r.recallProbe(t, c)) {
			k.Probes[c.Launch()] = t.Probe
		}
	}
	return k
}

// finish stores run.json. The error is the run's, or that of storing it.
func (r *Run) finish(ctx context.Context, err error) (bench.Run, error) {
	r.run.FinishedAt = time.Now().UTC().Format(time.RFC3339)
	r.run.Interrupted = ctx.Err() != nil
	if werr := r.Folder.WriteRun(r.run); werr != nil && err == nil {
		err = werr
	}
	if werr := r.writeReport(); werr != nil && err == nil {
		err = werr
	}
	return r.run, err
}

// writeReport writes report.html, with the story of each cell's published
// attempt.
func (r *Run) writeReport() error {
	var stories []html.Story
	for _, c := range r.run.Cells {
		for _, a := range c.Attempts {
			if s, ok := r.stories[a.Record]; ok && a.Published {
				stories = append(stories, s)
			}
		}
	}
	return r.Folder.WriteReport(func(w io.Writer) error {
		return html.Write(w, r.run, stories, html.Options{Folder: r.Folder.Path(), Find: r.Folder.FindFrom(r.Folder.Path())})
	})
}

// installAll installs every target before anything is measured: installing
// would disturb the measuring. A target that cannot be installed does not keep
// the others from being measured, unless there are no others.
func (r *Run) installAll(ctx context.Context) error {
	for _, c := range r.open(0) {
		key := c.Target()
		if c.Unsupported != "" || r.prepared[key] != nil || r.failed[key] != nil {
			continue
		}
		t, err := r.install(ctx, c)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if usage := (*bench.UsageError)(nil); errors.As(err, &usage) { // nothing can come of it, whatever of the others
			return err
		}
		if err != nil {
			r.failed[key] = err
			continue
		}
		r.prepared[key] = t
	}
	if len(r.prepared) == 0 {
		for _, c := range r.order.Cells {
			if err := r.failed[c.Target()]; err != nil {
				return err
			}
		}
	}
	for _, err := range r.failed {
		r.Progress.Note(err.Error())
	}
	return nil
}

func (r *Run) install(ctx context.Context, c plan.Cell) (*place.Target, error) {
	return r.Host.Install(ctx, c, r.order.Python, r.Progress.Note)
}

// launched is a cell's target as it runs under the cell's family, with what is
// known of its slots and watchdog; nil where it is not installed.
func (r *Run) launched(c plan.Cell) *place.Target {
	t := r.prepared[c.Target()]
	if t == nil {
		return nil
	}
	t = t.Under(c.Scenario.Family.ID)
	t.Probe = r.probes[c.Launch()]
	return t
}

// probe measures slots and watchdog of a launched target where the scenario needs
// them and no earlier run has: of the very command that the attempts will launch.
func (r *Run) probe(ctx context.Context, t *place.Target, c plan.Cell, cell *bench.Cell) error {
	ratio := c.Scenario.Ratio
	if !c.Scenario.Family.Traits.HoldsSlot() || r.probed(t, ratio) || r.recallProbe(t, c) {
		return nil
	}
	r.Progress.Phase("probe", 10*time.Second)
	logPath := r.Folder.Join(r.Folder.LogPath(results.CellID(*cell)+"-probe", 0))
	p, err := probe.Measure(ctx, r.Host, t, ratio, r.order.Mode, logPath)
	if err != nil {
		return err
	}
	r.know(t, c, p)
	file, err := r.probeFile(t)
	if err != nil {
		return err
	}
	if err := probe.Keep(file, c.Launch(), p, ratio, r.order.Mode, t.Profile.Claims); err != nil {
		r.Progress.Note(err.Error()) // the next run measures it again
	}
	return nil
}

// know takes a probe as what is known of a launch.
func (r *Run) know(t *place.Target, c plan.Cell, p bench.Probe) {
	if r.probes == nil {
		r.probes = map[string]bench.Probe{}
	}
	t.Probe, r.probes[c.Launch()] = p, p
}

// probed says that the target's probe is good for this ratio.
func (r *Run) probed(t *place.Target, ratio bench.Ratio) bool {
	p := t.Probe
	return p.Slots > 0 && (!p.WatchdogCensored || p.Watchdog >= plan.WatchdogPatience(p.Slots, ratio, r.order.Mode, t.Profile.Claims).Seconds())
}

// recallProbe takes the launch's probe from an earlier run, where one was kept.
func (r *Run) recallProbe(t *place.Target, c plan.Cell) bool {
	if r.order.Reprobe {
		return false
	}
	file, err := r.probeFile(t)
	if err != nil {
		return false
	}
	p, ok := probe.Load(file, c.Scenario.Ratio, r.order.Mode, t.Profile.Claims)
	if ok {
		r.know(t, c, p)
	}
	return ok
}

func (r *Run) probeFile(t *place.Target) (string, error) {
	root, err := targets.CacheFolder()
	if err != nil {
		return "", err
	}
	return probe.File(root, r.Host, t)
}
