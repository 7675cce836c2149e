package results

import (
	"path"
	"slices"
	"strings"
	"time"

	"benchrun/internal/bench"
)

// Merge joins runs. Each testbed and mode gives one run, in the order in which
// they first appear: figures of two machines, or of quick and full attempts,
// never stand in one table.
//
// A cell is the same when server, version, profile, front, scenario and family
// version are. Of cells that are the same, the one of the run that started
// later is kept as it is (nothing is averaged), but an invalid cell, which says
// nothing, never takes the place of one that was measured.
//
// A merged run's id is the ids joined by "+"; its environment is that of the
// latest run; its seed is 0 unless all agree (each cell keeps its own). That a
// run was interrupted is not handed on: a merged run asked for no other cells.
// Records and logs are named from the folder that the runs' folders lie in. One
// run alone comes back unchanged. It fails with a bench.UsageError when a run
// does not say where it was measured, or when two have the same id.
func Merge(runs ...bench.Run) ([]bench.Run, error) {
	type bed struct {
		testbed string
		mode    bench.Mode
	}
	var order []bed
	groups := map[bed][]bench.Run{}
	ids := map[string]bool{}
	for _, r := range runs {
		if r.Environment.Testbed == "" {
			return nil, bench.Usagef("run %q names no testbed: it cannot be merged with others", r.ID)
		}
		if ids[r.ID] {
			return nil, bench.Usagef("run %q is given twice", r.ID)
		}
		ids[r.ID] = true
		b := bed{r.Environment.Testbed, r.Mode}
		if groups[b] == nil {
			order = append(order, b)
		}
		groups[b] = append(groups[b], r)
	}
	var out []bench.Run
	for _, b := range order {
		out = append(out, join(groups[b]))
	}
	return out, nil
}

// join merges runs of one testbed and mode; there is at least one.
func join(runs []bench.Run) bench.Run {
	if len(runs) == 1 {
		return runs[0]
	}
	runs = slices.Clone(runs)
	slices.SortStableFunc(runs, func(a, b bench.Run) int { return instant(a.StartedAt).Compare(instant(b.StartedAt)) })
	last := runs[len(runs)-1]
	out := bench.Run{
		Schema: bench.RunSchema, StartedAt: runs[0].StartedAt, Benchrun: last.Benchrun,
		Args: []string{"merge"}, Mode: last.Mode, Seed: last.Seed, Environment: last.Environment,
	}
	var ids []string
	places := map[cellKey]int{}
	for _, r := range runs {
		ids = append(ids, r.ID)
		if instant(r.FinishedAt).After(instant(out.FinishedAt)) {
			out.FinishedAt = r.FinishedAt
		}
		if r.Seed != last.Seed {
			out.Seed = 0
		}
		for _, c := range r.Cells {
			c = moved(c, r.ID)
			i, known := places[keyOf(c)]
			switch {
			case !known:
				places[keyOf(c)] = len(out.Cells)
				out.Cells = append(out.Cells, c)
			case c.Verdict != bench.Invalid || out.Cells[i].Verdict == bench.Invalid:
				out.Cells[i] = c
			}
		}
	}
	out.ID = strings.Join(ids, "+")
	out.Args = append(out.Args, ids...)
	return out
}

// cellKey is what two cells must agree in to be the same.
type cellKey struct {
	id        string
	familyVer int
}

func keyOf(c bench.Cell) cellKey { return cellKey{CellID(c), c.FamilyVer} }

// instant reads a run's time; one that is not there or not a time comes first.
func instant(s string) time.Time {
	t, _ := time.Parse(time.RFC3339, s)
	return t
}

// moved names a cell's files from the folder above its run's. Those of a run
// that was merged before are named so already.
func moved(c bench.Cell, run string) bench.Cell {
	c.Attempts = slices.Clone(c.Attempts)
	for i := range c.Attempts {
		for _, file := range []*string{&c.Attempts[i].Record, &c.Attempts[i].Log} {
			if strings.HasPrefix(*file, RecordsDir+"/") || strings.HasPrefix(*file, LogsDir+"/") {
				*file = path.Join(run, *file)
			}
		}
	}
	return c
}
