package launch

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"benchrun/internal/bench"
	"benchrun/internal/procfs"
)

func TestScratchLayout(t *testing.T) {
	ownTemp(t)
	s, user := newTestScratch(t)
	uid := os.Geteuid()
	if user != nil {
		uid = user.UID
	}
	for path, want := range map[string]struct {
		mode os.FileMode
		uid  int
	}{
		filepath.Dir(s.Dir):             {fs.ModeDir | 0o711, os.Geteuid()},
		s.Dir:                           {fs.ModeDir | 0o711, os.Geteuid()},
		s.App:                           {fs.ModeDir | 0o755, uid},
		s.Work:                          {fs.ModeDir | 0o755, uid},
		filepath.Join(s.Dir, lockFile):  {0o600, os.Geteuid()},
		filepath.Join(s.Dir, stateFile): {0o600, os.Geteuid()},
	} {
		var st unix.Stat_t
		if err := unix.Lstat(path, &st); err != nil {
			t.Fatal(err)
		}
		info, err := os.Lstat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want.mode || int(st.Uid) != want.uid {
			t.Errorf("%s: mode %v of user %d, want %v of %d", path, info.Mode(), st.Uid, want.mode, want.uid)
		}
	}
	for range 2 {
		if err := s.Remove(); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Lstat(s.Dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is still there (%v)", s.Dir, err)
	}
}

func TestRemoveWhatTheServerLockedUp(t *testing.T) {
	ownTemp(t)
	s, _ := newTestScratch(t)
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("kept"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(s.Work, "a", "b")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Dir(outside), filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Remove(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(outside); err != nil {
		t.Errorf("the link was followed: %v", err)
	}
}

// TestPlantedParent has a parent folder that another user could have made.
func TestPlantedParent(t *testing.T) {
	for name, plant := range map[string]func(path string) error{
		"a link": func(path string) error { return os.Symlink(t.TempDir(), path) },
		"a file": func(path string) error { return os.WriteFile(path, nil, 0o600) },
		"others may write": func(path string) error {
			return errors.Join(os.Mkdir(path, 0o777), os.Chmod(path, 0o777))
		},
		"another's": func(path string) error {
			if os.Geteuid() != 0 {
				return os.Symlink("/", path) // only root can make a folder of another user
			}
			return errors.Join(os.Mkdir(path, 0o711), os.Chown(path, 65534, 65534))
		},
	} {
		t.Run(name, func(t *testing.T) {
			ownTemp(t)
			if err := plant(scratchParent()); err != nil {
				t.Fatal(err)
			}
			_, err := NewScratch(nil)
			var env *bench.EnvironmentError
			if !errors.As(err, &env) || !strings.Contains(err.Error(), scratchParent()) {
				t.Errorf("NewScratch: %v, want an environment error that names the folder", err)
			}
			if said, err := Sweep(); err == nil {
				t.Errorf("Sweep: %q, want an error", said)
			}
		})
	}
}

func TestUnreachableScratch(t *testing.T) {
	user, err := Unprivileged()
	if err != nil {
		t.Fatal(err)
	}
	if user == nil {
		user = &User{Name: "someone", UID: 1 << 20, GID: 1 << 20}
	}
	t.Setenv("TMPDIR", t.TempDir())
	if err := os.Chmod(os.TempDir(), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := NewScratch(user); err == nil || !strings.Contains(err.Error(), "cannot enter "+os.TempDir()) {
		t.Errorf("error %v, want one that names %s", err, os.TempDir())
	}
}

func TestSweepLeavesTheLivingAlone(t *testing.T) {
	ownTemp(t)
	if said, err := Sweep(); err != nil || len(said) > 0 {
		t.Fatalf("with nothing there: %q %v", said, err)
	}
	alive, _ := newTestScratch(t)
	dead, _ := newTestScratch(t)
	if err := dead.lock.Close(); err != nil { // the kernel does this when benchrun ends
		t.Fatal(err)
	}
	dead.lock = nil
	half := filepath.Join(scratchParent(), "abcdef012345") // its benchrun died before it locked the folder
	if err := os.Mkdir(half, 0o711); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dead.Dir, stateFile), []byte(`{"boot":`), 0o600); err != nil {
		t.Fatal(err)
	}
	said, err := Sweep()
	all := strings.Join(said, "\n")
	if err != nil || len(said) != 2 || !strings.Contains(all, dead.Dir) || !strings.Contains(all, half) {
		t.Errorf("Sweep said %q, %v; want a sentence each on %s and %s", said, err, dead.Dir, half)
	}
	if _, err := os.Stat(alive.App); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dead.Dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is still there (%v)", dead.Dir, err)
	}
}

// A state file names a group that does not belong to its folder, and a pid that
// another process has by now.
func TestSweepBelievesNoForeignCgroup(t *testing.T) {
	ownTemp(t)
	s, _ := newTestScratch(t)
	me, err := procfs.ReadStat(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	all, err := readHierarchies()
	if err != nil {
		t.Fatal(err)
	}
	g := groupState{Name: "x", Level: PIDNamespace, Shim: identity{os.Getpid(), me.Start - 1}, Leader: identity{os.Getpid(), me.Start + 1}}
	for _, h := range all { // the groups of this test
		g.Cgroups = append(g.Cgroups, h.own)
	}
	if err := s.remember(g); err != nil {
		t.Fatal(err)
	}
	if err := s.lock.Close(); err != nil {
		t.Fatal(err)
	}
	s.lock = nil
	said, err := Sweep()
	if err != nil || len(said) != 1 || !strings.Contains(said[0], "0 processes, 0 cgroups") {
		t.Errorf("Sweep said %q, %v", said, err)
	}
}

func TestSweepUnmounts(t *testing.T) {
	ownTemp(t)
	s, _ := newTestScratch(t)
	if err := unix.Mount("tmpfs", s.Work, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("nothing can be mounted here: %v", err)
	}
	if err := s.lock.Close(); err != nil {
		t.Fatal(err)
	}
	s.lock = nil
	if said, err := Sweep(); err != nil || len(said) != 1 {
		t.Errorf("Sweep said %q, %v", said, err)
	}
	if _, err := os.Lstat(s.Dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is still there (%v)", s.Dir, err)
	}
}

// Leftovers lists what Sweep would remove, and touches nothing.
func TestLeftovers(t *testing.T) {
	ownTemp(t)
	if left, err := Leftovers(); err != nil || len(left) > 0 {
		t.Fatalf("before anything was made: %v, %v", left, err)
	}
	s, _ := newTestScratch(t)
	if left, err := Leftovers(); err != nil || len(left) > 0 {
		t.Errorf("a folder in use: %v, %v", left, err)
	}
	dead := filepath.Join(filepath.Dir(s.Dir), "0123456789ab")
	if err := os.Mkdir(dead, 0o711); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		left, err := Leftovers()
		if err != nil || len(left) != 1 || left[0] != dead {
			t.Errorf("Leftovers() = %v, %v; want %s", left, err, dead)
		}
	}
	if said, err := Sweep(); err != nil || len(said) != 1 {
		t.Errorf("Sweep() = %v, %v", said, err)
	}
	if left, err := Leftovers(); err != nil || len(left) > 0 {
		t.Errorf("after the sweep: %v, %v", left, err)
	}
}
