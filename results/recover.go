package results

import (
	"context"
	"fmt"
	"path/filepath"

	"benchrun/internal/bench"
)

// Recovered is everything that an ended or killed run has measured.
type Recovered struct {
	Run   bench.Run // first the cells that it ended, then those that it had begun
	Begun int       // how many cells it had begun: the last ones of Run.Cells
	Notes []string  // what a person should know about them
	// Damaged are the damaged lines of cells.ndjson. Their cells may have attempts that
	// are lost.
	Damaged []Damage
}

// Recover reads run.json and takes the cells that it lacks from cells.ndjson: the run ended
// before they did. It returns them with all their attempts and the last one's verdict; the
// judge must fold them. Without a run.json, the run has an ID, a seed and its cells. Errors
// are those of ReadRun and ReadAttempts.
func (f *Folder) Recover(ctx context.Context) (Recovered, error) {
	lines, torn, damaged, err := f.ReadAttempts(ctx)
	if err != nil {
		return Recovered{}, err
	}
	r := Recovered{Damaged: damaged}
	if torn != "" {
		r.Notes = append(r.Notes, torn)
	}
	if exists(f.Join(RunFile)) || len(lines) == 0 {
		if r.Run, err = f.Run(ctx); err != nil {
			return Recovered{}, err
		}
	} else {
		r.Run = bench.Run{Schema: bench.RunSchema, ID: filepath.Base(f.path), Seed: lines[0].Seed}
		r.Notes = append(r.Notes, f.Join(RunFile)+" is missing: what it was measured on is not known")
	}
	ended := map[string]bool{}
	for _, c := range r.Run.Cells {
		ended[CellID(c)] = true
	}
	at := map[string]int{}
	for _, l := range lines {
		i, known := at[l.ID]
		switch {
		case ended[l.ID]:
		case known:
			l.Attempts = append(r.Run.Cells[i].Attempts, l.Attempts...)
			r.Run.Cells[i] = l.Cell
		default:
			at[l.ID] = len(r.Run.Cells)
			r.Run.Cells = append(r.Run.Cells, l.Cell)
			r.Begun++
		}
	}
	if r.Begun > 0 {
		r.Run.Interrupted = true
		r.Notes = append(r.Notes, fmt.Sprintf("the run is in the middle of a cell, or was ended there: %d taken from %s", r.Begun, f.Join(CellsFile)))
	}
	return r, nil
}
