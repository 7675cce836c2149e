package launch

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// openFolder opens the folder name below the folder at (or unix.AT_FDCWD) for reading,
// and follows no link. A server can make folders that nobody may enter: openFolder adds
// the owner's rights in need if they are missing, and the rights to read if reading is
// refused. It uses descriptors, so it works with paths that are too long, and with
// folders that are swapped meanwhile.
func openFolder(at int, name string, need uint32) (*os.File, unix.Stat_t, error) {
	var st unix.Stat_t
	handle, err := unix.Openat(at, name, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, st, err
	}
	defer unix.Close(handle) //nolint:errcheck // a handle
	if err := unix.Fstat(handle, &st); err != nil {
		return nil, st, err
	}
	allow := func(bits uint32) { // fchmod refuses such a handle; open will say whether this worked
		_ = unix.Chmod("/proc/self/fd/"+strconv.Itoa(handle), st.Mode&0o7777|bits)
	}
	if st.Mode&need != need {
		allow(need)
	}
	open := func() (int, error) { return unix.Openat(handle, ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0) }
	fd, err := open()
	if errors.Is(err, unix.EACCES) {
		allow(0o500)
		fd, err = open()
	}
	if err != nil {
		return nil, st, err
	}
	return os.NewFile(uintptr(fd), "folder"), st, nil
}

// removeTree removes a folder that a server may have written to, whatever its depth and
// modes, and follows no link. It holds at most four descriptors. It moves folders up
// into dir, one after the other, and empties them there, so that no path gets long. It
// returns an error at the deadline, or if something cannot be removed. A second call
// continues.
func removeTree(dir string, deadline time.Time) error {
	root, st, err := openFolder(unix.AT_FDCWD, dir, 0o700)
	switch {
	case errors.Is(err, unix.ENOENT):
		return nil
	case errors.Is(err, unix.ENOTDIR), errors.Is(err, unix.ELOOP): // a file or a link
		return os.Remove(dir)
	case err != nil:
		return fmt.Errorf("open %s: %w", dir, err)
	}
	f := felling{root: root, dev: st.Dev, deadline: deadline}
	err = errors.Join(f.fell(), root.Close())
	rerr := os.Remove(dir)
	if rerr == nil || errors.Is(rerr, unix.ENOENT) { // the obstacle is gone, or somebody else removed it first
		return nil
	}
	if err == nil {
		return rerr
	}
	return fmt.Errorf("empty %s: %w", dir, err)
}

// felling is the removal of one tree.
type felling struct {
	root     *os.File
	dev      uint64
	deadline time.Time
	folders  []string // folders in root that must be emptied
	moved    int      // how many folders got a new name in root
	left     error    // the first thing that could not be removed
}

// fell empties the root. It stops when a look finds nothing more to remove.
func (f *felling) fell() error {
	for {
		if _, err := f.root.Seek(0, io.SeekStart); err != nil {
			return err
		}
		before := f.left
		f.left = nil
		removed, err := f.clear(f.root, func(name string) { f.folders = append(f.folders, name) })
		for err == nil && len(f.folders) > 0 {
			last := len(f.folders) - 1
			name := f.folders[last]
			f.folders = f.folders[:last]
			var did bool
			did, err = f.empty(name)
			removed = removed || did
		}
		if err != nil {
			return err
		}
		if !removed {
			if f.left == nil {
				f.left = before
			}
			return f.left
		}
	}
}

// empty removes a folder of the root. It moves that folder's own folders up into root.
func (f *felling) empty(name string) (removed bool, err error) {
	dir, st, err := openFolder(int(f.root.Fd()), name, 0o700)
	if err != nil {
		if !errors.Is(err, unix.ENOENT) {
			f.keep(name, err)
		}
		return false, nil
	}
	defer dir.Close() //nolint:errcheck // read only
	if st.Dev != f.dev {
		f.keep(name, errors.New("another file system is mounted there"))
		return false, nil
	}
	for {
		if _, err := dir.Seek(0, io.SeekStart); err != nil {
			return removed, err
		}
		moved := false
		did, err := f.clear(dir, func(sub string) { moved = f.moveUp(dir, sub) || moved })
		if err != nil {
			return removed, err
		}
		if !did && !moved {
			break
		}
		removed = true
	}
	if err := unix.Unlinkat(int(f.root.Fd()), name, unix.AT_REMOVEDIR); err != nil {
		f.keep(name, err)
		return removed, nil
	}
	return true, nil
}

// moveUp moves the folder sub of dir into the root, where it will be emptied. The kernel
// requires the right to write to a folder that gets another parent.
func (f *felling) moveUp(dir *os.File, sub string) bool {
	if opened, _, err := openFolder(int(dir.Fd()), sub, 0o700); err == nil {
		_ = opened.Close()
	}
	for {
		f.moved++
		name := "moved-up-" + strconv.Itoa(f.moved)
		err := unix.Renameat(int(dir.Fd()), sub, int(f.root.Fd()), name)
		if errors.Is(err, unix.EEXIST) || errors.Is(err, unix.ENOTEMPTY) || errors.Is(err, unix.ENOTDIR) {
			continue // the server used that name too
		}
		if err != nil {
			f.keep(sub, err)
			return false
		}
		f.folders = append(f.folders, name)
		return true
	}
}

// clear removes everything except folders, and calls folder with their names.
func (f *felling) clear(dir *os.File, folder func(name string)) (removed bool, err error) {
	for {
		if time.Now().After(f.deadline) {
			return removed, errors.New("not done in time")
		}
		names, err := dir.Readdirnames(1000)
		if err != nil && !errors.Is(err, io.EOF) {
			return removed, err
		}
		if len(names) == 0 {
			return removed, nil
		}
		for _, name := range names {
			switch err := unix.Unlinkat(int(dir.Fd()), name, 0); {
			case err == nil:
				removed = true
			case errors.Is(err, unix.EISDIR):
				folder(name)
			case !errors.Is(err, unix.ENOENT):
				f.keep(name, err)
			}
		}
	}
}

// keep stores the first thing that could not be removed.
func (f *felling) keep(name string, err error) {
	if f.left == nil {
		f.left = fmt.Errorf("%s: %w", cut(strconv.Quote(name), mostName), err)
	}
}

// mostName is how many bytes of a name that a server chose an error shows, and
// mostWords how many bytes an error text has.
const (
	mostName  = 80
	mostWords = 1000
)

// cut shortens a text that a server may have made long.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}
