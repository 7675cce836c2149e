package procfs

import (
	"errors"
	"io/fs"
	"os"
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

func TestInnermostPID(t *testing.T) {
	for status, want := range map[string]int{
		"Name:\tx\nNSpid:\t4711\t17\nNSpgid:\t1\n": 17, "NSpid:\t9\n": 9, "NSpid:\t\n": 0, "Pid:\t7\n": 0, "": 0,
	} {
		if got, ok := InnermostPID([]byte(status)); got != want || ok != (want > 0) {
			t.Errorf("%q: %d, %v", status, got, ok)
		}
	}
}
