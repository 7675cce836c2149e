package results

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/intake"
)

// The names inside a run's folder.
const (
	RunFile    = "run.json"
	CellsFile  = "cells.ndjson"
	ReportFile = "report.html"
	RecordsDir = "records"
	LogsDir    = "logs"
)

// Folder is a run's folder. It is safe for concurrent use.
type Folder struct {
	path string
	mu   sync.Mutex // orders appends to cells.ndjson
}

// NewRunID makes the ID of a run that begins now: its UTC time to the second and four
// random hex digits, for example "20261121-120000-3fa9".
func NewRunID() string {
	var b [2]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand ends the process instead)
	return time.Now().UTC().Format("20060102-150405") + "-" + hex.EncodeToString(b[:])
}

// Create is like Begin, but without a claim: any process may then write to the folder.
func Create(dir string, run bench.Run) (*Folder, error) {
	f, release, err := Begin(dir, run)
	if err != nil {
		return nil, err
	}
	release()
	return f, nil
}

// Begin makes dir/<run.ID>/ with its sub-folders and a first run.json, so that a run that is
// killed at once still says what it was. It claims the folder before anybody else can find
// it. An empty run.ID gets a new one; Run returns what was stored. It returns a
// bench.UsageError if the folder exists, and a bench.EnvironmentError if it cannot be made.
func Begin(dir string, run bench.Run) (f *Folder, release func(), err error) {
	if run.ID == "" {
		run.ID = NewRunID()
	}
	if !filepath.IsLocal(run.ID) || filepath.Base(run.ID) != run.ID {
		return nil, nil, bench.Usagef("run id %q is not a folder name", run.ID) // it may come from a stored run
	}
	f = &Folder{path: filepath.Join(dir, run.ID)}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, nil, writeError(dir, err)
	}
	if err := os.Mkdir(f.path, 0o755); errors.Is(err, fs.ErrExist) {
		return nil, nil, &bench.UsageError{Problem: f.path + " already exists", Hint: "a run never overwrites another"}
	} else if err != nil {
		return nil, nil, writeError(f.path, err)
	}
	if release, err = f.Claim(); err != nil {
		return nil, nil, err
	}
	for _, sub := range []string{RecordsDir, LogsDir} {
		if err := os.Mkdir(f.Join(sub), 0o755); err != nil {
			release()
			return nil, nil, writeError(f.Join(sub), err)
		}
	}
	if err := f.WriteRun(run); err != nil {
		release()
		return nil, nil, err
	}
	return f, release, nil
}

// OpenFolder opens the folder of an existing run, given the folder or its run.json. It
// returns a bench.UsageError if the folder does not have a records folder and a run.json.
// Instead of run.json, cells.ndjson is enough: a killed run may have only that.
func OpenFolder(path string) (*Folder, error) {
	file, err := runFile(path)
	if cells := filepath.Join(path, CellsFile); err != nil && exists(cells) {
		file, err = cells, nil
	}
	if err != nil {
		return nil, err
	}
	f := &Folder{path: filepath.Dir(file)}
	info, err := os.Lstat(f.Join(RecordsDir))
	if errors.Is(err, fs.ErrNotExist) || (err == nil && !info.IsDir()) {
		return nil, &bench.UsageError{
			Problem: f.path + " has no " + RecordsDir + " folder",
			Hint:    "give the whole folder of a run: benchrun judges its records",
		}
	}
	if err != nil {
		return nil, readError(f.Join(RecordsDir), err)
	}
	if info, err := os.Lstat(f.Join(LogsDir)); err == nil && !info.IsDir() { // a run that continues would write there
		return nil, &bench.UsageError{Problem: f.Join(LogsDir) + " is not a folder", Hint: "remove it: verdicts need only the records"}
	}
	return f, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Path is the path that the caller gave.
func (f *Folder) Path() string { return f.path }

// Join returns the path of something in the folder, for example of Attempt.Record.
func (f *Folder) Join(rel string) string { return filepath.Join(f.path, rel) }

// FindFrom returns a function that takes the name of a file in the folder, and returns its
// path as seen from the folder at, with slashes; false if there is no such file, or if the
// name leads out of the folder.
func (f *Folder) FindFrom(at string) func(rel string) (path string, ok bool) {
	return func(rel string) (string, bool) {
		if !intake.Inside(rel) {
			return "", false
		}
		if info, err := os.Lstat(f.Join(rel)); err != nil || !info.Mode().IsRegular() {
			return "", false
		}
		from, err := filepath.Abs(at)
		if err != nil {
			return "", false
		}
		to, err := filepath.Abs(f.Join(rel))
		if err != nil {
			return "", false
		}
		path, err := filepath.Rel(from, to)
		return filepath.ToSlash(path), err == nil
	}
}

// RecordPath is where the record of a cell's attempt is stored, relative to the folder. cell
// is the CellID, or another name that is unique in the run.
func (f *Folder) RecordPath(cell string, attempt int) string {
	return filepath.Join(RecordsDir, fileName(cell, attempt, recordSuffix))
}

// LogPath is where the server's output of a cell's attempt is stored, relative to the folder.
func (f *Folder) LogPath(cell string, attempt int) string {
	return filepath.Join(LogsDir, fileName(cell, attempt, ".log"))
}

// mostOfLog is how much of a server's output reports look through, bytes.
const mostOfLog = 256 << 10

// Log is a server's output, or the end of one that is large, as intake.File.Tail returns it;
// rel is as in Attempt.Log. "" if there is none: users may delete logs.
func (f *Folder) Log(ctx context.Context, rel string) string {
	if !intake.Inside(rel) {
		return ""
	}
	log, err := intake.OpenIn(ctx, f.path, rel, intake.Log)
	if err != nil {
		return ""
	}
	defer func() { _ = log.Close() }() // only read
	return log.Tail(mostOfLog)
}

// Records lists the existing records, relative to the folder, sorted by name.
func (f *Folder) Records() ([]string, error) {
	entries, err := os.ReadDir(f.Join(RecordsDir))
	if err != nil {
		return nil, readError(f.Join(RecordsDir), err)
	}
	var out []string
	for _, e := range entries {
		if !e.IsDir() && strings.HasSuffix(e.Name(), recordSuffix) && !isTemporary(e.Name()) {
			out = append(out, filepath.Join(RecordsDir, e.Name()))
		}
	}
	return out, nil
}

// runFile returns the path of run.json for a run's folder or for the file itself.
func runFile(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", readError(path, err)
	}
	switch {
	case info.Mode().IsRegular():
		return path, nil
	case !info.IsDir():
		return "", &bench.UsageError{Problem: path + " is neither a folder nor a regular file", Hint: "give the folder of a run, or its " + RunFile}
	}
	file := filepath.Join(path, RunFile)
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return "", &bench.UsageError{
			Problem: path + " has no " + RunFile,
			Hint:    "give the folder of one run, such as benchrun-out/20261121-120000-3fa9",
		}
	} else if err != nil {
		return "", readError(file, err)
	}
	return file, nil
}
