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

// Claim makes this process the only one that may write to the folder, until it calls
// release or ends in any way. It returns a bench.UsageError while another process has
// the claim. Whoever writes to an existing run must claim it before reading it: what
// was read before may have changed.
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

// Written says whether a process is writing to the folder now, so that its content is
// incomplete. If no lock can be taken, nobody can have claimed it, and Written is false.
func (f *Folder) Written() bool {
	dir, err := f.lock(unix.LOCK_SH) // shared, so that two callers of Written do not take each other for a writer
	if err == nil {
		_ = dir.Close() // only opened
	}
	return errors.Is(err, unix.EWOULDBLOCK)
}

// ReadEnded is ReadRun for callers that need the complete run: while another process writes
// to the folder, it returns a bench.UsageError.
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

// BeingWritten is the bench.UsageError for a command that needs a complete run, while
// another process still writes it.
func (f *Folder) BeingWritten() error {
	return &bench.UsageError{Problem: f.path + ": another benchrun is writing this run", Hint: "wait for it to end"}
}

// lock takes flock(2) on the folder itself, so no lock file can be left behind. Closing the
// returned file releases the lock.
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
