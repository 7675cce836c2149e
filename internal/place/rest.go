package place

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/procfs"
)

// How long descriptors are counted once a target serves. Those of the requests that benchrun
// made until then are closed by its end.
const (
	restLooks = 10
	restPause = 50 * time.Millisecond
)

// filesAtRest is taken for a target that does not serve, which the attempt will show.
const filesAtRest = 32

// FilesAtRest launches the target once, with its usual limits, and counts the descriptors of
// the process that has most of them when the target serves and nobody asks it anything. limit
// is how long it may take to serve.
func FilesAtRest(ctx context.Context, h *Host, t *Target, limit time.Duration) (most uint64, err error) {
	dir, err := os.MkdirTemp("", "benchrun-rest-")
	if err != nil {
		return 0, fmt.Errorf("count descriptors: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // a log that nobody reads
	p, err := Open(ctx, h, t, Options{Clock: bench.NewClock(), Journal: &Journal{}, LogPath: filepath.Join(dir, "log")})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, p.Close(ctx)) }()
	boot, err := p.Ready(ctx, limit)
	if err != nil || !boot.Ready {
		return filesAtRest, err
	}
	for range restLooks { // the last look counts
		bench.Sleep(ctx, restPause)
		if most, err = p.mostFiles(); err != nil || ctx.Err() != nil {
			return 0, errors.Join(err, ctx.Err())
		}
	}
	return most, nil
}

// mostFiles is how many descriptors the process of the target has that has most.
func (p *Place) mostFiles() (most uint64, err error) {
	members, err := p.group.Members()
	if err != nil {
		return 0, err
	}
	for _, pid := range members {
		fds, err := procfs.Descriptors(pid)
		if err != nil { // it ended, or it may not be looked at
			continue
		}
		most = max(most, uint64(len(fds)))
	}
	if most == 0 {
		return 0, errors.New("nobody may see how many descriptors the target has open")
	}
	return most, nil
}
