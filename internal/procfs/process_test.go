package procfs

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"testing"
)

func TestParseStat(t *testing.T) {
	line := "77 (a) b (c) Z 5 76 77 0 -1 4194304 100 0 0 0 12 34 7 8 20 0 3 0 4711 0 0 18446744073709551615 " +
		"94000 2 3 4 5 6 7 8 9 10 11 12 13 17 1 0 0 0 0 0 0 0 0 0 0 0 139\n"
	s, ok := ParseStat([]byte(line))
	if !ok || string(s.Name) != "a) b (c" || s.State != 'Z' || s.Parent != 5 || s.Group != 76 || s.Threads != 3 ||
		s.Start != 4711 || !s.Visible || s.Exit != 139 || s.Gone() {
		t.Errorf("%+v, ok %v", s, ok)
	}
	for _, bad := range []string{"", "77", "77 (x", "77 (x)", "77 (x) ", "77 )x( R 1 2 3", "77 (x) R 1 2 3", "77 (x)  1 2 3"} {
		if s, ok := ParseStat([]byte(bad)); ok {
			t.Errorf("%q gave %+v", bad, s)
		}
	}
	own, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		t.Fatal(err)
	}
	if s, ok := ParseStat(own); !ok || s.Parent != os.Getppid() || s.State == 'Z' || s.Threads < 1 || !s.Visible {
		t.Errorf("this process: %+v, ok %v", s, ok)
	}
}

func TestGone(t *testing.T) {
	for _, c := range []struct {
		state   byte
		threads int
		want    bool
	}{{'R', 1, false}, {'S', 0, false}, {'Z', 1, true}, {'Z', 2, false}, {'X', 0, true}, {'T', 1, false}} {
		if s := (Stat{State: c.state, Threads: c.threads}); s.Gone() != c.want {
			t.Errorf("%c with %d threads: gone %v", c.state, c.threads, s.Gone())
		}
	}
}

func TestReadStat(t *testing.T) {
	if s, err := ReadStat(os.Getpid()); err != nil || s.Parent != os.Getppid() || s.Gone() {
		t.Errorf("this process: %+v, %v", s, err)
	}
	if _, err := ReadStat(1 << 30); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no process has this number: %v", err)
	}
}

func TestMemory(t *testing.T) {
	resident, err1 := Memory(os.Getpid(), "VmRSS")
	peak, err2 := Memory(os.Getpid(), "VmHWM")
	if err := errors.Join(err1, err2); err != nil || resident < 1<<20 || peak < resident {
		t.Errorf("resident %d, at most %d: %v", resident, peak, err)
	}
	if _, err := Memory(1<<30, "VmRSS"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no process has this number: %v", err)
	}
	if _, err := Memory(os.Getpid(), "VmNone"); err == nil {
		t.Error("a size that no process has")
	}
}

// A child that nobody reaps is one still.
func TestChildren(t *testing.T) {
	sleeper := exec.Command("sleep", "60")
	if err := sleeper.Start(); err != nil {
		t.Fatal(err)
	}
	pid := sleeper.Process.Pid
	has := func() bool {
		children, err := Children(os.Getpid())
		return err == nil && slices.Contains(children, pid) && !slices.Contains(children, os.Getpid())
	}
	if !has() {
		t.Error("the child is not listed")
	}
	if err := sleeper.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if !has() {
		t.Error("the child is not listed any more, although nobody has reaped it")
	}
	_ = sleeper.Wait() // it was killed
	if has() {
		t.Error("the child is listed, although it was reaped")
	}
	if children, err := Children(1 << 30); err != nil || len(children) > 0 {
		t.Errorf("no process has this number: %v, %v", children, err)
	}
}

func TestDescriptors(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // a test's own
	for _, pid := range []int{Self, os.Getpid()} {
		if fds, err := Descriptors(pid); err != nil || !slices.Contains(fds, int(f.Fd())) || !slices.Contains(fds, 0) {
			t.Errorf("%d: %v, %v", pid, fds, err)
		}
	}
	if _, err := Descriptors(1 << 30); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no process has this number: %v", err)
	}
}

func TestWords(t *testing.T) {
	if got, err := Words(Self, "cmdline"); err != nil || !slices.Equal(got, os.Args) {
		t.Errorf("%q, %v, want %q", got, err, os.Args)
	}
	if _, err := Words(1<<30, "environ"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no process has this number: %v", err)
	}
}

func TestInnermostPID(t *testing.T) {
	for status, want := range map[string]int{
		"Name:\tx\nNSpid:\t4711\t17\nNSpgid:\t1\n": 17, "NSpid:\t9\n": 9, "NSpid:\t\n": 0, "Pid:\t7\n": 0, "": 0,
	} {
		if got, ok := InnermostPID([]byte(status)); got != want || ok != (want > 0) {
			t.Errorf("%q: %d, %v", status, got, ok)
		}
	}
}
