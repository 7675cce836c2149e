package launch

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// markerName is the environment variable by which a server's processes are
// found again when everything else that knew them is dead.
const markerName = "BENCHRUN_SCRATCH"

// process is one line of /proc/PID/stat, see proc_pid_stat(5).
type process struct {
	pid, ppid, pgid int
	state           byte
	threads         int
	start           uint64 // clock ticks since boot
}

// alive is false for zombies. A process whose first thread has ended but whose
// others run is shown as a zombie too, but has more than one thread.
func (p process) alive() bool { return (p.state != 'Z' && p.state != 'X') || p.threads > 1 }

// readProcess reads /proc/PID/stat. It fails when there is no such process.
func readProcess(pid int) (process, error) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return process{}, err
	}
	return parseStat(pid, string(b))
}

// parseStat takes the fields after the last ")": the name in between may hold
// anything.
func parseStat(pid int, stat string) (process, error) {
	f := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(f) < 20 {
		return process{}, fmt.Errorf("/proc/%d/stat has %d fields after the name", pid, len(f))
	}
	p := process{pid: pid, state: f[0][0]}
	var errs [4]error
	p.ppid, errs[0] = strconv.Atoi(f[1])
	p.pgid, errs[1] = strconv.Atoi(f[2])
	p.threads, errs[2] = strconv.Atoi(f[17])
	p.start, errs[3] = strconv.ParseUint(f[19], 10, 64)
	return p, errors.Join(errs[:]...)
}

// identity is what tells a process from a later one with the same number.
type identity struct {
	PID   int    `json:"pid"`
	Start uint64 `json:"start"` // clock ticks since boot
}

// identify finds out who has a number now.
func identify(pid int) (identity, error) {
	p, err := readProcess(pid)
	return identity{PID: pid, Start: p.start}, err
}

// alive says whether this very process still lives.
func (id identity) alive() bool {
	if id.PID == 0 {
		return false
	}
	p, err := readProcess(id.PID)
	return err == nil && p.start == id.Start && p.alive()
}

// kill sends SIGKILL to this very process. One that has ended is no error.
func (id identity) kill() error { return killIf(id.PID, id.alive) }

// allProcesses reads every process that /proc shows, by pid.
func allProcesses() (map[int]process, error) {
	pids, err := allPIDs()
	if err != nil {
		return nil, err
	}
	all := make(map[int]process, len(pids))
	for _, pid := range pids {
		if p, err := readProcess(pid); err == nil { // it may have ended meanwhile
			all[pid] = p
		}
	}
	return all, nil
}

func allPIDs() ([]int, error) {
	d, err := os.Open("/proc")
	if err != nil {
		return nil, err
	}
	defer d.Close() //nolint:errcheck // read only
	names, err := d.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, n := range names {
		if pid, err := strconv.Atoi(n); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// descendants lists the processes below root that are alive. A process whose
// parent ended during the look would be lost, so the look is repeated until
// every parent in it is known.
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
			kids[p.ppid] = append(kids[p.ppid], pid)
			if _, known := all[p.ppid]; !known && p.ppid != 0 {
				whole = false
			}
		}
		below = below[:0]
		for queue := kids[root]; len(queue) > 0; queue = queue[1:] {
			pid := queue[0]
			if all[pid].alive() {
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

// childrenOf lists the direct children of pid, zombies included, from the
// kernel's own lists; where that file is not built in, from all of /proc.
func childrenOf(pid int) ([]int, error) {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			continue // that thread has ended
		}
		for _, w := range strings.Fields(string(b)) {
			if n, err := strconv.Atoi(w); err == nil {
				pids = append(pids, n)
			}
		}
	}
	if len(files) > 0 {
		return pids, nil
	}
	all, err := allProcesses()
	for _, p := range all {
		if p.ppid == pid {
			pids = append(pids, p.pid)
		}
	}
	return pids, err
}

// hasMarker says whether a process was started with a scratch's marker.
func hasMarker(pid int, id string) bool {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	if err != nil {
		return false
	}
	for v := range bytes.SplitSeq(b, []byte{0}) {
		if string(v) == markerName+"="+id {
			return true
		}
	}
	return false
}

// marked lists the living processes that carry a scratch's marker.
func marked(id string) ([]int, error) {
	pids, err := allPIDs()
	if err != nil {
		return nil, err
	}
	var found []int
	for _, pid := range pids {
		if !hasMarker(pid, id) {
			continue
		}
		if p, err := readProcess(pid); err == nil && p.alive() {
			found = append(found, pid)
		}
	}
	return found, nil
}

// killIf sends SIGKILL to pid if, with the process pinned by a pidfd, it still
// is the one that was meant. A process that has ended is no error.
func killIf(pid int, same func() bool) error {
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("pidfd of %d: %w", pid, err)
	}
	defer unix.Close(fd) //nolint:errcheck // a handle
	if !same() {
		return nil
	}
	err = unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
	if err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("kill %d: %w", pid, err)
	}
	return nil
}

// killMarked ends the processes that carry a marker and says which it saw.
func killMarked(id string) ([]int, error) {
	pids, err := marked(id)
	for _, pid := range pids {
		err = errors.Join(err, killIf(pid, func() bool { return hasMarker(pid, id) }))
	}
	return pids, err
}

// hostPID finds the child of parent that its own namespace knows as inner.
func hostPID(parent, inner int) (int, error) {
	kids, err := childrenOf(parent)
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

// innermost is the pid of a process in its own namespace, 0 when it is gone.
func innermost(pid int) int {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "NSpid:"); ok {
			f := append([]string{"0"}, strings.Fields(rest)...)
			n, _ := strconv.Atoi(f[len(f)-1])
			return n
		}
	}
	return pid // a kernel without namespaces
}
