package launch

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"benchrun/internal/procfs"
)

// markerName is the environment variable by which benchrun finds a server's processes
// when every process that knew their pids is dead.
const markerName = "BENCHRUN_SCRATCH"

// identity distinguishes a process from a later one with the same pid.
type identity struct {
	PID   int    `json:"pid"`
	Start uint64 `json:"start"` // clock ticks since boot
}

// identify returns the identity of the process that has this pid now.
func identify(pid int) (identity, error) {
	s, err := procfs.ReadStat(pid)
	return identity{PID: pid, Start: s.Start}, err
}

// alive says whether this process still lives.
func (id identity) alive() bool {
	if id.PID == 0 {
		return false
	}
	s, err := procfs.ReadStat(id.PID)
	return err == nil && s.Start == id.Start && !s.Gone()
}

// kill sends SIGKILL to this process. If it has ended, that is no error.
func (id identity) kill() error { return killIf(id.PID, id.alive) }

// runs says whether any process with this pid lives.
func runs(pid int) bool {
	s, err := procfs.ReadStat(pid)
	return err == nil && !s.Gone()
}

// allProcesses reads every process that /proc shows, by pid.
func allProcesses() (map[int]procfs.Stat, error) {
	pids, err := procfs.PIDs()
	if err != nil {
		return nil, err
	}
	all := make(map[int]procfs.Stat, len(pids))
	for _, pid := range pids {
		if s, err := procfs.ReadStat(pid); err == nil { // it may have ended meanwhile
			all[pid] = s
		}
	}
	return all, nil
}

// descendants lists the living processes below root. It would miss a process whose
// parent ended during the look, so it repeats the look until it knows every parent.
func descendants(root int) ([]int, error) {
	var below []int
	for range 5 {
		all, err := allProcesses()
		if err != nil {
			return nil, err
		}
		whole := true
		kids := map[int][]int{}
		for pid, p := range all {
			kids[p.Parent] = append(kids[p.Parent], pid)
			if _, known := all[p.Parent]; !known && p.Parent != 0 {
				whole = false
			}
		}
		below = below[:0]
		for queue := kids[root]; len(queue) > 0; queue = queue[1:] {
			pid := queue[0]
			if p := all[pid]; !p.Gone() {
				below = append(below, pid)
			}
			queue = append(queue, kids[pid]...)
		}
		if whole {
			break
		}
	}
	return below, nil
}

// hasMarker says whether a process carries the marker of the scratch folder id.
func hasMarker(pid int, id string) bool {
	environment, err := procfs.Words(pid, "environ")
	return err == nil && slices.Contains(environment, markerName+"="+id)
}

// marked lists the living processes that carry the marker of the scratch folder id.
func marked(id string) ([]int, error) {
	pids, err := procfs.PIDs()
	if err != nil {
		return nil, err
	}
	var found []int
	for _, pid := range pids {
		if hasMarker(pid, id) && runs(pid) {
			found = append(found, pid)
		}
	}
	return found, nil
}

// killIf sends SIGKILL to pid if same still holds after a pidfd has pinned the process.
// If the process has ended, that is no error.
func killIf(pid int, same func() bool) error {
	_, err := signalIf(pid, unix.SIGKILL, same)
	return err
}

// signalIf sends a signal to pid if same still holds after a pidfd has pinned the
// process, and returns whether it did. If the process has ended, that is no error.
func signalIf(pid int, sig unix.Signal, same func() bool) (sent bool, err error) {
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("pidfd of %d: %w", pid, err)
	}
	defer unix.Close(fd) //nolint:errcheck // a handle
	if !same() {
		return false, nil
	}
	err = unix.PidfdSendSignal(fd, sig, nil, 0)
	if err != nil && !errors.Is(err, unix.ESRCH) {
		return false, fmt.Errorf("%s to %d: %w", unix.SignalName(sig), pid, err)
	}
	return err == nil, nil
}

// killMarked kills the processes that carry a marker and returns the pids it saw.
func killMarked(id string) ([]int, error) {
	pids, err := marked(id)
	for _, pid := range pids {
		err = errors.Join(err, killIf(pid, func() bool { return hasMarker(pid, id) }))
	}
	return pids, err
}

// hostPID finds the child of parent whose pid in its own namespace is inner.
func hostPID(parent, inner int) (int, error) {
	kids, err := procfs.Children(parent)
	if err != nil {
		return 0, err
	}
	for _, pid := range kids {
		if innermost(pid) == inner {
			return pid, nil
		}
	}
	return 0, fmt.Errorf("process %d has no child that knows itself as %d", parent, inner)
}

// innermost is the pid of a process in its own namespace, 0 if it is gone.
func innermost(pid int) int {
	b, err := os.ReadFile(procfs.Path(pid, "status"))
	if err != nil {
		return 0
	}
	if inner, ok := procfs.InnermostPID(b); ok {
		return inner
	}
	return pid // the kernel has no namespaces
}
