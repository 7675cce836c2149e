package results

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"benchrun/internal/bench"
)

// Claim makes this process the one that writes to the folder, until it calls
// release or ends, however it ends. It fails with a bench.UsageError while
// another one does. Whoever writes to a run that already exists claims it
// before reading it: what was read before may not be true any more.
func (f *Folder) Claim() (release func(), err error) {
	const tries, pause = 10, 10 * time.Millisecond // Written holds the lock for a moment
	for try := 1; ; try++ {
		dir, err := f.lock(unix.LOCK_EX)
		if err == nil {
			return func() { _ = dir.Close() }, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, err
		}
		if try == tries {
			return nil, f.BeingWritten()
		}
		time.Sleep(pause)
	}
}

// Written says whether a process is writing to the folder now: what stands in
// it is not all that will. Where no lock can be had nobody has claimed it either.
func (f *Folder) Written() bool {
	dir, err := f.lock(unix.LOCK_SH) // shared: two that ask do not take each other for a writer
	if err == nil {
		_ = dir.Close() // only opened
	}
	return errors.Is(err, unix.EWOULDBLOCK)
}

// ReadEnded is ReadRun for who wants all of a run: while another process writes
// to its folder it fails with a bench.UsageError.
func ReadEnded(ctx context.Context, path string) (bench.Run, error) {
	file, err := runFile(path)
	if err != nil {
		return bench.Run{}, err
	}
	if f := (&Folder{path: filepath.Dir(file)}); f.Written() {
		return bench.Run{}, f.BeingWritten()
	}
	return ReadRun(ctx, path)
}

// BeingWritten is the bench.UsageError of who wants what another process still
// writes.
func (f *Folder) BeingWritten() error {
	return &bench.UsageError{Problem: f.path + ": another benchrun is writing this run", Hint: "wait for it to end"}
}

// lock takes flock(2) on the folder itself: nothing is left behind that could
// be stale. Closing the file gives it back.
func (f *Folder) lock(how int) (*os.File, error) {
	dir, err := os.Open(f.path)
	if err != nil {
		return nil, readError(f.path, err)
	}
	if err := unix.Flock(int(dir.Fd()), how|unix.LOCK_NB); err != nil {
		_ = dir.Close() // only opened
		return nil, fmt.Errorf("lock %s: %w", f.path, err)
	}
	return dir, nil
}
