package observe

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"benchrun/internal/bench"
)

func TestParseStat(t *testing.T) {
	line := "77 (a) b (c) Z 5 77 77 0 -1 4194304 100 0 0 0 12 34 7 8 20 0 3 0 4711 0 0 18446744073709551615 " +
		"94000 2 3 4 5 6 7 8 9 10 11 12 13 17 1 0 0 0 0 0 0 0 0 0 0 0 139\n"
	s, ok := parseStat([]byte(line))
	if !ok || string(s.name) != "a) b (c" || s.state != 'Z' || s.ppid != 5 || s.threads != 3 ||
		s.start != 4711 || !s.visible || s.exit != 139 || s.gone() {
		t.Errorf("%+v, ok %v", s, ok)
	}
	for _, bad := range []string{"", "77", "77 (x", "77 (x)", "77 (x) ", "77 )x( R 1 2 3", "77 (x) R 1 2 3"} {
		if s, ok := parseStat([]byte(bad)); ok {
			t.Errorf("%q gave %+v", bad, s)
		}
	}
	own, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		t.Fatal(err)
	}
	if s, ok := parseStat(own); !ok || s.ppid != os.Getppid() || s.state == 'Z' || s.threads < 1 || !s.visible {
		t.Errorf("this process: %+v, ok %v", s, ok)
	}
}

func TestGone(t *testing.T) {
	for _, c := range []struct {
		state   byte
		threads int
		want    bool
	}{{'R', 1, false}, {'S', 0, false}, {'Z', 1, true}, {'Z', 2, false}, {'X', 0, true}, {'T', 1, false}} {
		if s := (procStat{state: c.state, threads: c.threads}); s.gone() != c.want {
			t.Errorf("%c with %d threads: gone %v", c.state, c.threads, s.gone())
		}
	}
}

func TestDecodeExit(t *testing.T) {
	for wait, want := range map[int]bench.ExitStatus{
		0: {}, 3 << 8: {Code: 3}, 255 << 8: {Code: 255}, 9: {Signal: "SIGKILL"},
		11 | 0x80: {Signal: "SIGSEGV"}, 15: {Signal: "SIGTERM"}, 34: {Signal: "SIG34"},
	} {
		if got := decodeExit(wait); *got != want {
			t.Errorf("status %#x: %+v, want %+v", wait, *got, want)
		}
	}
}

func TestEachNumber(t *testing.T) {
	dir := t.TempDir()
	want := []int{0, 7, 12345}
	for _, name := range []string{"0", "7", "12345", "self", "x1"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer closeFD(fd)
	for range 2 { // from the beginning, each time
		var got []int
		if err := eachNumber(fd, make([]byte, 64), func(n int) { got = append(got, n) }); err != nil {
			t.Fatal(err)
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	}
}

func TestCursor(t *testing.T) {
	c := pidCursor{before: 90, last: 100, now: 103, trusted: true}
	for pid, want := range map[int]bool{99: false, 100: false, 101: true, 103: true, 104: false} {
		if c.passed(pid) != want {
			t.Errorf("100 to 103 passed %d: %v", pid, !want)
		}
	}
	var asked []int
	all := func(n int) bool { asked = append(asked, n); return true }
	if !c.each(all) || len(asked) != 13 || asked[0] != 91 || asked[12] != 103 {
		t.Errorf("asked for %v, want 91 to 103", asked)
	}
	if c.each(func(int) bool { return false }) {
		t.Error("each went on after false")
	}

	// Around the highest number, and too far.
	c.keep(false)
	c.now = 5
	for pid, want := range map[int]bool{103: false, 104: true, 32767: true, 1: true, 5: true, 6: false, 50: false} {
		if c.passed(pid) != want {
			t.Errorf("103 to 5 passed %d: %v", pid, !want)
		}
	}
	if c.each(all) {
		t.Error("asked for numbers around the highest")
	}
	c.before, c.last, c.now = 100, 100, 101+probesMax
	if c.each(all) {
		t.Error("asked for too many")
	}

	for n := 1; n <= strikesMax; n++ {
		c.keep(true)
		if c.trusted != (n < strikesMax) {
			t.Errorf("after %d strikes: trusted %v", n, c.trusted)
		}
	}
	if c.passed(c.now) {
		t.Error("a cursor that is not trusted says that it passed a number")
	}
}

func TestTCPExt(t *testing.T) {
	b := []byte("TcpExt: SyncookiesSent ListenOverflows ListenDrops\nTcpExt: 1 22 333\nIpExt: A\nIpExt: 4\n")
	if n := tcpExt(b, "ListenOverflows"); n != 22 {
		t.Errorf("ListenOverflows %d, want 22", n)
	}
	if n := tcpExt(b, "Nothing"); n != 0 {
		t.Errorf("unknown counter %d, want 0", n)
	}
}
