package clients

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"benchrun/internal/bench"
)

func startControl(t testing.TB) *ControlServer {
	t.Helper()
	c, err := StartControl(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// gone says whether no process has this pid any more, not even a zombie.
func gone(pid int) bool { return syscall.Kill(pid, 0) == syscall.ESRCH }

// probe is a loop of requests to the control.
func probe(c *ControlServer, rate int) (*OpenLoop, *samples) {
	o, got := loop(ControlName, rate)
	o.Role, o.Dial = bench.RoleControl, c.Dial
	return o, got
}

func TestControlServesVictims(t *testing.T) {
	c := startControl(t)
	o, got := probe(c, 200)
	runUntil(t, o, 40)
	each(t, o, got, 40)
	for _, s := range got.all {
		if s.Outcome != bench.OK || s.PID != c.PID() {
			t.Errorf("probe %d: %s (%s) from pid %d, want ok from %d", s.Seq, s.Outcome, s.Error, s.PID, c.PID())
		}
	}
	if c.PID() == os.Getpid() {
		t.Error("the control server is no process of its own")
	}
	for path, want := range map[string]int{"/victim?nonce=NO": 400, "/victim": 400, "/ping": 404} {
		conn, err := c.Dial(t.Context(), time.Now().Add(5*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		defer shut(conn)
		_, _ = conn.Write(getRequest(path, ControlName))
		if a := readAnswer(conn, bufio.NewReader(nil), make([]byte, maxBody)); a.fate != whole || a.status != want {
			t.Errorf("GET %s: %d, %v; want %d", path, a.status, a.err, want)
		}
	}
}

// A target must be unable to send requests to the control: the control's process never
// has a listening socket.
func TestControlIsOutOfReach(t *testing.T) {
	c := startControl(t)
	o, got := probe(c, 200)
	runUntil(t, o, 10)
	if got.count(bench.OK) != 10 {
		t.Fatalf("%d of 10 probes are ok", got.count(bench.OK))
	}
	listening := map[string]bool{} // sockets by inode
	for _, file := range []string{"tcp", "tcp6"} {
		b, err := os.ReadFile("/proc/net/" + file)
		if err != nil && file == "tcp" {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(b)) {
			if f := strings.Fields(line); len(f) > 9 && f[3] == "0A" {
				listening["socket:["+f[9]+"]"] = true
			}
		}
	}
	dir := fmt.Sprintf("/proc/%d/fd", c.PID())
	fds, err := os.ReadDir(dir)
	if err != nil || len(fds) == 0 {
		t.Fatalf("%d descriptors, %v", len(fds), err)
	}
	for _, fd := range fds {
		if to, _ := os.Readlink(filepath.Join(dir, fd.Name())); listening[to] {
			t.Errorf("the control listens on descriptor %s", fd.Name())
		}
	}
}

// If a foreign client connects while a connection is being made, it is disconnected.
func TestPairIgnoresStrangers(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer shut(l)
	var came [3]net.Conn
	for i := range came {
		if came[i], err = net.Dial("tcp4", l.Addr().String()); err != nil {
			t.Fatal(err)
		}
		defer shut(came[i])
	}
	got, err := acceptFrom(l, came[2].LocalAddr())
	if err != nil {
		t.Fatal(err)
	}
	defer shut(got)
	if got.RemoteAddr().String() != came[2].LocalAddr().String() {
		t.Errorf("accepted %s, want %s", got.RemoteAddr(), came[2].LocalAddr())
	}
	for _, stranger := range came[:2] {
		_ = stranger.SetReadDeadline(time.Now().Add(10 * time.Second))
		if _, err := stranger.Read(make([]byte, 1)); err == nil || isTimeout(err) {
			t.Errorf("a stranger was kept: %v", err)
		}
	}
}

// If the process takes no connections or is gone, a dial fails and never blocks.
func TestControlThatTakesNothing(t *testing.T) {
	c := startControl(t)
	if err := syscall.Kill(c.PID(), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	var err error
	for range 5000 { // the channel holds some hundreds
		var conn net.Conn
		if conn, err = c.Dial(t.Context(), time.Now().Add(100*time.Millisecond)); err != nil {
			break
		}
		shut(conn)
	}
	if err == nil || dialOutcome(err) == bench.Unsent {
		t.Errorf("dialling a control that is stopped: %v", err)
	}
	if err := syscall.Kill(c.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-c.Done()
	if _, err := c.Dial(t.Context(), time.Now().Add(5*time.Second)); err == nil || dialOutcome(err) != bench.Refused {
		t.Errorf("dialling a control that is gone: %v", err)
	}
}

func TestControlCloses(t *testing.T) {
	c := startControl(t)
	for range 2 {
		if err := c.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	<-c.Done()
	if !gone(c.PID()) {
		t.Errorf("process %d is still there", c.PID())
	}
}

func TestControlDeathShows(t *testing.T) {
	c := startControl(t)
	if err := syscall.Kill(c.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-c.Done()
	if err := c.Close(); err == nil {
		t.Error("closing a control server that had died is no error")
	}
}

func TestControlThatHangsIsKilled(t *testing.T) {
	t.Parallel()
	c := startControl(t)
	if err := syscall.Kill(c.PID(), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err == nil || !gone(c.PID()) {
		t.Errorf("close: %v; gone: %v", err, gone(c.PID()))
	}
}

func TestControlEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c, err := StartControl(ctx)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	<-c.Done()
	if _, err := StartControl(ctx); err == nil {
		t.Error("started under a context that has ended")
	}
}

// The process ends when its channel closes, as when benchrun dies, and on SIGTERM. It
// does not end on signals that a terminal sends.
func TestControlProcessEnds(t *testing.T) {
	for name, end := range map[string]func(cmd *exec.Cmd, hand io.Closer){
		"channel": func(_ *exec.Cmd, hand io.Closer) { shut(hand) },
		"term":    func(cmd *exec.Cmd, _ io.Closer) { _ = cmd.Process.Signal(syscall.SIGTERM) },
	} {
		t.Run(name, func(t *testing.T) {
			hand, theirs, err := handPair()
			if err != nil {
				t.Fatal(err)
			}
			defer shut(hand)
			cmd := exec.CommandContext(t.Context(), "/proc/self/exe", ControlCommand)
			cmd.Stdin = theirs
			err = cmd.Start()
			shut(theirs)
			if err != nil {
				t.Fatal(err)
			}
			if err := awaitServing(hand); err != nil {
				t.Fatal(err)
			}
			// An open connection must not keep it alive.
			c, err := (&ControlServer{hand: hand}).Dial(t.Context(), time.Time{})
			if err != nil {
				t.Fatal(err)
			}
			defer shut(c)
			end(cmd, hand)
			if err := cmd.Wait(); err != nil {
				t.Errorf("exit: %v", err)
			}
			if _, err := bufio.NewReader(c).ReadByte(); err == nil {
				t.Error("the connection lives on")
			}
		})
	}
}
