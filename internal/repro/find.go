package repro

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"benchrun/internal/bench"
	"benchrun/internal/intake"
	"benchrun/report"
	"benchrun/results"
	"benchrun/targets"
)

// Found is a cell of a stored run.
type Found struct {
	Folder *results.Folder
	Run    bench.Run
	Cell   bench.Cell
}

const howToName = "write server/profile/scenario, or RUN/server/profile/scenario with the folder of a run"

// Find finds the cell that a word names: "server/profile/scenario" of the newest run in the
// folder out that has it, or "RUN/server/profile/scenario" with the folder of a run. The
// server may have its version: "gunicorn@27.0.1".
func Find(ctx context.Context, out, word string) (Found, error) {
	if run, err := results.OpenFolder(word); err == nil {
		return Found{}, &bench.UsageError{
			Problem: word + " is a run, not a cell",
			Hint:    "name one of its cells: " + filepath.Join(run.Path(), "server/profile/scenario"),
		}
	}
	parts := strings.Split(strings.TrimRight(word, "/"), "/")
	if len(parts) < 3 || slices.Contains(parts[len(parts)-3:], "") {
		return Found{}, &bench.UsageError{
			Problem: fmt.Sprintf("%q is not a cell", word),
			Hint:    howToName,
		}
	}
	name := strings.Join(parts[len(parts)-3:], "/")
	if len(parts) > 3 {
		if _, err := os.Stat(word); err == nil {
			return Found{}, &bench.UsageError{Problem: fmt.Sprintf("%q is not a cell, and no run either", word), Hint: howToName}
		}
		return findIn(ctx, []string{cmp.Or(strings.Join(parts[:len(parts)-3], "/"), "/")}, name)
	}
	runs, err := newest(out)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Found{}, err
	}
	if len(runs) == 0 {
		return Found{}, &bench.UsageError{
			Problem: fmt.Sprintf("%s has no stored run", out),
			Hint:    measureFirst(parts) + "; or name the folder of a run: RUN/" + name,
		}
	}
	return findIn(ctx, runs, name)
}

// measureFirst says how to measure a cell, as far as its name tells.
func measureFirst(cell []string) string {
	const first = "measure the cell first"
	if strings.Contains(cell[1], bench.OwnArgsMark) { // the name may have a digest of the flags
		return first
	}
	return first + ": " + report.Shell("benchrun", "--server", cell[0], "--profile", cell[1], "--scenario", cell[2])
}

// runID is how benchrun names the folders of runs: by their times. A run that somebody has
// renamed is found by its name only.
var runID = regexp.MustCompile(`^\d{8}-\d{6}-[0-9a-f]{4}$`)

// newest lists the folders of the runs in out, the newest first.
func newest(out string) ([]string, error) {
	names, err := intake.Names("folder of runs", out)
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	slices.Reverse(names)
	var runs []string
	for _, n := range names {
		if runID.MatchString(n) {
			runs = append(runs, filepath.Join(out, n))
		}
	}
	return runs, nil
}

// findIn finds the cell in the first of some runs that has it. Of several runs, those that
// cannot be read are passed over: nobody asked for them.
func findIn(ctx context.Context, runs []string, name string) (Found, error) {
	var known []string
	for _, at := range runs {
		folder, err := results.OpenFolder(at)
		var run bench.Run
		if err == nil {
			run, err = folder.Run(ctx)
		}
		switch {
		case ctx.Err() != nil:
			return Found{}, context.Cause(ctx)
		case err != nil && len(runs) == 1:
			return Found{}, err
		case err != nil:
			continue
		}
		cells := named(run, name)
		if len(cells) == 1 {
			return Found{folder, run, cells[0]}, nil
		}
		if len(cells) > 1 {
			return Found{}, &bench.UsageError{
				Problem: fmt.Sprintf("%s has several cells %s", at, name),
				Hint:    "name the version: " + results.CellID(cells[0]),
			}
		}
		known = append(known, cellNames(run)...)
	}
	where := "no run in " + filepath.Dir(runs[0])
	if len(runs) == 1 {
		where = runs[0]
	}
	slices.Sort(known)
	return Found{}, &bench.UsageError{
		Problem: fmt.Sprintf("%s has no cell %q", where, name), Hint: bench.DidYouMean(name, slices.Compact(known)),
	}
}

// named are the cells of a run with this name, or with this id.
func named(run bench.Run, name string) []bench.Cell {
	return slices.DeleteFunc(slices.Clone(run.Cells), func(c bench.Cell) bool {
		return c.Name() != name && results.CellID(c) != name
	})
}

// cellNames are the names of a run's cells.
func cellNames(run bench.Run) []string {
	var out []string
	for _, c := range run.Cells {
		out = append(out, c.Name())
	}
	return out
}

// Known are the names of the cells in the newest run of out that can be read, for
// completion.
func Known(ctx context.Context, out string) []string {
	runs, _ := newest(out) // without a folder there is nothing to complete
	for _, at := range runs {
		if run, err := results.ReadRun(ctx, at); err == nil {
			return cellNames(run)
		}
	}
	return nil
}

// Registry has the servers that the cell's run knew, and those of server files.
func (f Found) Registry(files []string) (*targets.Registry, error) {
	from, own := report.SourceOf(f.Run, f.Cell)
	opts := targets.DefaultLoadOptions(slices.Concat(own, files))
	opts.Command = targets.Command{Words: from.ServerCmd, App: targets.AppKind(from.AppKind)}
	return targets.Load(opts)
}

// Notes are what a reader of the script should know and the script itself does not say.
func (f Found) Notes() []string {
	notes := []string{"from " + f.Folder.Path()}
	if f.Cell.Verdict == bench.Held {
		notes = append(notes, "this cell held: the script should not see a failure")
	}
	return notes
}
