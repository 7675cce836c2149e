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

// openFolder opens the folder name below the folder at (or unix.AT_FDCWD) for
// reading and follows no link. A server can make folders that nobody may enter:
// the owner's rights in need are added where they are missing, and those that
// reading takes where it is refused. It goes by descriptors, so neither a path
// that is too long nor a folder that is swapped meanwhile matters.
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
	allow := func(bits uint32) { // chmod of a handle, which fchmod refuses; open says what came of it
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

// removeTree removes a folder that a server may have written to, however deep
// it is and whatever modes are in it, and follows no link. It holds four
// descriptors at most: folders are moved up into dir, one after the other, and
// emptied there, so that no path gets long. It fails when it is not done by the
// deadline, or when something cannot be removed; calling it again goes on.
func removeTree(dir string, deadline time.Time) error {
	root, st, err := openFolder(unix.AT_FDCWD, dir, 0o700)
	switch {
	case errors.Is(err, unix.ENOENT):
		return nil
	case errors.Is(err, unix.ENOTDIR), errors.Is(err, unix.ELOOP): // a file, or a link
		return os.Remove(dir)
	case err != nil:
		return fmt.Errorf("open %s: %w", dir, err)
	}
	f := felling{root: root, dev: st.Dev, deadline: deadline}
	err = errors.Join(f.fell(), root.Close())
	rerr := os.Remove(dir)
	if rerr == nil || errors.Is(rerr, unix.ENOENT) { // the obstacle is gone, or someone else removed it first
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
	folders  []string // in root, to be emptied
	moved    int      // names given to folders that were moved up
	left     error    // the first thing that could not be removed
}

// fell empties the root, until a look at it finds nothing more to remove.
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

// empty removes a folder of the root; what folders it has go up into the root.
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

// moveUp moves the folder sub of dir into the root, where it is emptied next.
// The kernel wants the right to write to a folder that gets another parent.
func (f *felling) moveUp(dir *os.File, sub string) bool {
	if opened, _, err := openFolder(int(dir.Fd()), sub, 0o700); err == nil {
		_ = opened.Close()
	}
	for {
		f.moved++
		name := "moved-up-" + strconv.Itoa(f.moved)
		err := unix.Renameat(int(dir.Fd()), sub, int(f.root.Fd()), name)
		if errors.Is(err, unix.EEXIST) || errors.Is(err, unix.ENOTEMPTY) || errors.Is(err, unix.ENOTDIR) {
			continue // the server had that name too
		}
		if err != nil {
			f.keep(sub, err)
			return false
		}
		f.folders = append(f.folders, name)
		return true
	}
}

// clear unlinks everything but folders, and calls folder with their names.
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

// keep notes what could not be removed.
func (f *felling) keep(name string, err error) {
	if f.left == nil {
		f.left = fmt.Errorf("%s: %w", cut(strconv.Quote(name), mostName), err)
	}
}

// mostName is how much of a name that a server chose an error shows, bytes;
// mostWords how much of an error a person is to read.
const (
	mostName  = 80
	mostWords = 1000
)

// cut shortens what a server may have made long.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}
