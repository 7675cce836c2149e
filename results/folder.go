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

// Folder is a run's folder. Its methods may be called from several goroutines.
type Folder struct {
	path string
	mu   sync.Mutex // orders appends to cells.ndjson
}

// NewRunID makes the id of a run that begins now: its UTC time to the second
// and four random hex digits, for example "20261121-120000-3fa9".
func NewRunID() string {
	var b [2]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand ends the process instead)
	return time.Now().UTC().Format("20060102-150405") + "-" + hex.EncodeToString(b[:])
}

// Create is Begin without a claim: whoever comes next may write to the folder.
func Create(dir string, run bench.Run) (*Folder, error) {
	f, release, err := Begin(dir, run)
	if err != nil {
		return nil, err
	}
	release()
	return f, nil
}

// Begin makes dir/<run.ID>/ with its sub-folders and a first run.json, so that
// even a run that is killed at once says what it was, and claims it before
// anybody else can take it for a run. An empty run.ID gets a new one; Run gives
// back what was stored. It fails with a bench.UsageError when the folder is
// there already, with a bench.EnvironmentError when it cannot be made.
func Begin(dir string, run bench.Run) (f *Folder, release func(), err error) {
	if run.ID == "" {
		run.ID = NewRunID()
	}
	if !filepath.IsLocal(run.ID) || filepath.Base(run.ID) != run.ID {
		return nil, nil, bench.Usagef("run id %q is not a folder name", run.ID) // of a stored run, say
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

// OpenFolder finds the folder of an existing run, given it or its run.json. It
// fails with a bench.UsageError when there is no run.json with a records folder
// beside it; a killed run's cells.ndjson will do for the run.json.
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
	if info, err := os.Lstat(f.Join(LogsDir)); err == nil && !info.IsDir() { // a run that goes on would write there
		return nil, &bench.UsageError{Problem: f.Join(LogsDir) + " is not a folder", Hint: "remove it: verdicts need only the records"}
	}
	return f, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Path is the folder, as it was given.
func (f *Folder) Path() string { return f.path }

// Join gives the path of something inside the folder, for example of
// Attempt.Record.
func (f *Folder) Join(rel string) string { return filepath.Join(f.path, rel) }

// FindFrom gives what tells where a file inside the folder, named relative to
// it, lies as seen from the folder at: a path with slashes; false where there is
// no such file. A name that leads out of the folder finds nothing.
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

// RecordPath is where the record of a cell's attempt belongs, relative to the
// folder. cell is CellID's answer, or another name that is unique in the run.
func (f *Folder) RecordPath(cell string, attempt int) string {
	return filepath.Join(RecordsDir, fileName(cell, attempt, recordSuffix))
}

// LogPath is where the server's output of a cell's attempt belongs, relative
// to the folder.
func (f *Folder) LogPath(cell string, attempt int) string {
	return filepath.Join(LogsDir, fileName(cell, attempt, ".log"))
}

// LogTail is the end of a server's output, named as in Attempt.Log: what
// intake.File.Tail gives; "" where there is none, for logs may be thrown away.
func (f *Folder) LogTail(ctx context.Context, rel string) string {
	if !intake.Inside(rel) {
		return ""
	}
	log, err := intake.OpenIn(ctx, f.path, rel, intake.Log)
	if err != nil {
		return ""
	}
	defer func() { _ = log.Close() }() // only read
	return log.Tail(intake.MostTail)
}

// Records lists the records that are there, relative to the folder, sorted by
// name.
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

// runFile gives the path of run.json for a run's folder or for the file itself.
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
