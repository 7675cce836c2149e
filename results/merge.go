package results

import (
	"path"
	"slices"
	"strings"
	"time"

	"benchrun/internal/bench"
)

// Merge joins runs that were measured alike (bench.Differences). Otherwise it returns a
// bench.UsageError that names the differences and their runs, unless anyway is set; then the
// merged run says what it mixes (bench.Environment.Mixed).
//
// Two cells are equal if server, version, profile, front, scenario and family version are.
// Of equal cells, Merge keeps that of the run that started later, and averages nothing. But
// an invalid cell never replaces a measured one.
//
// The ID of the merged run joins the IDs with "+". Its environment is that of the latest
// run, unless something is mixed. Merged has the environment of each run, and each cell the
// ID of its run. Its seed is 0 unless all agree (each cell keeps its own). It never counts
// as interrupted, because it has all cells that it was asked for. The names of records and
// logs are relative to the folder that contains the runs' folders. A single run comes
// back unchanged. Merge returns a bench.UsageError if a run does not say where it was
// measured, if two have the same ID, or if there is none.
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

// originsOf lists the runs that were measured as one, each once.
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

// join merges two or more runs, given in the order in which they started.
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

// cellKey is what equal cells have in common.
type cellKey struct {
	id        string
	familyVer int
}

func keyOf(c bench.Cell) cellKey { return cellKey{CellID(c), c.FamilyVer} }

// instant parses a run's time; a missing or malformed one is earlier than all others.
func instant(s string) time.Time {
	t, _ := time.Parse(time.RFC3339, s)
	return t
}

// moved names a cell's run, and the cell's files relative to the folder above the run's. In
// a run that was merged before, they have these names already.
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
