package launch

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// plantThicket fills a folder with what makes trees hard to remove: folders so deep that
// no path reaches the last one, all kinds of names, and modes that let nobody in.
func plantThicket(dir string) error {
	at, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	for _, name := range []string{"\n", "-rf", "\xff\xfe", "..x", strings.Repeat("a", 255), "*", "moved-up-1"} {
		fd, err := unix.Openat(at, name, unix.O_CREAT|unix.O_WRONLY, 0)
		if err != nil {
			return err
		}
		_ = unix.Close(fd)
	}
	locked := filepath.Join(dir, "locked")
	err = errors.Join(unix.Mkfifo(filepath.Join(dir, "fifo"), 0), os.Symlink("/etc", filepath.Join(dir, "etc")),
		os.Mkdir(locked, 0o700), os.Mkdir(filepath.Join(locked, "in"), 0o700),
		os.WriteFile(filepath.Join(locked, "in", "file"), nil, 0), os.Chmod(filepath.Join(locked, "in"), 0o500), os.Chmod(locked, 0))
	name := strings.Repeat("d", 200)
	for range 3000 {
		if err = errors.Join(err, unix.Mkdirat(at, name, 0o755)); err != nil {
			return err
		}
		fd, err := unix.Openat(at, name, unix.O_RDONLY|unix.O_DIRECTORY, 0)
		if err != nil {
			return err
		}
		_ = unix.Close(at)
		at = fd
	}
	return errors.Join(unix.Mkdirat(at, "leaf", 0), unix.Fchmod(at, 0), unix.Close(at), os.Chmod(dir, 0))
}

func plantAndClear(dir string) {
	few := syscall.Rlimit{Cur: 24, Max: 24}
	err := errors.Join(os.Mkdir(dir, 0o700), syscall.Setrlimit(syscall.RLIMIT_NOFILE, &few), plantThicket(dir))
	began := time.Now()
	if err == nil {
		err = removeTree(filepath.Dir(dir), began.Add(time.Minute))
	}
	if err != nil {
		fmt.Println(cut(err.Error(), mostWords))
		return
	}
	fmt.Println("cleared")
}

// removeTree removes a tree that is deeper than any path and has folders that nobody may
// enter, both for root and for an ordinary user, who must change their modes first.
func TestRemoveDeepTree(t *testing.T) {
	people := map[string]*syscall.Credential{"self": nil}
	if os.Geteuid() == 0 {
		people["nobody"] = &syscall.Credential{Uid: 65534, Gid: 65534}
	}
	for who, user := range people {
		t.Run(who, func(t *testing.T) {
			dir, err := os.MkdirTemp("", "launch")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = removeTree(dir, time.Now().Add(time.Minute)) })
			if user != nil {
				if err := os.Chown(dir, int(user.Uid), int(user.Gid)); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "__part", "clear", filepath.Join(dir, "scratch", "tree"))
			if err := os.Mkdir(filepath.Join(dir, "scratch"), 0o700); err != nil {
				t.Fatal(err)
			}
			if user != nil {
				if err := os.Chown(filepath.Join(dir, "scratch"), int(user.Uid), int(user.Gid)); err != nil {
					t.Fatal(err)
				}
			}
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: user}
			out, err := cmd.CombinedOutput()
			if err != nil || string(out) != "cleared\n" {
				t.Fatalf("%s, %v", cut(string(out), mostWords), err)
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Errorf("left: %v, %v", left, err)
			}
		})
	}
}

// removeTree reports briefly what it cannot remove, and removes the rest.
func TestRemoveTreeTellsWhatIsLeft(t *testing.T) {
	ownTemp(t)
	s, _ := newTestScratch(t)
	stuck := filepath.Join(s.Work, strings.Repeat("n", 200))
	if err := os.Mkdir(stuck, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", stuck, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("nothing can be mounted here: %v", err)
	}
	err := removeTree(s.Dir, time.Now().Add(time.Minute))
	if err == nil || len(err.Error()) > 300 || !strings.Contains(err.Error(), "nnn") || !strings.Contains(err.Error(), s.Dir) {
		t.Errorf("error %v, want a short one that names the folder and what is in the way", err)
	}
	if _, err := os.Lstat(s.App); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("app/ is still there (%v)", err)
	}
	if err := removeTree(s.Work, time.Now().Add(-time.Second)); err == nil || !strings.Contains(err.Error(), "not done in time") {
		t.Errorf("after the deadline: %v", err)
	}
	if err := unix.Unmount(stuck, 0); err != nil {
		// removeTree has moved it up, out of its folder
		if err := unmountBelow(s.Dir); err != nil {
			t.Fatal(err)
		}
	}
}
