package cost

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/place"
	"benchrun/internal/procfs"
	"benchrun/results"
	"benchrun/scenarios"
)

// jobsGoal is how many times as many light cells an hour there should be with
// --jobs auto as with --jobs 1, on two CPUs.
const jobsGoal = 5

// families are those that are so, by their names.
func families(so func(scenarios.Fault) bool) []string {
	var out []string
	for _, f := range scenarios.All() {
		if so(f) {
			out = append(out, f.ID)
		}
	}
	return out
}

// hour is what a run of cells came to.
type hour struct {
	cells, attempts, invalid int
	most                     int // cells at once
	wall                     time.Duration
	targets, own             float64 // CPU seconds: of the servers, and of benchrun itself
	busy, idle               float64 // CPU seconds of the machine meanwhile

	made   float64 // seconds of all attempts
	alone  float64 // of them, of those that had the machine to themselves
	unseen float64 // of them, before and after what the record tells: waiting for the turn to boot, and judging
	room   int64   // bytes that servers could still have taken when that was least; 0 = not known
	memory int64   // bytes that a server took at most
}

// rate is how many cells an hour were measured. An attempt that is made again takes
// its time and adds no cell.
func (h hour) rate() float64 { return float64(h.cells) / h.wall.Hours() }

// split says where the machine's CPU time went, each as a share of it.
func (h hour) split() string {
	all := h.busy + h.idle
	if all <= 0 {
		return "not known"
	}
	share := func(s float64) string { return fmt.Sprintf("%.0f %%", 100*max(0, s)/all) }
	return fmt.Sprintf("servers %s, benchrun (clients, control, observer, judge) %s, the kernel and other programs %s, idle %s",
		share(h.targets), share(h.own), share(h.busy-h.targets-h.own), share(h.idle))
}

// limit says what kept more cells from being measured at once. one is the same cells
// measured one at a time, which wait for nothing.
func (h hour) limit(one hour) string {
	others, turns := h.busy-h.targets-h.own, h.turns(one)
	switch {
	case others > h.targets+h.own:
		return "other programs"
	case h.alone > h.wall.Seconds()/2:
		return fmt.Sprintf("cells that run alone, %.0f s of %.0f s", h.alone, h.wall.Seconds())
	case h.idle < h.busy/3:
		return "CPU"
	case h.room > 0 && h.room < h.memory:
		return fmt.Sprintf("memory: %d MiB were left for servers, and one of them took %d MiB", h.room>>20, h.memory>>20)
	case turns > h.made/4:
		return fmt.Sprintf("turns to boot: attempts wait for them %.0f %% of their time", 100*turns/h.made)
	}
	return "the beginning and the end of the run, and what cells wait for"
}

// turns is how many seconds the attempts waited for their turn to boot: what their records
// do not tell, beyond what that is for an attempt that waits for nobody.
func (h hour) turns(one hour) float64 {
	if one.attempts == 0 {
		return 0
	}
	return max(0, h.unseen-one.unseen/float64(one.attempts)*float64(h.attempts))
}

// count takes in a run's cells. own is all that benchrun used, its servers included.
func (h *hour) count(ctx context.Context, folder *results.Folder, run bench.Run) error {
	h.cells = len(run.Cells)
	for _, c := range run.Cells {
		for _, a := range c.Attempts {
			h.attempts++
			if a.Verdict == bench.Invalid {
				h.invalid++
			}
			h.most = max(h.most, a.Company+1)
			h.made += a.Seconds
			if a.Company == 0 {
				h.alone += a.Seconds
			}
			if a.Record == "" { // it could not be made
				continue
			}
			rec, err := folder.ReadRecord(ctx, a.Record)
			if err != nil {
				return err
			}
			h.unseen += max(0, a.Seconds-told(rec).Seconds())
			if n := len(rec.Vitals); n > 0 {
				h.targets += rec.Vitals[n-1].CPU
			}
			for _, v := range rec.Vitals {
				h.memory = max(h.memory, v.Memory)
				if room := v.MemAvailable - 2*place.MemoryFloor; v.MemAvailable > 0 && (h.room == 0 || room < h.room) {
					h.room = max(1, room)
				}
			}
		}
	}
	h.own = max(0, h.own-h.targets)
	return nil
}

// told is how long a record is.
func told(rec *bench.Record) time.Duration {
	end := int64(0)
	for _, m := range rec.Marks {
		end = max(end, m.T)
	}
	return time.Duration(end)
}

// inAnHour runs cells and counts.
func (l *Lab) inAnHour(ctx context.Context, name string, families []string, jobs string) (h hour, err error) {
	busy, idle, err := procfs.HostCPU()
	if err != nil {
		return h, err
	}
	r, err := l.runCells(ctx, filepath.Join(l.Dir, name), "--server", bench.ReferenceServer, "--profile", "default,hardened",
		"--scenario", strings.Join(families, ","), "--jobs", jobs)
	if err != nil {
		return h, err
	}
	h.wall, h.own = r.wall, r.cpu.Seconds()
	if h.busy, h.idle, err = procfs.HostCPU(); err != nil {
		return h, err
	}
	h.busy, h.idle = h.busy-busy, h.idle-idle
	err = h.count(ctx, r.folder, r.run)
	l.Note(fmt.Sprintf("jobs: --jobs %s measured %d cells in %.0f s, up to %d at once, %d of %d attempts invalid: %s",
		jobs, h.cells, h.wall.Seconds(), h.most, h.invalid, h.attempts, h.split()))
	return h, err
}

// measureJobs sets cells that take little CPU, measured side by side, beside some of
// them measured one at a time, in the same minutes.
func measureJobs(ctx context.Context, l *Lab) ([]Row, error) {
	many, err := l.inAnHour(ctx, "jobs-auto", families(func(f scenarios.Fault) bool { return f.Light }), "auto")
	if err != nil {
		return nil, err
	}
	one, err := l.inAnHour(ctx, "jobs-1", families(func(f scenarios.Fault) bool { return f.Brief }), "1")
	if err != nil {
		return nil, err
	}
	return jobsRows(many, one), nil
}

func jobsRows(many, one hour) []Row {
	ratio := many.rate() / one.rate()
	return []Row{
		{
			What:   fmt.Sprintf("light cells an hour with `--jobs auto`, up to %d at once", many.most),
			Figure: fmt.Sprintf("%.0f, %.1f × `--jobs 1`", many.rate(), ratio),
			Beside: fmt.Sprintf("`--jobs 1` %.0f", one.rate()),
			Goal:   fmt.Sprintf("≥ %d × `--jobs 1`", jobsGoal), Missed: ratio < jobsGoal,
		},
		{What: "side by side: where the CPU went", Figure: many.split(), Beside: "`--jobs 1` " + one.split()},
		{What: "side by side: what limits it", Figure: many.limit(one)},
		{What: "side by side: invalid attempts", Figure: fmt.Sprintf("%d of %d", many.invalid, many.attempts), Beside: fmt.Sprintf("`--jobs 1` %d of %d", one.invalid, one.attempts)},
	}
}
