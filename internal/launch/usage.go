package launch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"benchrun/internal/procfs"
)

// leastFile is how many bytes a file counts at least: its name and inode take space too,
// so that a limit of bytes also limits the number of files.
const leastFile = 4096

// Space returns how many bytes of a file system an ordinary user can still use, and its
// size in bytes.
func Space(dir string) (free, size int64, err error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, 0, fmt.Errorf("free space of %s: %w", dir, err)
	}
	unit := st.Bsize
	return int64(st.Bavail) * unit, int64(st.Blocks) * unit, nil //nolint:gosec // no disk is that large
}

// file identifies a file.
type file struct{ dev, ino uint64 }

// Disk is what files take.
type Disk struct {
	Bytes int64
	Files int // that have a name, folders included
}

// Disk is what the files of the group's scratch folder take, including removed ones that
// its processes still hold open. Each file counts as at least 4 KiB. Counting stops at
// most bytes. In that case, and if the server moves folders meanwhile, the
// result is a lower bound. It makes unreadable folders readable for their owner. The
// file of the server's output does not count: the caller limits that.
func (g *Group) Disk(ctx context.Context, most int64) (Disk, error) {
	root, st, err := openFolder(unix.AT_FDCWD, g.scratch.Dir, 0)
	if err != nil {
		return Disk{}, fmt.Errorf("files of %s: %w", g.scratch.Dir, err)
	}
	w := walk{ctx: ctx, dev: st.Dev, most: most, linked: map[file]bool{g.output: true}}
	if err := w.all(root); err != nil {
		return Disk{w.bytes, w.files}, fmt.Errorf("files of %s: %w", g.scratch.Dir, err)
	}
	if w.bytes <= most {
		err = w.removed(g)
	}
	return Disk{w.bytes, w.files}, err
}

// walk adds up the files of a tree that a server may be changing.
type walk struct {
	ctx    context.Context
	dev    uint64
	most   int64
	bytes  int64
	files  int
	linked map[file]bool // files with several names or none, which must count once
}

// level is a folder on the way down, and its folders that are still to be visited.
type level struct {
	is      file
	folders []string
}

// all goes down by descriptors and up by "..", with one descriptor open at a time, so
// depth does not matter. If ".." is not the folder that it came from, the server has
// moved a folder, and the count ends there.
func (w *walk) all(dir *os.File) (err error) {
	defer func() { err = errors.Join(err, dir.Close()) }()
	var path []level
	enter := func(is file) error {
		folders, err := w.list(dir)
		path = append(path, level{is, folders})
		return err
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(dir.Fd()), &st); err != nil {
		return err
	}
	if err := enter(file{st.Dev, st.Ino}); err != nil {
		return err
	}
	for len(path) > 0 && w.bytes <= w.most && w.ctx.Err() == nil {
		here := &path[len(path)-1]
		var next *os.File
		if n := len(here.folders); n > 0 {
			name := here.folders[n-1]
			here.folders = here.folders[:n-1]
			if next, st, err = openFolder(int(dir.Fd()), name, 0); err != nil {
				continue // gone, or another user's
			}
			if st.Dev != w.dev {
				_ = next.Close()
				continue
			}
			_ = dir.Close()
			dir = next
			if err := enter(file{st.Dev, st.Ino}); err != nil {
				return err
			}
			continue
		}
		if path = path[:len(path)-1]; len(path) == 0 {
			break
		}
		if next, st, err = openFolder(int(dir.Fd()), "..", 0); err != nil {
			return nil //nolint:nilerr // moved or removed: a lower bound
		}
		_ = dir.Close()
		dir = next
		if (file{st.Dev, st.Ino}) != path[len(path)-1].is {
			return nil
		}
	}
	return w.ctx.Err()
}

// list counts the files in a folder and returns the names of its folders.
func (w *walk) list(dir *os.File) (folders []string, err error) {
	for w.bytes <= w.most && w.ctx.Err() == nil {
		names, err := dir.Readdirnames(1000)
		if err != nil && !errors.Is(err, io.EOF) {
			return folders, err
		}
		if len(names) == 0 {
			break
		}
		for _, name := range names {
			var st unix.Stat_t
			if unix.Fstatat(int(dir.Fd()), name, &st, unix.AT_SYMLINK_NOFOLLOW) != nil || st.Dev != w.dev {
				continue
			}
			w.count(&st)
			w.files++
			if st.Mode&unix.S_IFMT == unix.S_IFDIR {
				folders = append(folders, name)
			}
		}
	}
	return folders, nil
}

func (w *walk) count(st *unix.Stat_t) {
	if st.Nlink != 1 && st.Mode&unix.S_IFMT != unix.S_IFDIR {
		is := file{st.Dev, st.Ino}
		if w.linked[is] {
			return
		}
		w.linked[is] = true
	}
	w.bytes += max(leastFile, st.Blocks*512)
}

// removed adds the nameless files that the group's processes hold open.
func (w *walk) removed(g *Group) error {
	pids, err := g.Members()
	if err != nil {
		return err
	}
	for _, pid := range pids {
		fds, err := procfs.Descriptors(pid)
		if err != nil {
			continue // it has ended, or this user may not look into it
		}
		for _, fd := range fds {
			var st unix.Stat_t
			if unix.Stat(procfs.Path(pid, "fd/"+strconv.Itoa(fd)), &st) == nil && st.Nlink == 0 && st.Dev == w.dev && st.Mode&unix.S_IFMT == unix.S_IFREG {
				w.count(&st)
			}
		}
		if w.bytes > w.most || w.ctx.Err() != nil {
			break
		}
	}
	return w.ctx.Err()
}

// TmpFull says that the server has filled its private folders for temporary files: less
// than a hundredth of the bytes is free, or no file. It is false if the server has no
// such folders.
func (g *Group) TmpFull() bool {
	if !g.private {
		return false
	}
	var st unix.Statfs_t
	if err := unix.Statfs(procfs.Path(g.ShimPID(), "root"+sharedMemory), &st); err != nil {
		return false // it has just ended, or has no such folder
	}
	return st.Type == unix.TMPFS_MAGIC && st.Blocks > 0 && (st.Bavail < st.Blocks/100 || st.Ffree == 0)
}
