package results

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"benchrun/internal/bench"
	"benchrun/internal/intake"
)

// Join makes one run's folder, dir/<new id>/, out of several: the cells that
// Merge keeps, with their records, logs and lines of cells.ndjson. The folders
// that it is made from stay as they are. It fails with a bench.UsageError where
// Merge does, or when the runs are of different testbeds or modes, which
// belong into different tables.
func Join(ctx context.Context, dir string, folders ...*Folder) (*Folder, bench.Run, error) {
	from := map[string]source{} // by the run's id
	var runs []bench.Run
	for _, f := range folders {
		run, err := f.Run(ctx)
		if err != nil {
			return nil, bench.Run{}, err
		}
		lines, _, _, err := f.ReadAttempts(ctx)
		if err != nil {
			return nil, bench.Run{}, err
		}
		s := source{f, map[string][]AttemptLine{}}
		for _, l := range lines {
			record := l.Attempt().Record
			s.lines[record] = append(s.lines[record], l)
		}
		from[run.ID] = s
		runs = append(runs, run)
	}
	merged, err := Merge(runs...)
	if err != nil {
		return nil, bench.Run{}, err
	}
	if len(merged) != 1 {
		var beds []string
		for _, m := range merged {
			beds = append(beds, fmt.Sprintf("%s (testbed %s, %s)", m.ID, m.Environment.Testbed, m.Mode))
		}
		return nil, bench.Run{}, &bench.UsageError{
			Problem: "these runs were not measured alike: " + strings.Join(beds, "; "),
			Hint:    "merge runs of one testbed and one mode",
		}
	}
	run := merged[0]
	if len(runs) > 1 {
		run.ID = NewRunID()
	}
	out, err := Create(dir, run)
	if err != nil {
		return nil, bench.Run{}, err
	}
	for i := range run.Cells {
		if err := out.adopt(ctx, &run.Cells[i], runs[0].ID, from); err != nil {
			return nil, bench.Run{}, err
		}
	}
	return out, run, out.WriteRun(run)
}

// source is a run that another is made from.
type source struct {
	*Folder
	lines map[string][]AttemptLine // of cells.ndjson, by their record
}

// adopt copies what belongs to a cell from its run's folder. Names without a
// run before them are those of the only run there is.
func (f *Folder) adopt(ctx context.Context, c *bench.Cell, only string, from map[string]source) error {
	for i := range c.Attempts {
		a := &c.Attempts[i]
		id, record := split(a.Record, only)
		_, log := split(a.Log, only)
		source, ok := from[id]
		if !ok {
			return bench.Usagef("%s: its record %s is in none of the runs", CellID(*c), a.Record)
		}
		if err := f.copyFrom(ctx, source.Folder, record, intake.Record); err != nil {
			return err
		}
		if log != "" {
			err := f.copyFrom(ctx, source.Folder, log, intake.Log)
			if err != nil && !errors.Is(err, fs.ErrNotExist) { // logs may have been thrown away, records not
				return err
			}
		}
		a.Record, a.Log = record, log
		for _, l := range source.lines[record] {
			if err := f.AppendAttempt(l); err != nil {
				return err
			}
		}
	}
	return nil
}

// split takes the run's id off the name of a file, as Merge puts it before it.
func split(name, only string) (id, rel string) {
	if id, rel, ok := strings.Cut(name, "/"); ok && id != RecordsDir && id != LogsDir {
		return id, path.Clean(rel)
	}
	if name == "" {
		return only, ""
	}
	return only, path.Clean(name)
}

// mostLog is how much of a server's output is kept: the end.
const mostLog = 64 << 20

// copyFrom copies a file of another run's folder, whole or not at all. That there
// is none to copy shows as fs.ErrNotExist.
func (f *Folder) copyFrom(ctx context.Context, source *Folder, rel string, k intake.Kind) error {
	in, err := intake.OpenIn(ctx, source.path, rel, k)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // only read
	end, err := in.End(min(mostLog, k.Most))
	if err != nil {
		return err
	}
	return f.atomically(rel, func(w io.Writer) error {
		_, err := io.Copy(w, end)
		return err
	})
}
