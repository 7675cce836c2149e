package clients

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
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

// gone reports whether no process has this pid any more, not even a zombie.
func gone(pid int) bool { return syscall.Kill(pid, 0) == syscall.ESRCH }

func TestControlServesVictims(t *testing.T) {
	c := startControl(t)
	o, got := loop(c.Addr(), 200)
	o.Role = bench.RoleControl
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
		if status, _, _, err := Ask(t.Context(), c.Addr(), path, 5*time.Second); err != nil || status != want {
			t.Errorf("GET %s: %d, %v; want %d", path, status, err, want)
		}
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

// The process ends by itself when its stdin does, because benchrun died, and on
// SIGTERM; it does not end on what a terminal sends.
func TestControlProcessEnds(t *testing.T) {
	for name, end := range map[string]func(cmd *exec.Cmd, stdin io.Closer){
		"stdin": func(_ *exec.Cmd, stdin io.Closer) { shut(stdin) },
		"term":  func(cmd *exec.Cmd, _ io.Closer) { _ = cmd.Process.Signal(syscall.SIGTERM) },
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), "/proc/self/exe", ControlCommand)
			stdin, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			stdout, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			port, err := readPort(stdout)
			if err != nil {
				t.Fatal(err)
			}
			// A connection that stays open must not keep it alive.
			c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
			if err != nil {
				t.Fatal(err)
			}
			defer shut(c)
			end(cmd, stdin)
			if err := cmd.Wait(); err != nil {
				t.Errorf("exit: %v", err)
			}
			if _, err := bufio.NewReader(c).ReadByte(); err == nil {
				t.Error("the connection lives on")
			}
		})
	}
}

func TestPortLine(t *testing.T) {
	for text, ok := range map[string]bool{"4711\n": true, "4711": false, "": false, "70000\n": false, "ok\tpkg\n": false} {
		if port, err := readPort(strings.NewReader(text)); (err == nil) != ok || ok && port != 4711 {
			t.Errorf("%q: port %d, error %v", text, port, err)
		}
	}
}
