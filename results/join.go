package results

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"benchrun/internal/bench"
)

// Join makes one run's folder, dir/<new id>/, out of several: the cells that
// Merge keeps, with their records, logs and lines of cells.ndjson. The folders
// that it is made from stay as they are. It fails with a bench.UsageError where
// Merge does, or when the runs are of different testbeds or modes, which
// belong into different tables.
func Join(dir string, folders ...*Folder) (*Folder, bench.Run, error) {
	from := map[string]*Folder{} // by the run's id
	var runs []bench.Run
	for _, f := range folders {
		run, err := f.Run()
		if err != nil {
			return nil, bench.Run{}, err
		}
		from[run.ID] = f
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
		if err := out.adopt(&run.Cells[i], runs[0].ID, from); err != nil {
			return nil, bench.Run{}, err
		}
	}
	return out, run, out.WriteRun(run)
}

// adopt copies what belongs to a cell from its run's folder. Names without a
// run before them are those of the only run there is.
func (f *Folder) adopt(c *bench.Cell, only string, from map[string]*Folder) error {
	for i := range c.Attempts {
		a := &c.Attempts[i]
		id, record := split(a.Record, only)
		_, log := split(a.Log, only)
		source := from[id]
		if source == nil {
			return bench.Usagef("%s: its record %s is in none of the runs", CellID(*c), a.Record)
		}
		if !filepath.IsLocal(record) || log != "" && !filepath.IsLocal(log) {
			return bench.Usagef("%s: %s: record %q or log %q is not a path inside the run's folder", source.Join(RunFile), CellID(*c), record, log)
		}
		lines, _, err := ReadAttempts(source.Join(CellsFile))
		if err != nil {
			return err
		}
		if err := copyFile(source.Join(record), f.Join(record)); err != nil {
			return err
		}
		if log != "" {
			err := copyFile(source.Join(log), f.Join(log))
			if err != nil && !errors.Is(err, fs.ErrNotExist) { // logs may have been thrown away, records not
				return err
			}
		}
		a.Record, a.Log = record, log
		for _, l := range lines {
			if l.Attempt().Record == record {
				if err := f.AppendAttempt(l); err != nil {
					return err
				}
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

// copyFile copies a file whole or not at all. That there is none to copy shows
// as fs.ErrNotExist.
func copyFile(from, to string) error {
	in, err := os.Open(from)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", readError(from, err), fs.ErrNotExist)
	}
	if err != nil {
		return readError(from, err)
	}
	defer func() { _ = in.Close() }() // only read
	return atomically(to, func(w io.Writer) error {
		_, err := io.Copy(w, in)
		return err
	})
}
