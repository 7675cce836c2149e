package launch

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// noticesName begins the name of a folder in sharedMemory in which the benchruns of one
// user tell each other what they do. Those of other users are not believed: what they say
// could stop a run for good.
const noticesName = "benchrun-notices-"

const (
	// mostNotices and mostNotice are how many notices count, and how many bytes each has
	// at most.
	mostNotices = 64
	mostNotice  = 4096
	// noticeAge is how old a notice may be: its benchrun writes it anew every few seconds.
	noticeAge = time.Minute
	// noticesTime is how long the lock of the folder is waited for. It is held for
	// milliseconds.
	noticesTime = 250 * time.Millisecond
)

// NoticesFolder is where the benchruns of this user leave notices for each other; "" =
// nowhere. It lies in memory, so a reboot removes it. Only tests change it.
var NoticesFolder = func() string {
	return filepath.Join(sharedMemory, noticesName+strconv.Itoa(os.Geteuid()))
}

// Notices are the notices in a folder. A benchrun holds the lock of its own one until it
// ends in any way, so a notice that nobody locks counts for nothing.
type Notices struct {
	dir string
	own *os.File // nil = there was nothing to say yet
}

// NewNotices are those in a folder that does not have to exist.
func NewNotices(dir string) *Notices { return &Notices{dir: dir} }

// Turn calls decide with the notices of the others, and stores the one that it returns.
// Meanwhile nobody else has a turn. If the folder cannot be used, there are no others.
func (n *Notices) Turn(decide func(others [][]byte) []byte) error {
	folder, err := n.lock()
	if err != nil {
		decide(nil)
		return err
	}
	defer n.unlock(folder)
	return n.write(decide(n.others(folder)))
}

// Leave removes the own notice.
func (n *Notices) Leave() {
	if n.own == nil {
		return
	}
	folder, err := n.lock()
	_ = os.Remove(n.own.Name()) // whoever finds it later removes it
	_ = n.own.Close()
	n.own = nil
	if err == nil {
		n.unlock(folder)
	}
}

// sweepNotices removes what killed benchruns have left in a folder, and the folder if it is
// empty then.
func sweepNotices(dir string) {
	if _, err := os.Lstat(dir); err == nil {
		_ = NewNotices(dir).Turn(func([][]byte) []byte { return nil }) // the next benchrun tries again
	}
}

// lock takes flock(2) on the folder itself, and makes the folder if there is none.
func (n *Notices) lock() (*os.File, error) {
	for deadline := time.Now().Add(noticesTime); ; time.Sleep(2 * time.Millisecond) {
		folder, err := n.open()
		if err == nil {
			if err = unix.Flock(int(folder.Fd()), unix.LOCK_EX|unix.LOCK_NB); err == nil && n.is(folder) {
				return folder, nil
			}
			_ = folder.Close() // only opened
		}
		again := err == nil || errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.EWOULDBLOCK) || errors.Is(err, unix.EINTR)
		if !again || time.Now().After(deadline) {
			if err == nil {
				err = os.ErrNotExist // others remove it all the time
			}
			return nil, fmt.Errorf("lock %s: %w", n.dir, err)
		}
	}
}

// open opens the folder, and makes it if there is none. Nobody else may write to it.
func (n *Notices) open() (*os.File, error) {
	_ = os.Mkdir(n.dir, 0o700) // opening says what is wrong
	folder, err := os.OpenFile(n.dir, os.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	var st unix.Stat_t
	if err = unix.Fstat(int(folder.Fd()), &st); err == nil && (int(st.Uid) != os.Geteuid() || st.Mode&0o077 != 0) {
		err = fmt.Errorf("%s belongs to another user, or others may use it", n.dir)
	}
	if err != nil {
		return nil, errors.Join(err, folder.Close())
	}
	return folder, nil
}

// is says that a folder that was opened is still the one that others would open.
func (n *Notices) is(folder *os.File) bool {
	opened, err := folder.Stat()
	if err != nil {
		return false
	}
	now, err := os.Lstat(n.dir)
	return err == nil && os.SameFile(opened, now)
}

// unlock releases the lock, and removes the folder if nobody has anything to say.
func (n *Notices) unlock(folder *os.File) {
	if n.own == nil {
		_ = os.Remove(n.dir) // fails while it has notices
	}
	_ = folder.Close() // only opened
}

// others reads the notices of the others that are alive.
func (n *Notices) others(folder *os.File) (all [][]byte) {
	names, err := folder.Readdirnames(mostNotices)
	if err != nil {
		return nil // it is empty
	}
	for _, name := range names {
		if n.own != nil && name == filepath.Base(n.own.Name()) {
			continue
		}
		if text := readNotice(filepath.Join(n.dir, name)); len(text) > 0 {
			all = append(all, text)
		}
	}
	return all
}

// readNotice reads a notice. It removes one that its benchrun has left behind.
func readNotice(path string) []byte {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil
	}
	defer f.Close() //nolint:errcheck // only read
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil
	}
	if unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB) == nil {
		_ = os.Remove(path) // whoever finds it next tries again
		return nil
	}
	if age := time.Since(info.ModTime()); age > noticeAge || age < -noticeAge {
		return nil
	}
	text, err := io.ReadAll(io.LimitReader(f, mostNotice+1))
	if err != nil || len(text) > mostNotice {
		return nil
	}
	return text
}

// write replaces the own notice. It makes no file to say nothing.
func (n *Notices) write(text []byte) error {
	if n.own == nil {
		if len(text) == 0 {
			return nil
		}
		f, err := os.CreateTemp(n.dir, strconv.Itoa(os.Getpid())+"-*")
		if err != nil {
			return err
		}
		n.own = f
		if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
			n.Leave()
			return err
		}
	}
	if err := n.own.Truncate(0); err != nil {
		return err
	}
	_, err := n.own.WriteAt(text, 0)
	return err
}
