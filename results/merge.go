package results

import (
	"path"
	"slices"
	"strings"
	"time"

	"benchrun/internal/bench"
)

// Merge joins runs that were measured alike (bench.Differences). Others are
// refused with a bench.UsageError that names what differs and in which run, unless
// anyway is set; the run then says what was mixed (bench.Environment.Mixed).
//
// A cell is the same when server, version, profile, front, scenario and family
// version are. Of cells that are the same, the one of the run that started
// later is kept as it is (nothing is averaged), but an invalid cell, which says
// nothing, never takes the place of one that was measured.
//
// A merged run's id is the ids joined by "+"; its environment is that of the
// latest run, where nothing is mixed; Merged has each run's own, and each cell the
// id of its run; its seed is 0 unless all agree (each cell keeps its own). That a
// run was interrupted is not handed on: a merged run asked for no other cells.
// Records and logs are named from the folder that the runs' folders lie in. One
// run alone comes back unchanged. It fails with a bench.UsageError when a run
// does not say where it was measured, when two have the same id, or when there is
// none.
func Merge(anyway bool, runs ...bench.Run) (bench.Run, error) {
	if len(runs) == 0 {
		return bench.Run{}, bench.Usagef("there is no run to merge")
	}
	ids := map[string]bool{}
	for _, r := range runs {
		if r.Environment.Testbed == "" {
			return bench.Run{}, bench.Usagef("run %q names no testbed: it cannot be merged with others", r.ID)
		}
		if ids[r.ID] {
			return bench.Run{}, bench.Usagef("run %q is given twice", r.ID)
		}
		ids[r.ID] = true
	}
	if len(runs) == 1 {
		return runs[0], nil
	}
	runs = slices.Clone(runs)
	slices.SortStableFunc(runs, func(a, b bench.Run) int { return instant(a.StartedAt).Compare(instant(b.StartedAt)) })
	differences := bench.Differences(originsOf(runs)...)
	if len(differences) == 0 || anyway {
		return join(runs), nil
	}
	var words []string
	for _, d := range differences {
		words = append(words, d.String())
	}
	return bench.Run{}, &bench.UsageError{
		Problem: "these runs were not measured alike: " + strings.Join(words, "; "),
		Hint:    "merge runs that were; --anyway merges these, and says what is mixed",
	}
}

// originsOf are the runs that were measured as one, each once.
func originsOf(runs []bench.Run) []bench.Origin {
	var out []bench.Origin
	for _, r := range runs {
		for _, o := range r.Origins() {
			if !slices.ContainsFunc(out, func(b bench.Origin) bool { return b.ID == o.ID }) {
				out = append(out, o)
			}
		}
	}
	return out
}

// join merges runs, two at least, in the order in which they started.
func join(runs []bench.Run) bench.Run {
	last := runs[len(runs)-1]
	out := bench.Run{
		Schema: bench.RunSchema, StartedAt: runs[0].StartedAt, Args: []string{"merge"}, Seed: last.Seed, Merged: originsOf(runs),
	}
	out.Environment, out.Benchrun, out.Mode = bench.Mixed(out.Merged)
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

// moved names a cell's files from the folder above its run's, and the run. Those
// of a run that was merged before are named so already.
func moved(c bench.Cell, run string) bench.Cell {
	if c.Run == "" {
		c.Run = run
	}
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
