package results

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"benchrun/internal/bench"
)

// atomically writes a file so that a reader sees the old one or the whole new
// one, and after a crash the new one: replace, then fsync of the folder.
func (f *Folder) atomically(rel string, fill func(io.Writer) error) error {
	if err := f.replace(rel, fill); err != nil {
		return err
	}
	return f.syncDir(filepath.Dir(rel))
}

// replace writes a file of the folder so that a reader sees the old one or the
// whole new one, also after a crash: temporary file beside it, fsync, rename.
// Links that lead out of the folder are not followed. What fill itself fails with comes back as it is (a bug), what the file system fails
// with as a bench.EnvironmentError.
func (f *Folder) replace(rel string, fill func(io.Writer) error) (err error) {
	path, temp := f.Join(rel), rel+tempSuffix
	root, err := os.OpenRoot(f.path)
	if err != nil {
		return writeError(path, err)
	}
	defer func() { _ = root.Close() }() // only a folder
	_ = root.Remove(temp)               // what a killed run has left; else opening fails
	file, err := root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return writeError(path, err)
	}
	defer func() {
		if err != nil {
			_ = file.Close()
			_ = root.Remove(temp) // gives its space back; the error that counts is err
		}
	}()
	out := &sink{w: file}
	if err := fill(out); err != nil {
		if out.err != nil {
			return writeError(path, out.err)
		}
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := file.Sync(); err != nil {
		return writeError(path, err)
	}
	if err := file.Close(); err != nil {
		return writeError(path, err)
	}
	if err := root.Rename(temp, rel); err != nil {
		return writeError(path, err)
	}
	return nil
}

// syncDir makes a rename in a folder of the folder survive a crash.
func (f *Folder) syncDir(rel string) error {
	root, err := os.OpenRoot(f.path)
	if err != nil {
		return writeError(f.path, err)
	}
	defer func() { _ = root.Close() }()
	d, err := root.Open(rel)
	if err != nil {
		return writeError(f.Join(rel), err)
	}
	defer func() { _ = d.Close() }()
	// Some file systems do not know how to sync a folder and say EINVAL.
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) {
		return writeError(f.Join(rel), err)
	}
	return nil
}

// sink remembers that it was the file, not the encoder, that failed.
type sink struct {
	w   io.Writer
	err error
}

func (s *sink) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	if err != nil {
		s.err = err
	}
	return n, err
}

// writeError makes the bench.EnvironmentError of a write that the machine
// refused.
func writeError(path string, err error) error {
	e := &bench.EnvironmentError{Problem: "write " + path, Err: bare(err)}
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		e.Hint = "disk full: free space and run again; what was written before is kept"
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		e.Hint = "choose a folder that you may write to"
	}
	return e
}

// readError makes the error of a read that failed: a bench.UsageError when
// there is no such file, else a bench.EnvironmentError.
func readError(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return &bench.UsageError{Problem: path + ": no such file or folder"}
	}
	return &bench.EnvironmentError{Problem: "read " + path, Err: bare(err)}
}

// bare takes the operation and the path off a file system error: the message
// around it names them.
func bare(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	var l *os.LinkError
	if errors.As(err, &l) {
		return l.Err
	}
	return err
}
