package campaign

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/place"
	"benchrun/internal/plan"
	"benchrun/internal/probe"
	"benchrun/results"
	"benchrun/targets"
)

// launched is a cell's target with its arguments for the cell's families and its known
// probe; nil if it is not installed.
func (r *Run) launched(c plan.Cell) *place.Target {
	t := r.prepared[c.Target()]
	if t == nil {
		return nil
	}
	t = t.Under(c.Scenario.FamilyIDs()...)
	r.mu.Lock()
	defer r.mu.Unlock()
	t.Probe = r.probes[c.Launch()]
	return t
}

// probe sees to it that everything is known of the cell's target that its attempts
// need, and works out their timing.
func (u *underway) probe(ctx context.Context) error {
	if u.plan.NeedsProbe(u.target.Probe) {
		if err := u.probeTarget(ctx); err != nil {
			return err
		}
	}
	u.timing = u.plan.Timing(u.order.Mode, u.target.Probe)
	u.outlook = plan.ForeseeTimed(u.plan, u.knowledge(), u.timing)
	return nil
}

// probeTarget measures slots and watchdog of the cell's target, unless another
// benchrun has stored them. It launches the same command as the attempts.
func (u *underway) probeTarget(ctx context.Context) error {
	t, c := u.target, u.plan
	kept := u.keptIn(t, c)
	if kept.err != nil {
		return kept.err
	}
	defer u.together(c.Launch()) // then the other cells know the probe, or try themselves
	waiting := func() { u.Tell.Note("waiting for another benchrun to probe " + c.Target()) }
	return probe.Exclusive(ctx, kept.probe, waiting, func() error {
		if u.recallProbe(t, c) { // another benchrun has measured it meanwhile
			return nil
		}
		u.Tell.Tell(bench.PhaseBegun{Cell: u.number(), Phase: "probe", Length: plan.Probings(u.order.Cells, u.knowledge())[c.Launch()].Round(time.Second)})
		logPath := u.Folder.Join(u.Folder.LogPath(results.CellID(u.cell)+"-probe", 0))
		p, err := probe.Measure(ctx, u.Host, t, plan.LongestPatience(c, u.order.Cells), logPath)
		if err != nil {
			return err
		}
		u.know(t, c, p)
		u.foreseeAgain()
		if err := probe.Keep(kept.probe, c.Launch(), p); err != nil {
			u.Tell.Note(err.Error()) // not stored: the next run measures it again
		}
		return nil
	})
}

// know makes a probe known for a launch.
func (r *Run) know(t *place.Target, c plan.Cell, p bench.Probe) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.probes == nil {
		r.probes = map[string]bench.Probe{}
	}
	t.Probe, r.probes[c.Launch()] = p, p
}

// recallProbes makes the stored probes known of what is still to be measured. They
// are looked for here, and again only before a probe is made.
func (r *Run) recallProbes() {
	for _, c := range r.open(0) {
		if t := r.launched(c); t != nil && !c.Patience.Enough(t.Probe) {
			r.recallProbe(t, c)
		}
	}
}

// recallProbe makes the stored probe of a launch known, if there is one.
func (r *Run) recallProbe(t *place.Target, c plan.Cell) bool {
	if r.order.Reprobe {
		return false
	}
	kept := r.keptIn(t, c)
	if kept.err != nil {
		return false
	}
	p, ok := probe.Load(kept.probe, c.Patience)
	if ok {
		r.know(t, c, p)
	}
	return ok
}

// errNotInstalled says that nothing stored can be found of a target.
var errNotInstalled = errors.New("not installed")

// keptIn has the files in which what is known of a launch is stored for other runs.
type keptIn struct {
	probe, loads string
	err          error // why there are none
}

// keptIn is that of a cell's target, nil if it is not installed. Its names depend on the
// contents of many files, so they are worked out once.
func (r *Run) keptIn(t *place.Target, c plan.Cell) keptIn {
	if t == nil {
		return keptIn{err: errNotInstalled}
	}
	key := [2]string{c.Target(), c.Scenario.Family.ID}
	r.mu.Lock()
	defer r.mu.Unlock()
	if k, ok := r.files[key]; ok {
		return k
	}
	var k keptIn
	var root string
	if root, k.err = targets.CacheFolder(); k.err == nil {
		k.probe, k.err = probe.File(root, r.Host, t)
	}
	if k.err == nil {
		k.loads = filepath.Join(root, "loads", filepath.Base(k.probe))
	}
	if r.files == nil {
		r.files = map[[2]string]keptIn{}
	}
	r.files[key] = k
	return k
}
