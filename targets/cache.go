package targets

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"benchrun/internal/bench"
)

// CacheVariable names the environment variable that moves the cache folder.
const CacheVariable = "BENCHRUN_CACHE"

// cacheFolder is where environments are kept: $BENCHRUN_CACHE; for root
// /var/cache/benchrun, which other users can read; otherwise a folder in the user's own
// cache folder. It makes the folder if it does not exist.
func cacheFolder() (string, error) {
	folder := os.Getenv(CacheVariable)
	switch {
	case folder != "":
		abs, err := filepath.Abs(folder)
		if err != nil {
			return "", fmt.Errorf("cache folder: %w", err)
		}
		folder = abs
	case os.Geteuid() == 0:
		folder = "/var/cache/benchrun"
	default:
		user, err := os.UserCacheDir()
		if err != nil {
			return "", &bench.EnvironmentError{Problem: "no cache folder", Hint: "set " + CacheVariable, Err: err}
		}
		folder = filepath.Join(user, "benchrun")
	}
	for _, f := range []string{folder, filepath.Join(folder, "envs")} {
		if err := makeCacheFolder(f); err != nil {
			return "", &bench.EnvironmentError{
				Problem: "cannot make the cache folder",
				Hint:    "set " + CacheVariable + " to a folder that you may write to",
				Err:     err,
			}
		}
	}
	return folder, nil
}

// makeCacheFolder makes a folder, and each missing one above it, readable for every user.
// It does not change existing folders.
func makeCacheFolder(folder string) error {
	if _, err := os.Stat(folder); err == nil {
		return nil
	}
	if err := makeCacheFolder(filepath.Dir(folder)); err != nil {
		return err
	}
	if err := os.Mkdir(folder, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return os.Chmod(folder, 0o755)
}

// lockSuffix ends the name of the file that whoever builds something in the cache has locked.
const lockSuffix = ".lock"

// lockPoll is how often it tries again to take a lock that somebody holds.
const lockPoll = 50 * time.Millisecond

// locked runs do while it holds base+lockSuffix, with a new log base+".log". It uses
// flock(2), which ends when the last process closes the file. So if benchrun is killed and
// its build lives on, the next benchrun waits for the build. waiting is called once if
// somebody else has the lock.
func locked(ctx context.Context, base string, waiting func(), do func(tool) error) error {
	lock, err := os.OpenFile(base+lockSuffix, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return cacheError(err)
	}
	defer func() { _ = lock.Close() }() // unlocks; nothing was written
	if err := AwaitLock(ctx, lock, waiting); err != nil {
		return err
	}
	log, err := os.Create(base + ".log")
	if err != nil {
		return cacheError(err)
	}
	err = do(tool{log: log, lock: lock})
	return errors.Join(err, log.Close())
}

// AwaitLock takes the lock of a file in the cache folder. While somebody else has it, it
// waits until ctx ends, and calls waiting once. Closing the file releases the lock.
func AwaitLock(ctx context.Context, f *os.File, waiting func()) error {
	return awaitLock(ctx, f, syscall.LOCK_EX, waiting)
}

// awaitLock is the same for a lock of either kind, shared or exclusive.
func awaitLock(ctx context.Context, f *os.File, kind int, waiting func()) error {
	tick := time.NewTicker(lockPoll)
	defer tick.Stop()
	for first := true; ; first = false {
		err := syscall.Flock(int(f.Fd()), kind|syscall.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, syscall.EINTR):
		case !errors.Is(err, syscall.EWOULDBLOCK):
			return cacheError(fmt.Errorf("lock %s: %w", f.Name(), err))
		}
		if first {
			waiting()
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// downloadsLock is the file that says who installs with the downloads that are kept.
func downloadsLock(cache string) string { return filepath.Join(cache, "downloads"+useSuffix) }

func cacheError(err error) error {
	return &bench.EnvironmentError{
		Problem: "cannot write to the cache folder",
		Hint:    "set " + CacheVariable + " to a folder that you may write to",
		Err:     err,
	}
}
