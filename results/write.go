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

// atomically writes a file so that a reader sees either the old one or the whole new one,
// and after a crash the new one. It calls replace, and then fsync on the folder.
func (f *Folder) atomically(rel string, fill func(io.Writer) error) error {
	if err := f.replace(rel, fill); err != nil {
		return err
	}
	return f.syncDir(filepath.Dir(rel))
}

// replace writes a file of the folder so that a reader sees either the old one or the whole
// new one, also after a crash: temporary file in the same folder, fsync, rename. It follows
// no links that lead out of the folder. It returns the error of fill as it is (a bug), and an
// error of the file system as a bench.EnvironmentError.
func (f *Folder) replace(rel string, fill func(io.Writer) error) (err error) {
	path, temp := f.Join(rel), rel+tempSuffix
	root, err := os.OpenRoot(f.path)
	if err != nil {
		return writeError(path, err)
	}
	defer func() { _ = root.Close() }() // only a folder
	_ = root.Remove(temp)               // left by a killed run; opening would fail
	file, err := root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return writeError(path, err)
	}
	defer func() {
		if err != nil {
			_ = file.Close()
			_ = root.Remove(temp) // frees the space; the error to return is err
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
	// Some file systems cannot sync a folder and return EINVAL.
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) {
		return writeError(f.Join(rel), err)
	}
	return nil
}

// sink notes that the file failed, and not the encoder.
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

// writeError is the bench.EnvironmentError for a write that the machine refused.
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

// readError is the error of a failed read: a bench.UsageError if there is no such file,
// otherwise a bench.EnvironmentError.
func readError(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return &bench.UsageError{Problem: path + ": no such file or folder"}
	}
	return &bench.EnvironmentError{Problem: "read " + path, Err: bare(err)}
}

// bare removes the operation and the path from a file system error, because the message
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
