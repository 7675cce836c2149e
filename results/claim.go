package results

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"benchrun/internal/bench"
)

// Claim makes this process the one that writes to the folder, until it calls
// release or ends, however it ends. It fails with a bench.UsageError while
// another one does.
func (f *Folder) Claim() (release func(), err error) {
	dir, err := os.Open(f.path)
	if err != nil {
		return nil, readError(f.path, err)
	}
	// flock(2) on the folder itself: nothing is left behind that could be stale.
	err = unix.Flock(int(dir.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == nil {
		return func() { _ = dir.Close() }, nil
	}
	_ = dir.Close() // only opened
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil, &bench.UsageError{Problem: f.path + ": another benchrun is writing this run", Hint: "wait for it to end"}
	}
	return nil, fmt.Errorf("lock %s: %w", f.path, err)
}
