package launch

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"benchrun/internal/procfs"
)

// If a server shares IPC and the folders for temporary files with other programs, its
// leftovers stay there. A System V shared memory segment names the process that made
// it: benchrun removes the segment if that process was the server's. All other things
// only have an owner and a time: benchrun reports them and does not touch them.

// mostLeft is how many leftovers a report names.
const mostLeft = 20

// leftBehind names what a user has made in the shared places since a time (Unix
// seconds) and what is still there. The server may have made it, or another program.
func leftBehind(uid int, since int64) (left []string) {
	for _, o := range procfs.IPCObjects() {
		if o.UID == uid && o.Made >= since {
			left = append(left, o.String())
		}
	}
	own := filepath.Base(scratchParent())
	for _, dir := range append([]string{sharedMemory, "/dev/mqueue"}, sharedPlaces...) {
		if info, err := os.Lstat(dir); err != nil || !info.IsDir() {
			continue
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, e := range entries {
			var st unix.Statx_t
			err := unix.Statx(unix.AT_FDCWD, filepath.Join(dir, e.Name()), unix.AT_SYMLINK_NOFOLLOW, unix.STATX_BASIC_STATS|unix.STATX_BTIME, &st)
			if err != nil || int(st.Uid) != uid || e.Name() == own || strings.HasPrefix(e.Name(), noticesName) {
				continue
			}
			made := st.Ctime
			if st.Mask&unix.STATX_BTIME != 0 {
				made = st.Btime
			}
			if made.Sec >= since {
				left = append(left, dir+"/"+cut(strings.Trim(strconv.Quote(e.Name()), `"`), mostName))
			}
		}
	}
	if more := len(left) - mostLeft; more > 0 {
		left = append(left[:mostLeft], fmt.Sprintf("and %d more", more))
	}
	return left
}

// life is the time in which a pid belonged to a process of the server, Unix seconds.
type life struct{ from, to int64 }

// lifeOf is the life of a process that has ended and was not reaped yet.
func lifeOf(pid int) (life, bool) {
	s, err := procfs.ReadStat(pid)
	var now unix.Timespec
	if err != nil || unix.ClockGettime(unix.CLOCK_BOOTTIME, &now) != nil {
		return life{}, false
	}
	age := time.Duration(now.Nano()) - time.Duration(s.Start)*time.Second/procfs.UserHZ //nolint:gosec // since boot
	t := time.Now()
	const blur = 50 * time.Millisecond // the unit of Start
	return life{t.Add(-age - blur).Unix(), t.Unix()}, true
}

// removeShared removes the shared memory that reaped processes of a user have made.
// It acts as that user, because the owner may do so.
func removeShared(uid int, buried map[int]life) {
	var ours []int
	for _, o := range procfs.IPCObjects() {
		was, ok := buried[o.Creator]
		if o.Kind == "shm" && ok && o.UID == uid && was.from <= o.Made && o.Made <= was.to {
			ours = append(ours, o.ID)
		}
	}
	if len(ours) == 0 {
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()   // never unlocked
		if os.Geteuid() != uid { // changes only this thread, which ends with the goroutine
			_, _, _ = unix.RawSyscall(unix.SYS_SETRESUID, ^uintptr(0), uintptr(uid), ^uintptr(0))
		}
		for _, id := range ours {
			_, _, _ = unix.RawSyscall(unix.SYS_SHMCTL, uintptr(id), unix.IPC_RMID, 0) // leftBehind reports what stays
		}
	}()
	<-done
}
