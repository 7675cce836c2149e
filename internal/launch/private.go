package launch

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"benchrun/internal/procfs"
)

// private says what a server gets for itself if it has its own mount and IPC
// namespaces: the places that everybody may write to. To the server, the rest of the
// file system is read-only, except for its own folders.
type private struct {
	Keep     []string `json:"keep"`  // absolute paths of folders that stay as they are
	Blank    string   `json:"blank"` // an empty folder for setting up
	Bytes    int64    `json:"bytes"` // the most that it may write to the shared places
	ShmBytes int64    `json:"shm_bytes"`
}

// sharedPlaces are the folders that everybody may write to. Their contents stay
// readable, because a server or its Python may be there. What the server writes goes to
// a file system in memory that ends with the namespace.
var sharedPlaces = []string{"/tmp", "/var/tmp", "/run/lock"}

// sharedMemory is the folder of POSIX shared memory. The server's is empty at first.
const sharedMemory = "/dev/shm"

// mostSharedFiles is how many files the server may have in all these places together.
const mostSharedFiles = 65_536

// enter sets the private places up. Pid 1 of the namespaces calls it after it has
// mounted /proc.
func (p *private) enter() error {
	before, err := procfs.Mounts()
	if err != nil {
		return err
	}
	// Open the folders first, because mounts are about to hide what lies below a
	// shared place: the server's folders, and whatever else is mounted there.
	var keep []string
	for _, m := range before {
		if slices.ContainsFunc(sharedPlaces, func(dir string) bool { return strings.HasPrefix(m.Point, dir+"/") }) && !slices.Contains(keep, m.Point) {
			keep = append(keep, m.Point)
		}
	}
	keep = append(keep, p.Keep...) // mounted last, because they may lie in one of the others
	handles := map[string]int{}
	for _, dir := range keep {
		fd, err := unix.Open(dir, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		if err != nil {
			if slices.Contains(p.Keep, dir) {
				return fmt.Errorf("open %s: %w", dir, err)
			}
			continue // the server could not see it either
		}
		defer unix.Close(fd) //nolint:errcheck // a handle
		handles[dir] = fd
	}
	ours, err := p.cover()
	if err != nil {
		return err
	}
	for _, dir := range keep {
		fd, ok := handles[dir]
		if !ok {
			continue
		}
		if strings.HasPrefix(dir, sharedMemory+"/") { // the new one is empty
			if err := standIn(fd, dir); err != nil {
				return fmt.Errorf("keep %s: %w", dir, err)
			}
		}
		if err := unix.Mount(fmt.Sprintf("/proc/self/fd/%d", fd), dir, "", unix.MS_BIND, ""); err != nil && slices.Contains(p.Keep, dir) {
			return fmt.Errorf("keep %s: %w", dir, err)
		}
	}
	if err := readOnlyBut(slices.Concat(ours, p.Keep)); err != nil {
		return err
	}
	if p.ShmBytes > 0 { // System V segments, in pages; a cgroup counts them, otherwise this is the only limit
		_ = write("/proc/sys/kernel/shmall", strconv.FormatInt(p.ShmBytes/int64(os.Getpagesize()), 10))
	}
	return nil
}

// standIn makes an empty folder or file on which the handle's target can be mounted,
// and the folders above it, which every user may enter.
func standIn(handle int, path string) error {
	var st unix.Stat_t
	if err := unix.Fstat(handle, &st); err != nil {
		return err
	}
	defer unix.Umask(unix.Umask(0o022))
	if st.Mode&unix.S_IFMT == unix.S_IFDIR {
		return os.MkdirAll(path, 0o755)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, nil, 0o644)
}

// cover mounts the file system in memory over the shared places, and returns the ones
// it covered.
func (p *private) cover() (covered []string, err error) {
	if err := unix.Mount("tmpfs", p.Blank, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV,
		fmt.Sprintf("size=%d,nr_inodes=%d,mode=0711", p.Bytes, mostSharedFiles)); err != nil {
		return nil, fmt.Errorf("mount a file system in memory: %w", err)
	}
	if err := os.Chdir(p.Blank); err != nil { // short paths without characters that mount options cannot have
		return nil, err
	}
	for i, dir := range append([]string{sharedMemory}, sharedPlaces...) {
		info, err := os.Lstat(dir)
		if err != nil || !info.IsDir() {
			continue // it does not exist, or it is a link to a covered place
		}
		upper, work := fmt.Sprintf("upper%d", i), fmt.Sprintf("work%d", i)
		mode := info.Mode().Perm() | info.Mode()&os.ModeSticky
		if err := errors.Join(os.Mkdir(upper, 0o700), os.Chmod(upper, mode), os.Mkdir(work, 0o700)); err != nil {
			return nil, err
		}
		if dir == sharedMemory {
			err = unix.Mount(upper, dir, "", unix.MS_BIND, "")
		} else {
			// The kernel has no overlays, or something is mounted below that must stay hidden.
			if err = overlay(dir, upper, work); err != nil {
				err = bindEntries(dir, upper)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("cover %s: %w", dir, err)
		}
		covered = append(covered, dir)
	}
	if err := os.Chdir("/"); err != nil {
		return nil, err
	}
	// The mounts over the places keep it alive, so its own path can go. If that path is
	// below one of the places, it is hidden already.
	if err := unix.Unmount(p.Blank, unix.MNT_DETACH); err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOENT) {
		return nil, fmt.Errorf("unmount %s: %w", p.Blank, err)
	}
	return covered, nil
}

// overlay mounts the folder upper, which gets what is written, over dir, which stays as
// it is. In a user namespace, the kernel must store its own notes as user attributes.
func overlay(dir, upper, work string) error {
	options := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", dir, upper, work)
	const flags = unix.MS_NOSUID | unix.MS_NODEV
	if err := unix.Mount("overlay", dir, "overlay", flags, options); err == nil {
		return nil
	}
	return unix.Mount("overlay", dir, "overlay", flags, options+",userxattr")
}

// mostEntries is how many entries of a folder are bind-mounted one by one.
const mostEntries = 4096

// bindEntries mounts the folder upper over dir and mounts each entry of dir into it.
// Entries that dir gets later are not visible.
func bindEntries(dir, upper string) error {
	was, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer was.Close() //nolint:errcheck // read only
	names, err := was.Readdirnames(mostEntries + 1)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if len(names) > mostEntries {
		return fmt.Errorf("more than %d entries", mostEntries)
	}
	if err := unix.Mount(upper, dir, "", unix.MS_BIND, ""); err != nil {
		return err
	}
	for _, name := range names {
		from, to := fmt.Sprintf("/proc/self/fd/%d/%s", was.Fd(), name), filepath.Join(dir, name)
		info, err := os.Lstat(from)
		switch {
		case err != nil:
			continue // it is gone by now, or this user could not see it
		case info.Mode().Type() == os.ModeSymlink:
			if target, err := os.Readlink(from); err == nil {
				_ = os.Symlink(target, to)
			}
			continue
		case info.IsDir():
			err = os.Mkdir(to, 0o755)
		default:
			err = os.WriteFile(to, nil, 0o644)
		}
		if err == nil {
			err = unix.Mount(from, to, "", unix.MS_BIND|unix.MS_REC, "")
		}
		if err != nil && !errors.Is(err, unix.ENOENT) {
			return fmt.Errorf("bind %q: %w", cut(name, mostName), err)
		}
	}
	return nil
}

// readOnlyBut makes every mount read-only except three kinds: those at the given
// points; the kernel's own file systems, in which nothing can be left; and cgroups,
// which the server has yet to join and whose files belong to whoever made them.
func readOnlyBut(points []string) error {
	mounts, err := procfs.Mounts()
	if err != nil {
		return err
	}
	for _, m := range mounts {
		if slices.Contains(points, m.Point) || slices.Contains([]string{"proc", "cgroup", "cgroup2", "autofs"}, m.Type) {
			continue
		}
		var st unix.Statfs_t
		err := unix.Statfs(m.Point, &st)
		if err == nil {
			err = unix.Mount("", m.Point, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY|mountFlags(st.Flags), "")
		}
		switch {
		case err == nil:
		case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENOTDIR), errors.Is(err, unix.EACCES), errors.Is(err, unix.EINVAL):
			// Another mount covers it, or the server cannot enter it either.
		default:
			return fmt.Errorf("make %s read-only: %w", filepath.Clean(m.Point), err)
		}
	}
	return nil
}

// mountFlags converts the flags that statfs returns into those that a remount must
// repeat: a namespace must keep the flags that it did not set itself.
func mountFlags(told int64) (flags uintptr) {
	for st, ms := range map[int64]uintptr{
		unix.ST_NOSUID: unix.MS_NOSUID, unix.ST_NODEV: unix.MS_NODEV, unix.ST_NOEXEC: unix.MS_NOEXEC,
		unix.ST_NOATIME: unix.MS_NOATIME, unix.ST_NODIRATIME: unix.MS_NODIRATIME, unix.ST_RELATIME: unix.MS_RELATIME,
	} {
		if told&st != 0 {
			flags |= ms
		}
	}
	return flags
}
