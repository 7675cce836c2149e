package launch

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"benchrun/internal/bench"
)

// Scratch is the folder of one attempt. App is the server's working folder, and Work
// an empty folder that the server may write to; both belong to the user that it runs
// as. This process holds the folder's lock for as long as it lives.
type Scratch struct {
	ID   string // 12 hexadecimal digits
	Dir  string
	App  string
	Work string

	tmp    string // folder in which a server's private places are set up; private to that server
	lock   *os.File
	mu     sync.Mutex
	state  state
	starts int // how many groups were started from this folder
}

const (
	lockFile  = "lock"
	stateFile = "state.json"
)

// removeTime is how long removing a folder may take. A server's disk limit full of
// small files takes a few seconds.
const removeTime = time.Minute

// scratchParent is the absolute path of the folder that holds this user's scratch
// folders.
func scratchParent() string {
	dir := filepath.Join(os.TempDir(), "benchrun-"+strconv.Itoa(os.Geteuid()))
	if abs, err := filepath.Abs(dir); err == nil {
		return abs
	}
	return dir // the working folder is gone; creating dir will fail and say so
}

// NewScratch makes a scratch folder whose app/ and work/ belong to user (nil: to the
// user who runs benchrun). It returns a bench.EnvironmentError if the folder's parent
// belongs to someone else, or if user cannot reach it.
func NewScratch(user *User) (*Scratch, error) {
	s, err := newScratch(user)
	if err != nil {
		from := "TMPDIR is not set"
		if dir := os.Getenv("TMPDIR"); dir != "" {
			from = "TMPDIR is " + dir
		}
		return nil, &bench.EnvironmentError{Problem: "cannot make a scratch folder in " + os.TempDir() + " (" + from + ")", Err: err,
			Hint: "set TMPDIR to a folder on a local disk with free space, where you can write and which every user can enter"}
	}
	return s, nil
}

func newScratch(user *User) (*Scratch, error) {
	parent := scratchParent()
	if err := os.Mkdir(parent, 0o711); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	if err := ownFolderOnly(parent); err != nil {
		return nil, err
	}
	if user != nil {
		if err := reachable(parent, user); err != nil {
			return nil, err
		}
	}
	// Otherwise a Sweep could see the folder before it is locked.
	guard, err := lockParent(parent)
	if err != nil {
		return nil, err
	}
	defer guard.Close() //nolint:errcheck // releases the lock
	var id [6]byte
	if _, err := rand.Read(id[:]); err != nil {
		return nil, err
	}
	s := &Scratch{ID: hex.EncodeToString(id[:])}
	s.Dir = filepath.Join(parent, s.ID)
	s.App, s.Work = filepath.Join(s.Dir, "app"), filepath.Join(s.Dir, "work")
	s.tmp = filepath.Join(s.Dir, "tmp")
	if err := os.Mkdir(s.Dir, 0o711); err != nil {
		return nil, err
	}
	if err := s.fill(user); err != nil {
		return nil, errors.Join(err, s.Remove())
	}
	return s, nil
}

func (s *Scratch) fill(user *User) error {
	if err := os.Chmod(s.Dir, 0o711); err != nil { // regardless of the umask
		return err
	}
	var err error
	s.lock, err = os.OpenFile(filepath.Join(s.Dir, lockFile), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := unix.Flock(int(s.lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return fmt.Errorf("lock %s: %w", s.lock.Name(), err)
	}
	for _, dir := range []string{s.App, s.Work} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
		if err := os.Chmod(dir, 0o755); err != nil {
			return err
		}
		if user != nil {
			if err := os.Chown(dir, user.UID, user.GID); err != nil {
				return err
			}
		}
	}
	if err := os.Mkdir(s.tmp, 0o700); err != nil {
		return err
	}
	s.state.Boot = bootID()
	return s.save()
}

// ofTheServer lists what is in the folder and is not benchrun's own. The paths contain
// no links, as in the list of mounts.
func (s *Scratch) ofTheServer() ([]string, error) {
	real, err := filepath.EvalSymlinks(s.Dir)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(real)
	if err != nil {
		return nil, err
	}
	var theirs []string
	for _, e := range entries {
		if !slices.Contains([]string{lockFile, stateFile, supervisorLog, filepath.Base(s.tmp)}, e.Name()) {
			theirs = append(theirs, filepath.Join(real, e.Name()))
		}
	}
	return theirs, nil
}

// Remove removes the folder and releases the lock. Groups started from it must have
// been destroyed. It takes at most a minute; Sweep removes what is left then. Removing
// twice is no error.
func (s *Scratch) Remove() error {
	err := removeTree(s.Dir, time.Now().Add(removeTime))
	if s.lock != nil {
		err = errors.Join(err, s.lock.Close())
		s.lock = nil
	}
	return err
}

// ownFolderOnly rejects a folder that someone else may have planted in a
// world-writable place: it must be a real folder that belongs to this user, and only
// this user may write to it.
func ownFolderOnly(dir string) error {
	var st unix.Stat_t
	if err := unix.Lstat(dir, &st); err != nil {
		return fmt.Errorf("stat %s: %w", dir, err)
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR || int(st.Uid) != os.Geteuid() || st.Mode&0o022 != 0 {
		return fmt.Errorf("%s is not a folder that only user %d may write to", dir, os.Geteuid())
	}
	return os.Chmod(dir, 0o711) // regardless of the umask
}

// reachable returns an error if user may not enter dir or a folder above it.
func reachable(dir string, user *User) error {
	for ; ; dir = filepath.Dir(dir) {
		var st unix.Stat_t
		if err := unix.Stat(dir, &st); err != nil {
			return fmt.Errorf("stat %s: %w", dir, err)
		}
		may := st.Mode&0o001 != 0
		if int(st.Uid) == user.UID {
			may = st.Mode&0o100 != 0
		} else if int(st.Gid) == user.GID {
			may = st.Mode&0o010 != 0
		}
		if !may {
			return fmt.Errorf("user %s cannot enter %s", user.Name, dir)
		}
		if dir == filepath.Dir(dir) {
			return nil
		}
	}
}

// lockParent takes the lock that is needed to create or remove scratch folders. It
// waits at most 30 s for another benchrun that is sweeping.
func lockParent(parent string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(parent, lockFile), os.O_CREATE|os.O_RDWR|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) || time.Now().After(deadline) {
			return nil, errors.Join(fmt.Errorf("lock %s: %w", f.Name(), err), f.Close())
		}
	}
}
