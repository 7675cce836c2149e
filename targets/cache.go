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

// cacheFolder is where environments are kept, made if need be: $BENCHRUN_CACHE;
// for root /var/cache/benchrun, which other users can read; otherwise below
// the user's own cache folder.
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

// makeCacheFolder makes a folder, and each missing one above it, readable for
// every user. Folders that were there are left as they are.
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

// lockPoll is how often a taken lock is tried again.
const lockPoll = 50 * time.Millisecond

// locked runs do while holding base+".lock", with a fresh log base+".log".
// The lock is flock(2)'s: it goes with the last process that has it open, so
// that a build which outlives a killed benchrun is waited for and not
// trampled on. waiting is called once if somebody else has the lock.
func locked(ctx context.Context, base string, waiting func(), do func(tool) error) error {
	lock, err := os.OpenFile(base+".lock", os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return cacheError(err)
	}
	defer func() { _ = lock.Close() }() // unlocks; nothing was written to it
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

// AwaitLock takes the lock of a file in the cache folder. While somebody else has
// it, it waits until ctx ends; waiting is called once if there is something to
// wait for. The lock goes when the file is closed.
func AwaitLock(ctx context.Context, f *os.File, waiting func()) error {
	tick := time.NewTicker(lockPoll)
	defer tick.Stop()
	for first := true; ; first = false {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
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

func cacheError(err error) error {
	return &bench.EnvironmentError{
		Problem: "cannot write to the cache folder",
		Hint:    "set " + CacheVariable + " to a folder that you may write to",
		Err:     err,
	}
}
