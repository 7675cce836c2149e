package gate

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/intake"
)

// Expectation is the rule for which waivers are drafted if the user gives none.
const Expectation = "verdict >= held"

// Draft drafts a waiver for each cell of the run that breaks a rule, and writes the
// file where there is something to add.
func (d Demands) Draft(file string, run bench.Run, cells []Selected, today time.Time) (Draft, error) {
	if len(d.Rules)+len(d.Files) == 0 {
		d.Rules = []string{Expectation}
	}
	rules, err := d.ReadRules(cells)
	if err != nil {
		return Draft{}, err
	}
	old, err := intake.ReadSmall("--file", file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Draft{}, err
	}
	draft, err := DraftWaivers(file, old, Evaluate(rules, run.Cells, d.Family), run.Cells, run.ID, today)
	if err != nil || bytes.Equal(draft.Text, old) {
		return draft, err
	}
	if err := replaceFile(file, draft.Text); err != nil {
		return Draft{}, &bench.EnvironmentError{Problem: "--file " + file, Err: err}
	}
	return draft, nil
}

// Lines say what was added to the file, and what a person should look at.
func (d Draft) Lines(file string) []string {
	var out []string
	for _, w := range d.Added {
		out = append(out, fmt.Sprintf("added     %s: %s, until %s: %s", w.Cell, w.Verdict, w.Expires.Format(dayForm), w.Said))
	}
	for _, t := range d.Told {
		out = append(out, "look at   "+t)
	}
	if len(d.Added) == 0 {
		return append(out, file+": nothing to add")
	}
	return append(out, fmt.Sprintf("%s: %d added, which waive nothing until their reason is written; all else in the file is as it was", file, len(d.Added)))
}

// replaceFile writes a file atomically, with the permissions of the old one.
func replaceFile(path string, text []byte) (err error) {
	if to, err := filepath.EvalSymlinks(path); err == nil {
		path = to
	}
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".waivers-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, werr := f.Write(text)
	if err := errors.Join(werr, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
