package targets

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/intake"
)

// CachedEnvironment is an environment in the cache folder.
type CachedEnvironment struct {
	Server   string
	Version  string    // of the server, as it said itself when it was used last; "" = not known
	Python   string    // version of the interpreter
	Bytes    int64     // what its files have
	Used     time.Time // when it was last installed or found installed
	Path     string
	Complete bool // false: its build was killed, or is under way
	InUse    bool // a benchrun uses it, or builds it
}

// Name is the server with its version.
func (e CachedEnvironment) Name() string {
	if e.Version == "" {
		return e.Server
	}
	return e.Server + "@" + e.Version
}

// Is says whether the user means the environment with a word: a server's name, a glob, a name
// with a version, or the name of the environment's folder.
func (e CachedEnvironment) Is(word string) bool {
	for _, name := range []string{e.Server, e.Name(), filepath.Base(e.Path)} {
		if ok, err := path.Match(word, name); ok && err == nil || word == name {
			return true
		}
	}
	return false
}

// CachedDownloads are what pip, uv, npm and Go have downloaded or compiled for environments.
type CachedDownloads struct {
	Bytes int64
	Paths []string // of the folders
}

// Cached lists what is in the cache folder: the environments by name, the version that was
// used last first; and the downloads.
func Cached(ctx context.Context) ([]CachedEnvironment, CachedDownloads, error) {
	cache, err := cacheFolder()
	if err != nil {
		return nil, CachedDownloads{}, err
	}
	entries, err := os.ReadDir(filepath.Join(cache, "envs"))
	if err != nil {
		return nil, CachedDownloads{}, cacheReadError(err)
	}
	var all []CachedEnvironment
	for _, entry := range entries {
		if ctx.Err() != nil {
			return nil, CachedDownloads{}, context.Cause(ctx)
		}
		if entry.IsDir() {
			e, err := cachedEnvironment(filepath.Join(cache, "envs", entry.Name()))
			if err != nil {
				return nil, CachedDownloads{}, err
			}
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(a, b CachedEnvironment) int {
		if a.Server != b.Server {
			return strings.Compare(a.Server, b.Server)
		}
		return b.Used.Compare(a.Used)
	})
	d := CachedDownloads{}
	for _, name := range []string{"pip", "uv", "npm", "go"} {
		folder := filepath.Join(cache, name)
		if bytes, err := sizeOf(folder); err != nil {
			return nil, d, err
		} else if bytes > 0 {
			d.Bytes, d.Paths = d.Bytes+bytes, append(d.Paths, folder)
		}
	}
	return all, d, nil
}

func cachedEnvironment(folder string) (CachedEnvironment, error) {
	name := filepath.Base(folder)
	e := CachedEnvironment{Server: name, Path: folder}
	if at := strings.LastIndexByte(name, '-'); at > 0 { // the rest is a digest
		e.Server = name[:at]
	}
	last := filepath.Join(folder, completeMarker)
	if text, err := intake.ReadSmall("", last); err == nil {
		var r recipe
		e.Complete = true
		if json.Unmarshal(text, &r) == nil && r.Server != "" {
			e.Server, e.Python, e.Version = r.Server, r.Version, r.firstVersion()
		}
	} else {
		last = folder
	}
	if text, err := intake.ReadSmall("", folder+useSuffix); err == nil && e.Complete {
		if version := bench.Clean(string(text)); version != "" {
			e.Version, last = version, folder+useSuffix
		}
	}
	if info, err := os.Stat(last); err == nil {
		e.Used = info.ModTime()
	}
	e.InUse = inUse(folder+useSuffix) || inUse(folder+lockSuffix)
	var err error
	e.Bytes, err = sizeOf(folder)
	return e, err
}

// firstVersion is the first version in the requirements, which are in the order of the
// server file; "" = there is none.
func (r recipe) firstVersion() string {
	for _, requirement := range slices.Concat(r.Requirements, r.Npm, r.Go) {
		if _, version, ok := strings.Cut(requirement, "=="); ok {
			return version
		}
		if _, version, ok := cutLast(requirement, "@"); ok && !strings.Contains(version, "/") {
			return strings.TrimPrefix(version, "v")
		}
	}
	return ""
}

// inUse says whether anybody has a lock of a file. It does not make the file.
func inUse(path string) bool {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }() // only locked
	return errors.Is(syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB), syscall.EWOULDBLOCK)
}

// sizeOf is how many bytes the files in a folder have, each counted once however many names
// it has; 0 if the folder does not exist. Files that vanish meanwhile do not count.
func sizeOf(folder string) (bytes int64, err error) {
	seen := map[[2]uint64]bool{}
	err = filepath.WalkDir(folder, func(_ string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if s, ok := info.Sys().(*syscall.Stat_t); ok && s.Nlink > 1 {
			if seen[[2]uint64{s.Dev, s.Ino}] {
				return nil
			}
			seen[[2]uint64{s.Dev, s.Ino}] = true
		}
		bytes += info.Size()
		return nil
	})
	if err != nil {
		return 0, cacheReadError(err)
	}
	return bytes, nil
}

// Remove removes the environment, unless a benchrun uses or builds it: then removed is false.
// If it is interrupted or killed, what is left is not taken for an environment.
func (e CachedEnvironment) Remove() (removed bool, err error) {
	for _, path := range []string{e.Path + useSuffix, e.Path + lockSuffix} {
		lock, ok, err := free(path)
		if err != nil || !ok {
			return false, err
		}
		defer func() { _ = lock.Close() }() // unlocks; nothing was written
	}
	if err := os.Remove(filepath.Join(e.Path, completeMarker)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, cacheError(err)
	}
	for _, path := range []string{e.Path, e.Path + ".log"} {
		if err := os.RemoveAll(path); err != nil {
			return false, cacheError(err)
		}
	}
	return true, nil
}

// Remove removes the downloads, unless a benchrun installs something with them: then removed
// is false.
func (d CachedDownloads) Remove() (removed bool, err error) {
	cache, err := cacheFolder()
	if err != nil {
		return false, err
	}
	lock, ok, err := free(downloadsLock(cache))
	if err != nil || !ok {
		return false, err
	}
	defer func() { _ = lock.Close() }() // unlocks; nothing was written
	for _, path := range d.Paths {
		if err := os.RemoveAll(path); err != nil {
			return false, cacheError(err)
		}
	}
	return true, nil
}

func cacheReadError(err error) error {
	return &bench.EnvironmentError{Problem: "cannot read the cache folder", Err: err}
}
