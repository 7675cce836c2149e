package targets

import (
	"context"
	"errors"
	"os"
	"syscall"
)

// useSuffix ends the name of the file, beside an environment, that says who uses it: every
// benchrun that does has a shared lock of it. The file has the version of the server, and
// its time is that of the last use. Like a lock file it is never removed, because somebody
// may be about to lock it.
const useSuffix = ".use"

// use takes a shared lock of a file in the cache folder, so that nobody takes an exclusive
// one until the file that it returns is closed or this process ends. It returns nil without
// an error if the cache folder cannot be written to: then nobody clears it either.
func use(ctx context.Context, path string, waiting func()) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if errors.Is(err, os.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return nil, nil
	}
	if err != nil {
		return nil, cacheError(err)
	}
	if err := awaitLock(ctx, f, syscall.LOCK_SH, waiting); err != nil {
		_ = f.Close() // nothing was written
		return nil, err
	}
	return f, nil
}

// free takes an exclusive lock of a file in the cache folder, if nobody has any lock of it.
// Closing the file releases the lock.
func free(path string) (f *os.File, ok bool, err error) {
	f, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, false, cacheError(err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return f, true, nil
	}
	_ = f.Close() // nothing was written
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, false, nil
	}
	return nil, false, cacheError(err)
}

// noteUse writes down that the environment is used now, and the version of its server. It
// is for people who look into the cache, so it must not fail an installation.
func (in *Installation) noteUse() {
	if in.using == nil {
		return
	}
	if err := in.using.Truncate(0); err == nil {
		_, _ = in.using.WriteAt([]byte(in.Version+"\n"), 0)
	}
}
