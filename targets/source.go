package targets

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"benchrun/internal/bench"
	"benchrun/internal/intake"
)

// How much a checkout may contain. No server's source is larger.
const (
	maxTreeFiles = 50_000
	maxTreeBytes = 512 << 20
)

// Folders of a checkout that are not source.
var (
	// versionControl is not installed, but some build tools ask it for the version.
	versionControl = []string{".git", ".hg"}
	// toolsOwn are made by tools, at any depth.
	toolsOwn = []string{".tox", ".nox", ".venv", ".mypy_cache", ".pytest_cache", ".ruff_cache", "__pycache__", "node_modules"}
	// madeOnTop are made by building and testing, at the top level. Deeper folders with
	// these names may be source, for example a package called target.
	madeOnTop = []string{"venv", "target", "build", "dist", "benchrun-out"}
)

// notServer are files and folders at the top level that say how the server is tested, and
// nothing about what it does.
var notServer = []string{".github", "benchrun.yaml", "benchrun.waivers.yaml"}

// walkSource calls each for the files and folders of a checkout's source. For a link it
// passes what the link leads to. rel is the name in the checkout. It does not enter a
// folder behind a link.
func walkSource(top string, each func(rel, at string, info fs.FileInfo) error) error {
	return filepath.WalkDir(top, func(at string, d fs.DirEntry, err error) error {
		if err != nil || at == top {
			return err
		}
		rel, err := filepath.Rel(top, at)
		if err != nil {
			return err
		}
		name, onTop := d.Name(), rel == d.Name()
		if d.IsDir() && (slices.Contains(toolsOwn, name) || onTop && (slices.Contains(madeOnTop, name) || strings.HasSuffix(name, ".egg-info"))) {
			return filepath.SkipDir
		}
		info, err := os.Stat(at)
		switch {
		case err != nil && d.Type()&fs.ModeSymlink != 0: // a dangling link
			return nil
		case err != nil:
			return err
		}
		if err := each(rel, at, info); err != fs.SkipDir || d.IsDir() { //nolint:errorlint // WalkDir asks so too
			return err
		}
		return nil // a link has nothing to skip
	})
}

// digest is the digest of a file, or of a folder's source files with their names. As long
// as it is the same, an installation gives the same server.
func digest(path string) (string, error) {
	sum := sha256.New()
	files, bytes := 0, int64(0)
	add := func(rel, at string, info fs.FileInfo) error {
		switch {
		case slices.Contains(notServer, rel) && info.IsDir():
			return filepath.SkipDir
		case slices.Contains(notServer, rel):
			return nil
		case info.IsDir() && slices.Contains(versionControl, filepath.Base(rel)):
			return filepath.SkipDir
		case !info.Mode().IsRegular():
			return nil
		}
		if files, bytes = files+1, bytes+info.Size(); files > maxTreeFiles || bytes > maxTreeBytes { // before the file is read: it may be huge and sparse
			return bench.Usagef("path:%s: more than %d files or %d MiB: too large for a server's checkout", path, maxTreeFiles, maxTreeBytes>>20)
		}
		return addFile(sum, rel, at)
	}
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		err = walkSource(path, add)
	} else if err == nil {
		err = add(".", path, info)
	}
	var usage *bench.UsageError
	if err != nil && !errors.As(err, &usage) {
		return "", &bench.EnvironmentError{Problem: "cannot read " + path, Err: err}
	}
	return fmt.Sprintf("%x", sum.Sum(nil)), err
}

func addFile(sum hash.Hash, name, path string) error {
	f, err := intake.Open(context.Background(), path, intake.Kind{Most: maxTreeBytes})
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()                   // only read
	_, _ = fmt.Fprintf(sum, "%q %d\n", name, f.Size()) // a hash never fails
	_, err = io.Copy(sum, io.LimitReader(f, f.Size()+1))
	return err
}

// copySource copies a checkout's source, and its version control, into a new folder. It
// copies files behind links; links to folders stay links.
func copySource(top, into string) error {
	if err := os.MkdirAll(into, 0o755); err != nil {
		return err
	}
	return walkSource(top, func(rel, at string, info fs.FileInfo) error {
		to := filepath.Join(into, rel)
		link, err := os.Lstat(at)
		switch {
		case err != nil:
			return err
		case info.IsDir() && link.Mode()&fs.ModeSymlink != 0:
			real, err := filepath.EvalSymlinks(at)
			if err != nil {
				return err
			}
			return os.Symlink(real, to)
		case info.IsDir():
			return os.Mkdir(to, 0o755)
		case !info.Mode().IsRegular(): // a socket, a pipe
			return nil
		}
		return copyFile(at, to, info.Mode().Perm()|0o200)
	})
}

func copyFile(from, to string, mode fs.FileMode) (err error) {
	in, err := intake.Open(context.Background(), from, intake.Kind{Most: math.MaxInt64 - 1}) // history may be large
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // only read
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	_, err = io.Copy(out, in)
	return err
}
