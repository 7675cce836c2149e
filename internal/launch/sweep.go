package launch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"benchrun/internal/procfs"
)

// sweepTime is how long removing the folders of all killed benchruns together may take.
// The next benchrun removes what is left then.
const sweepTime = 20 * time.Second

// orphanTime is how long the children of a shim without a benchrun may take to die,
// before the shim itself is killed.
const orphanTime = time.Second

// Sweep ends and removes what killed benchruns of this user have left. For each scratch
// folder whose lock nobody holds, these are the processes, the cgroups, the mounts and
// the folder. It returns a sentence for each folder that it swept, and the shortened
// errors of those that it could not finish, joined; the caller can go on in spite of
// them. It never touches the folder of a living benchrun. Call it when benchrun starts.
func Sweep() ([]string, error) {
	var swept []string
	var errs []error
	sweepNotices(NoticesFolder())
	deadline := time.Now().Add(sweepTime)
	err := eachScratch(func(dir string) {
		said, err := sweepFolder(dir, deadline)
		if said != "" {
			swept = append(swept, said)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("sweep %s: %s", dir, cut(err.Error(), mostWords)))
		}
	})
	return swept, errors.Join(append(errs, err)...)
}

// Leftovers lists the scratch folders of this user that Sweep would remove, because
// their benchrun was killed. It removes nothing.
func Leftovers() ([]string, error) {
	var left []string
	err := eachScratch(func(dir string) {
		if !inUse(dir) {
			left = append(left, dir)
		}
	})
	return left, err
}

// eachScratch calls f for every scratch folder of this user. Meanwhile no other benchrun
// can create or sweep one.
func eachScratch(f func(dir string)) error {
	parent := scratchParent()
	if _, err := os.Lstat(parent); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := ownFolderOnly(parent); err != nil {
		return err
	}
	guard, err := lockParent(parent)
	if err != nil {
		return err
	}
	defer guard.Close() //nolint:errcheck // releases the lock
	entries, err := os.ReadDir(parent)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() {
			f(filepath.Join(parent, e.Name()))
		}
	}
	return nil
}

// inUse says whether a living benchrun holds the folder's lock.
func inUse(dir string) bool {
	lock, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR|unix.O_NOFOLLOW, 0)
	if err != nil {
		return false
	}
	defer lock.Close() //nolint:errcheck // releases the lock
	return errors.Is(unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB), unix.EWOULDBLOCK)
}

// sweepFolder does nothing, and returns "", if the folder is in use.
func sweepFolder(dir string, deadline time.Time) (string, error) {
	lock, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR|unix.O_NOFOLLOW, 0)
	switch {
	case err == nil:
		defer lock.Close() //nolint:errcheck // releases the lock
		if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
			if errors.Is(err, unix.EWOULDBLOCK) {
				return "", nil
			}
			return "", err
		}
	case !errors.Is(err, fs.ErrNotExist): // a folder without a lock: its benchrun died while it made it
		return "", err
	}
	st, err := readState(dir)
	if err != nil {
		st = state{} // the disk was full: processes can only be found by their marker
	}
	id := filepath.Base(dir)
	killed, err := sweepProcesses(id, st)
	if err != nil {
		return "", err
	}
	groups := 0
	for _, g := range st.Groups {
		folders := g.folders(id)
		if err := removeCgroup(folders, time.Now().Add(buryTime)); err != nil {
			return "", err
		}
		groups += len(folders)
	}
	if err := unmountBelow(dir); err != nil {
		return "", err
	}
	if err := removeTree(dir, deadline); err != nil {
		return "", err
	}
	said := fmt.Sprintf("removed what a killed benchrun left in %s: %d processes, %d cgroups", dir, killed, groups)
	for _, g := range st.Groups {
		if left := leftBehind(g.UID, g.Since); len(left) > 0 && !g.Private && g.Since > 0 && st.Boot == bootID() {
			said += "; not removed, but perhaps its server's: " + strings.Join(left, ", ")
		}
	}
	return said, nil
}

// folders are the group's existing cgroup folders that have the scratch folder's
// name.
func (g groupState) folders(id string) []string {
	return slices.DeleteFunc(slices.Clone(g.Cgroups), func(dir string) bool {
		_, err := os.Stat(filepath.Join(dir, "cgroup.procs"))
		return err != nil || !strings.HasPrefix(filepath.Base(dir), "benchrun-"+id)
	})
}

// sweepProcesses ends the members of the cgroups, the shim with everything below it, and
// every process that carries the marker. It returns how many there were.
func sweepProcesses(id string, st state) (int, error) {
	began := time.Now()
	for _, g := range st.Groups {
		forbidForks(g.folders(id))
	}
	return endAll(context.Background(), func() ([]int, error) {
		var seen []int
		var errs []error
		count := func(pids []int, err error) {
			seen = append(seen, pids...)
			errs = append(errs, err)
		}
		for _, g := range st.Groups {
			count(killCgroup(g.folders(id)))
			if st.Boot == bootID() {
				count(g.killShim(time.Since(began) > orphanTime))
				count(g.killLeader())
			}
		}
		count(killMarked(id))
		return seen, errors.Join(errs...)
	})
}

// killLeader kills a leader whose shim has died. It is dying too: it has lost its
// marker, but may still hold its port.
func (g groupState) killLeader() ([]int, error) {
	if !g.Leader.alive() {
		return nil, nil
	}
	return []int{g.Leader.PID}, g.Leader.kill()
}

// killShim ends a shim that still lives. Outside of namespaces its children must die
// first, because without the shim they could not be found: the shim waits for them and
// then ends by itself. killShim kills it if it has no children, or if late.
func (g groupState) killShim(late bool) ([]int, error) {
	if !g.Shim.alive() {
		return nil, nil
	}
	if !g.Level.namespaced() && !late {
		below, err := descendants(g.Shim.PID)
		for _, pid := range below {
			if id, gone := identify(pid); gone == nil {
				err = errors.Join(err, id.kill())
			}
		}
		if err != nil || len(below) > 0 {
			return append(below, g.Shim.PID), err
		}
	}
	return []int{g.Shim.PID}, g.Shim.kill()
}

// unmountBelow detaches the mounts in a folder, the deepest first.
func unmountBelow(dir string) error {
	mounts, err := procfs.Mounts()
	if err != nil {
		return err
	}
	for _, m := range slices.Backward(mounts) { // later mounts lie above earlier ones
		if strings.HasPrefix(m.Point, dir+"/") {
			if err := unix.Unmount(m.Point, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW); err != nil {
				return fmt.Errorf("unmount %s: %w", m.Point, err)
			}
		}
	}
	return nil
}
