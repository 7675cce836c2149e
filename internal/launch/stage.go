package launch

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"benchrun/internal/procfs"
)

// niceness is a server's niceness if no CPU quota can be set: the load generator goes
// first, but other processes of the machine cannot starve the server.
const niceness = 10

// defaultPath is searched if the server's environment has no PATH.
const defaultPath = "/usr/local/bin:/usr/bin:/bin"

// execStage confines itself and becomes the server. It stays on one thread, because
// no_new_privs, pdeathsig and niceness belong to a thread, and the thread that execs is
// the one that stays. It returns only on failure.
func execStage() int {
	status := os.NewFile(stageStatus, "status")
	unix.CloseOnExec(stageConfig)
	unix.CloseOnExec(stageStatus)
	tell := json.NewEncoder(status)
	var order stageOrder
	// When benchrun has said go, the shim writes the pipe and closes it. A shim that
	// died before has written nothing.
	if err := json.NewDecoder(os.NewFile(stageConfig, "config")).Decode(&order); err != nil {
		return failed(tell, "read the order", err)
	}
	what, err := becomeServer(order, tell)
	return failed(tell, what, err)
}

func failed(tell *json.Encoder, what string, err error) int {
	_ = tell.Encode(report{Event: eventFailed, What: what, Error: err.Error()})
	return 1
}

// oomScore has the kernel end a process of the server before any other on the host. It leaves
// room above it: a process that raises its own is the first of the server to end.
const oomScore = "500"

// becomeServer returns what it could not do, and the error.
func becomeServer(o stageOrder, tell *json.Encoder) (string, error) {
	for _, dir := range o.Cgroups {
		if err := write(filepath.Join(dir, "cgroup.procs"), "0"); err != nil {
			return "join cgroup " + dir, err
		}
	}
	// After the change of user, /proc/self belongs to root until exec.
	_ = write("/proc/self/oom_score_adj", oomScore) // some containers refuse; the server then runs without it
	niced := o.Nice && beNice() == nil
	if err := syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}); err != nil {
		return "set RLIMIT_CORE", err
	}
	nofile, err := limitFiles(o.NoFile)
	if err != nil {
		return "set RLIMIT_NOFILE", err
	}
	if o.Longest > 0 {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: o.Longest, Max: o.Longest}); err != nil && !errors.Is(err, syscall.EPERM) {
			return "set RLIMIT_FSIZE", err // EPERM: a lower limit is in force
		}
	}
	syscall.Umask(0o022)
	if o.User != nil {
		if err := dropTo(o.User); err != nil {
			return "become user " + o.User.Name, err
		}
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return "set no_new_privs", err
	}
	// Set after the change of user, which clears it.
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0); err != nil {
		return "set the parent-death signal", err
	}
	if err := os.Chdir(o.Dir); err != nil {
		return "enter the working folder", err
	}
	path, err := lookPath(o.Argv[0], o.Env)
	if err != nil {
		return "find the command", err
	}
	if err := closeOnExecFrom(3); err != nil {
		return "close inherited descriptors", err
	}
	if o.Held {
		if _, err := unix.FcntlInt(stageHeld, unix.F_SETFD, 0); err != nil {
			return "keep the lock open", err
		}
	}
	if err := tell.Encode(report{Event: eventReady, NoFile: nofile, Niced: niced}); err != nil {
		return "report", err
	}
	return "execute " + path, syscall.Exec(path, o.Argv, o.Env)
}

// beNice lowers the priority. If the kernel schedules sessions as groups
// (sched_autogroup), niceness counts only within a session, and a separate file sets
// that of the session. The kernel accepts ten writes a second from all ordinary users
// together, and otherwise returns EAGAIN.
func beNice() error {
	for range 50 {
		if !errors.Is(write("/proc/self/autogroup", strconv.Itoa(niceness)), unix.EAGAIN) {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	return unix.Setpriority(unix.PRIO_PROCESS, 0, niceness)
}

// limitFiles sets RLIMIT_NOFILE to n, or to the hard limit if that is lower and
// cannot be raised, and returns the limit in force. It uses syscall.Setrlimit, because
// otherwise Go restores the inherited soft limit on exec.
func limitFiles(n uint64) (uint64, error) {
	var now syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &now); err != nil {
		return 0, err
	}
	if n == 0 {
		return 0, nil
	}
	err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: n, Max: n})
	if errors.Is(err, syscall.EPERM) {
		n = min(n, now.Max)
		err = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: n, Max: n})
	}
	return n, err
}

// dropTo becomes the user for good, without any supplementary group.
func dropTo(u *User) error {
	if err := syscall.Setgroups(nil); err != nil {
		return fmt.Errorf("setgroups: %w", err)
	}
	if err := syscall.Setgid(u.GID); err != nil {
		return fmt.Errorf("setgid %d: %w", u.GID, err)
	}
	if err := syscall.Setuid(u.UID); err != nil {
		return fmt.Errorf("setuid %d: %w", u.UID, err)
	}
	return nil
}

// closeOnExecFrom closes all descriptors from first on at exec, also those that
// benchrun itself inherited.
func closeOnExecFrom(first uint) error {
	err := unix.CloseRange(first, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC)
	if err == nil {
		return nil
	}
	fds, err := procfs.Descriptors(procfs.Self) // before Linux 5.11
	if err != nil {
		return err
	}
	for _, fd := range fds {
		if fd >= int(first) {
			unix.CloseOnExec(fd)
		}
	}
	return nil
}

// lookPath finds the command with the server's user and environment.
func lookPath(name string, env []string) (string, error) {
	if strings.Contains(name, "/") {
		return name, nil // exec will say what is wrong with it
	}
	path := defaultPath
	for _, v := range env {
		if p, ok := strings.CutPrefix(v, "PATH="); ok {
			path = p
		}
	}
	for dir := range strings.SplitSeq(path, ":") {
		file := filepath.Join(dir, name)
		var st unix.Stat_t
		if unix.Stat(file, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFREG && unix.Access(file, unix.X_OK) == nil {
			return file, nil
		}
	}
	return "", fmt.Errorf("no executable %s in %s", name, path)
}
