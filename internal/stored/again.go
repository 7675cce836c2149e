package stored

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"benchrun/internal/bench"
	"benchrun/internal/gate"
	"benchrun/internal/judge"
	"benchrun/report"
	"benchrun/results"
	"benchrun/scenarios"
)

// Again is a stored run, judged again.
type Again struct {
	Run     bench.Run
	Notes   []string // where it differs from what was stored, and what was found of a run that was killed
	Damaged []string // what cannot be read of it, and why; the cells that it is about are invalid
	Folder  *results.Folder

	path string // the folder, as the user names it
}

// Delivery delivers the run under a gate.
func (a Again) Delivery(g gate.Gate) Delivery {
	return Delivery{Run: a.Run, Folder: a.path, Gate: g, Damaged: a.Damaged, Broke: a.broke()}
}

// broke says what kept the run from coming to its end; nil = it did.
func (a Again) broke() error {
	if n := neverBegun(a.Run); n > 0 {
		return fmt.Errorf("%d of its cells were not fully measured", n)
	}
	if a.Run.Interrupted {
		return errors.New("it was interrupted")
	}
	return nil
}

// Judge takes verdicts, reasons, flags and measures of a run from its
// records.
func Judge(ctx context.Context, path string) (Again, error) {
	folder, err := results.OpenFolder(path)
	if err != nil {
		return Again{}, err
	}
	goesOn := folder.Written() // before anything is read: by then it may have ended
	found, err := folder.Recover(ctx)
	if err != nil {
		return Again{}, err
	}
	out := Again{Run: found.Run, Notes: found.Notes, Folder: folder, path: strings.TrimSuffix(path, "/"+results.RunFile)}
	for _, d := range found.Damaged {
		out.Damaged = append(out.Damaged, d.Text)
	}
	unmade := killedNote
	if goesOn {
		out.Run.Interrupted, unmade = true, goesOnNote
		out.Notes = append(out.Notes, folder.Path()+": another benchrun is writing this run: this is what it has so far")
	}
	for i := range out.Run.Cells {
		cell := &out.Run.Cells[i]
		if f, ok := scenarios.ByID(cell.Family); ok && f.Version == cell.FamilyVer {
			cell.Group = f.Group
		}
		if len(cell.Attempts) == 0 { // unsupported, or never installed: there is nothing to judge
			continue
		}
		was, begun := *cell, i >= len(out.Run.Cells)-found.Begun
		judged, damaged, err := judgeAttempts(ctx, folder, &out.Run, *cell)
		if err != nil {
			return Again{}, err
		}
		if begun && wantedMore(out.Run, cell.Attempts, judged) { // the one that was to come has confirmed nothing
			cell.Attempts = append(cell.Attempts, bench.Attempt{Attempt: len(cell.Attempts) + 1, Note: unmade})
			judged = append(judged, judge.Unmade(unmade))
		}
		judge.Conclude(cell, judged)
		out.Damaged = append(out.Damaged, damaged...)
		if at := slices.IndexFunc(found.Damaged, func(d results.Damage) bool { return begun && d.Cell == results.CellID(*cell) }); at >= 0 {
			damaged = append(damaged, found.Damaged[at].Text) // an attempt that nobody knows
		}
		switch {
		case len(damaged) > 0:
			cell.Spoil(damaged[0])
		case !begun:
			for _, d := range judge.Differences(was, *cell) {
				out.Notes = append(out.Notes, "differs: "+d)
			}
		}
	}
	if n := neverBegun(out.Run); n > 0 && !goesOn {
		out.Notes = append(out.Notes, fmt.Sprintf("%d of the %d selected cells were not fully measured: %s", n, len(out.Run.Asked.Cells), report.Shell("benchrun", "--resume", folder.Path())))
	}
	return out, nil
}

// judgeAttempts judges the attempts of a cell by their records. Those that cannot
// be read are named in damaged; of the others nothing is lost.
func judgeAttempts(ctx context.Context, folder *results.Folder, run *bench.Run, cell bench.Cell) (judged []bench.Judgement, damaged []string, err error) {
	for _, a := range cell.Attempts {
		if a.Record == "" && a.Note != "" {
			judged = append(judged, judge.Unmade(a.Note))
			continue
		}
		rec, err := folder.ReadRecord(ctx, a.Record)
		switch {
		case ctx.Err() != nil:
			return nil, nil, context.Cause(ctx)
		case err != nil:
			damaged = append(damaged, err.Error())
			judged = append(judged, judge.Unmade(err.Error()))
			continue
		}
		judged = append(judged, judge.Judge(rec))
		if run.Mode == "" { // there is no run.json
			run.Mode, run.StartedAt = rec.Head.Mode, rec.Head.StartedAt
		}
	}
	return judged, damaged, nil
}

// neverBegun is how many cells a run was asked for and has nothing of. A ladder chooses
// which of its cells it measures.
func neverBegun(run bench.Run) int {
	if run.Asked == nil || run.Asked.Ladder {
		return 0
	}
	return max(0, len(run.Asked.Cells)-len(run.Cells))
}

// wantedMore says whether a cell that was begun was to have another attempt. A
// run that does not say how many it was asked for may have wanted any number.
func wantedMore(run bench.Run, attempts []bench.Attempt, judged []bench.Judgement) bool {
	if run.Asked != nil {
		return judge.Wanted(attempts, judged, run.Asked.Attempts)
	}
	again, _ := judge.Next(judged, math.MaxInt, math.MaxInt)
	return again
}

// These stand where an attempt would.
const (
	killedNote = "the run was ended before this attempt was"
	goesOnNote = "the run is in progress: this attempt has not ended"
)
