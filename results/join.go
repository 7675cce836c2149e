package results

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"benchrun/internal/bench"
	"benchrun/internal/intake"
)

// Joined is one run made from several.
type Joined struct {
	Folder  *Folder
	Run     bench.Run
	Damaged []string // what could not be read, and why; those cells are invalid
}

// Join makes one run's folder, dir/<new id>/, from several: the cells that Merge keeps, with
// their records, logs and lines of cells.ndjson. It does not change the old folders. A cell
// whose record cannot be read becomes invalid before Merge. Join returns the
// bench.UsageErrors of Merge; then nothing is left of the new folder.
func Join(ctx context.Context, dir string, anyway bool, folders ...*Folder) (Joined, error) {
	var j Joined
	from := map[string]source{} // by the run's ID
	var runs []bench.Run
	for _, f := range folders {
		run, s, damaged, err := f.source(ctx)
		if err != nil {
			return Joined{}, err
		}
		j.Damaged = append(j.Damaged, damaged...)
		from[run.ID] = s
		runs = append(runs, run)
	}
	merged, err := Merge(anyway, runs...)
	if err != nil {
		return Joined{}, err
	}
	j.Run = merged
	if len(runs) > 1 {
		j.Run.ID = NewRunID()
	}
	out, release, err := Begin(dir, j.Run)
	if err != nil {
		return Joined{}, err
	}
	defer release()
	j.Folder = out
	for i := range j.Run.Cells {
		if err = out.adopt(ctx, &j.Run.Cells[i], runs[0].ID, from); err != nil {
			break
		}
	}
	if err == nil {
		err = out.WriteRun(j.Run)
	}
	if err != nil {
		return Joined{}, errors.Join(err, out.Discard())
	}
	return j, nil
}

// Discard removes a folder that could not be completed.
func (f *Folder) Discard() error {
	if err := os.RemoveAll(f.path); err != nil {
		return writeError(f.path, err)
	}
	return nil
}

// source is a run from which Join takes cells.
type source struct {
	*Folder
	lines   map[string][]AttemptLine // of cells.ndjson, by the attempt's record
	damaged map[string]bool          // records that cannot be read
}

// source reads a run from which Join takes cells.
func (f *Folder) source(ctx context.Context) (run bench.Run, s source, damaged []string, err error) {
	if run, err = f.Run(ctx); err != nil {
		return run, s, nil, err
	}
	lines, _, bad, err := f.ReadAttempts(ctx)
	if err != nil {
		return run, s, nil, err
	}
	for _, d := range bad {
		damaged = append(damaged, d.Text)
	}
	s = source{f, map[string][]AttemptLine{}, map[string]bool{}}
	for _, l := range lines {
		record := l.Attempt().Record
		s.lines[record] = append(s.lines[record], l)
	}
	for i := range run.Cells {
		for _, a := range run.Cells[i].Attempts {
			if a.Record == "" { // the attempt could not be made
				continue
			}
			if !intake.Inside(a.Record) {
				return run, s, nil, bench.Usagef("%s: %s: record %q is not a path inside the run's folder", f.Join(RunFile), CellID(run.Cells[i]), a.Record)
			}
			_, err := f.ReadRecord(ctx, a.Record)
			if ctx.Err() != nil {
				return run, s, nil, context.Cause(ctx)
			}
			if err != nil {
				s.damaged[a.Record] = true
				damaged = append(damaged, err.Error())
				run.Cells[i].Spoil(err.Error())
			}
		}
	}
	return run, s, damaged, nil
}

// adopt copies the files of a cell from its run's folder. A file name without a run's ID
// belongs to the run only, if there is just one.
func (f *Folder) adopt(ctx context.Context, c *bench.Cell, only string, from map[string]source) error {
	for i := range c.Attempts {
		a := &c.Attempts[i]
		if a.Record == "" { // the attempt could not be made
			continue
		}
		id, record := split(a.Record, only)
		_, log := split(a.Log, only)
		source, ok := from[id]
		if !ok {
			return bench.Usagef("%s: its record %s is in none of the runs", CellID(*c), a.Record)
		}
		var err error
		var unfit *bench.UsageError
		if a.Record, err = f.copyNew(ctx, source.Folder, record, intake.Record); errors.As(err, &unfit) && source.damaged[record] {
			err = nil // Damaged already says that it is missing or not a file
		}
		if err != nil {
			return err
		}
		if a.Log = ""; log != "" {
			a.Log, err = f.copyNew(ctx, source.Folder, log, intake.Log)
			if err != nil && !errors.Is(err, fs.ErrNotExist) { // users may delete logs, but not records
				return err
			}
		}
		for _, l := range source.lines[record] {
			l.Run, l.Attempts = c.Run, slices.Clone(l.Attempts)
			l.Attempts[0].Record, l.Attempts[0].Log = a.Record, a.Log
			if err := f.AppendAttempt(l); err != nil {
				return err
			}
		}
	}
	return nil
}

// copyNew copies a file of another run's folder under a name that no other file has: two
// versions of a family, and two runs, use the same names. It returns the name even if
// there is nothing to copy.
func (f *Folder) copyNew(ctx context.Context, source *Folder, rel string, k intake.Kind) (name string, err error) {
	dir, base := path.Split(rel)
	name = rel
	for n := 2; ; n++ {
		if _, err := os.Lstat(f.Join(name)); errors.Is(err, fs.ErrNotExist) {
			return name, f.copyFrom(ctx, source, rel, name, k)
		} else if err != nil {
			return "", writeError(f.Join(name), err)
		}
		name = fmt.Sprintf("%s%d_%s", dir, n, base)
	}
}

// split separates the run's ID, which Merge puts before the name of a file.
func split(name, only string) (id, rel string) {
	if id, rel, ok := strings.Cut(name, "/"); ok && id != RecordsDir && id != LogsDir {
		return id, path.Clean(rel)
	}
	if name == "" {
		return only, ""
	}
	return only, path.Clean(name)
}

// mostLog is how many bytes from the end of a server's output are kept.
const mostLog = 64 << 20

// copyFrom copies a file of another run's folder atomically. If it does not exist, the
// error is fs.ErrNotExist.
func (f *Folder) copyFrom(ctx context.Context, source *Folder, rel, name string, k intake.Kind) error {
	in, err := intake.OpenIn(ctx, source.path, rel, k)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // only read
	end, err := in.End(min(mostLog, k.Most))
	if err != nil {
		return err
	}
	return f.atomically(name, func(w io.Writer) error {
		_, err := io.Copy(w, end)
		return err
	})
}
