package launch

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
)

// ForbidForks keeps every process of the group from starting another process or thread,
// until allow is called; those that run go on. It returns an error if no cgroup limits the
// group's processes. Once Destroy has begun, allow does nothing.
func (g *Group) ForbidForks() (allow func() error, err error) {
	if g.cg == nil || g.limits.PIDs == 0 {
		return nil, errors.New("no cgroup limits the number of processes")
	}
	file := filepath.Join(g.cg.dirs["pids"], "pids.max")
	if err := write(file, "0"); err != nil {
		return nil, fmt.Errorf("forbid forks: %w", err)
	}
	return func() error {
		g.forks.Lock()
		defer g.forks.Unlock()
		if g.ending.Load() {
			return nil
		}
		if err := write(file, strconv.Itoa(g.limits.PIDs)); err != nil {
			return fmt.Errorf("allow forks again: %w", err)
		}
		return nil
	}, nil
}
