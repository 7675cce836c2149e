package procfs

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

func TestFields(t *testing.T) {
	text := []byte("Name:\tVmHWM: 7\nVmPeak:\t 900 kB\nVmHWM:\t 512 kB\nMemAvailable:     2048 kB\nlast: 1")
	for name, want := range map[string]int64{"VmHWM": 512 << 10, "MemAvailable": 2 << 20, "VmPeak": 900 << 10} {
		if got, ok := Size(text, name); !ok || got != want {
			t.Errorf("%s: %d, there %v, want %d", name, got, ok, want)
		}
	}
	for _, none := range []string{"Vm", "HWM", "VmRSS", ""} {
		if got, ok := Size(text, none); ok || got != 0 {
			t.Errorf("%q: %d, there %v", none, got, ok)
		}
	}
	if v, ok := Field(text, "last"); !ok || string(v) != "1" {
		t.Errorf("a last line without an end is %q, there %v", v, ok)
	}
	if v, ok := Field(text, "Name"); !ok || string(v) != "VmHWM: 7" {
		t.Errorf("the name is %q, there %v", v, ok)
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
	defer unix.Close(fd) //nolint:errcheck // read only
	for range 2 {        // from the beginning, each time
		var got []int
		if err := EachNumber(fd, make([]byte, 64), func(n int) { got = append(got, n) }); err != nil {
			t.Fatal(err)
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	}
}

func TestPIDs(t *testing.T) {
	pids, err := PIDs()
	if err != nil || !slices.Contains(pids, os.Getpid()) || !slices.Contains(pids, 1) {
		t.Errorf("this process (%d) or the first is not among %v: %v", os.Getpid(), pids, err)
	}
}

// The kernel's own file: one socket listens, and one is left half closed.
func TestSockets(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // a test's own
	port := l.Addr().(*net.TCPAddr).Port
	client, err := net.Dial("tcp4", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close() //nolint:errcheck // a test's own
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("/proc/self/net/tcp")
	if err != nil {
		t.Fatal(err)
	}
	states := map[int]int{}
	for s := range Sockets(text) {
		if n, err := strconv.Atoi(s.Inode); err != nil || s.State == Listen && n == 0 {
			t.Errorf("inode %q in state %d", s.Inode, s.State)
		}
		if s.Port == port {
			states[s.State]++
		}
	}
	if states[Listen] != 1 || states[CloseWait] != 1 {
		t.Errorf("port %d: %v, want one listening and one in CLOSE_WAIT", port, states)
	}
	listener, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close() //nolint:errcheck // a test's own
	link, err := os.Readlink(Path(Self, "fd/"+strconv.Itoa(int(listener.Fd()))))
	if !slices.ContainsFunc(TCP(os.Getpid()), func(s Socket) bool { return s.Port == port && s.State == Listen && s.Link() == link }) {
		t.Errorf("no socket listens on port %d as %q: %v", port, link, err)
	}
	for s := range Sockets([]byte("  sl  local_address rem_address   st tx_queue\n   0: 0100007F:zz 0:0 0A 0 0 0 0 0 7\n1:\n")) {
		t.Errorf("a damaged line gave %+v", s)
	}
}
