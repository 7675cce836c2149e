package reference

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// One test for each flaw of a server's start, reload and end.

func TestIgnoresReload(t *testing.T) {
	t.Parallel()
	s := start(t, 2, "--flaw", ignoresReload)
	old := s.workers()
	s.signal(syscall.SIGHUP)
	eventually(t, "the signal has come", func() bool { return strings.Contains(s.log(), "SIGHUP") })
	if within(300*time.Millisecond, func() bool { return !slices.Equal(s.workers(), old) }) {
		t.Errorf("workers %v, before %v", s.workers(), old)
	}
}

func TestLeaksOnReload(t *testing.T) {
	t.Parallel()
	s := start(t, 1, "--flaw", leaksOnReload)
	nulls := func() (n int) {
		fds, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.cmd.Process.Pid))
		for _, fd := range fds {
			if to, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", s.cmd.Process.Pid, fd.Name())); to == os.DevNull {
				n++
			}
		}
		return n
	}
	before := nulls()
	for range 2 {
		old := s.workers()
		s.signal(syscall.SIGHUP)
		s.whenReplaced(old)
	}
	if got := nulls() - before; got != 2*leakedByReload {
		t.Errorf("%d descriptors stay of two reloads, want %d", got, 2*leakedByReload)
	}
}

// A sound server that is started with an app that cannot be loaded says so and fails.
func TestBrokenStart(t *testing.T) {
	t.Parallel()
	for flaw, ends := range map[string]bool{"": true, hidesBrokenStart: true, retriesAtStart: false} {
		dir := t.TempDir()
		if err := os.WriteFile(dir+"/attempt.json", []byte("broken"), 0o600); err != nil {
			t.Fatal(err)
		}
		args := []string{"__reference", "--bind", "127.0.0.1:0", "--app", dir, "--workers", "1"}
		if flaw != "" {
			args = append(args, "--flaw", flaw)
		}
		cmd, log := launch(t, args)
		over := make(chan struct{})
		go func() { _ = cmd.Wait(); close(over) }()
		tries := func() int { return strings.Count(log(), "is not ready") }
		if ends {
			<-over
			if code := cmd.ProcessState.ExitCode(); (code == 0) != (flaw != "") {
				t.Errorf("%q: exit code %d", flaw, code)
			}
		} else if eventually(t, "it tries again", func() bool { return tries() > 1 || isClosed(over) }); isClosed(over) {
			t.Errorf("%q: it ended", flaw)
		}
		_ = cmd.Process.Kill()
		<-over
		if (tries() > 1) == ends || !strings.Contains(log(), "is not valid") {
			t.Errorf("%q: %d workers were tried:\n%s", flaw, tries(), log())
		}
	}
}

// launch starts a front that may end by itself. log gives what it has logged.
func launch(t *testing.T, args []string) (cmd *exec.Cmd, log func() string) {
	t.Helper()
	file, err := os.Create(t.TempDir() + "/log")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	cmd = exec.CommandContext(t.Context(), "/proc/self/exe", args...)
	cmd.Stderr = file
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, func() string {
		text, err := os.ReadFile(file.Name())
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
}

// stream asks for an endless answer and reads its beginning.
func (s *server) stream() (net.Conn, io.Reader) {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	if _, err = fmt.Fprintf(conn, "GET /stream?nonce=s1 HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
		s.t.Fatal(err)
	}
	r, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err == nil {
		_, err = io.ReadFull(r.Body, make([]byte, 3*victimBytes))
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return conn, r.Body
}

// An endless answer ends with the grace, and looks broken off.
func TestStreamEndsWithTheGrace(t *testing.T) {
	t.Parallel()
	args := []string{"--grace", "300ms", "--watchdog", patience.String()}
	s := start(t, 2, args...)
	_, rest := s.stream()
	s.signal(syscall.SIGTERM)
	if code := s.exitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if _, err := io.Copy(io.Discard, rest); err == nil {
		t.Error("an endless answer looks whole")
	}

	flawed := start(t, 2, append(args, "--flaw", waitsForStreams)...)
	flawed.stream()
	flawed.signal(syscall.SIGTERM)
	if within(time.Second, flawed.hasExited) {
		t.Error("the flawed server has ended")
	}
}

// A client that leaves an endless answer keeps no worker.
func TestStreamThatItsClientLeaves(t *testing.T) {
	t.Parallel()
	s := start(t, 1, "--watchdog", patience.String())
	conn, _ := s.stream()
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	checkVictim(t, s.get("/victim?nonce=v1"), "v1")
}

func TestWaitsOutGrace(t *testing.T) {
	t.Parallel()
	s := start(t, 1, "--grace", "300ms", "--flaw", waitsOutGrace)
	s.signal(syscall.SIGTERM)
	if within(time.Second, s.hasExited) {
		t.Error("idle, it ended at once")
	}
	if code := s.exitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestFailsOnStop(t *testing.T) {
	t.Parallel()
	s := start(t, 1, "--flaw", failsOnStop)
	s.signal(syscall.SIGTERM)
	if code := s.exitCode(); code == 0 || !strings.Contains(s.log(), failsOnStop) {
		t.Errorf("exit code %d", code)
	}
}

// What waits for a worker is dropped at the end with one flaw, at a reload with the other.
func TestDropsQueue(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		flaw   string
		signal syscall.Signal
		drops  bool
	}{
		{"", syscall.SIGTERM, false},
		{dropsQueue, syscall.SIGTERM, true},
		{"", syscall.SIGHUP, false},
		{dropsQueue, syscall.SIGHUP, false},
		{dropsBacklog, syscall.SIGHUP, true},
	} {
		args := []string{"--grace", patience.String(), "--watchdog", patience.String()}
		if c.flaw != "" {
			args = append(args, "--flaw", c.flaw)
		}
		s := start(t, 1, args...)
		idle := s.idleFDs()
		busy := s.inBackground("/sleep?nonce=s1&ms=2000")
		s.started("s1")
		waiting := s.inBackground("/victim?nonce=v1")
		eventually(t, "both are accepted", func() bool { return s.fds() >= idle+2 })
		if within(200*time.Millisecond, func() bool { return len(waiting) > 0 }) {
			t.Fatal("it did not wait")
		}
		s.signal(c.signal)
		checkVictim(t, <-busy, "s1")
		if r := <-waiting; (r.status == http.StatusServiceUnavailable) != c.drops {
			t.Errorf("%+v: the request that waited got %+v", c, r)
		}
	}
}

// The workers of a front that was killed answer beside a second start.
func TestSharesPort(t *testing.T) {
	t.Parallel()
	s := start(t, 2, "--flaw", sharesPort)
	orphans := s.workers()
	defer func() {
		for _, pid := range orphans {
			_ = syscall.Kill(pid, syscall.SIGKILL)
			eventually(t, "the orphan is gone", func() bool { return !alive(pid) })
		}
	}()
	s.signal(syscall.SIGKILL)
	s.exitCode()
	for i := range 4 {
		r := s.get(fmt.Sprintf("/victim?nonce=v%d", i))
		checkVictim(t, r, fmt.Sprintf("v%d", i))
		if !slices.Contains(orphans, r.pid) {
			t.Errorf("%d answered, not one of %v", r.pid, orphans)
		}
	}
	second, log := launch(t, []string{"__reference", "--bind", s.addr, "--app", s.dir, "--workers", "1", "--flaw", sharesPort})
	listens := func() bool { return strings.Contains(log(), "listening on") }
	eventually(t, "the second start listens, or says why not", func() bool { return listens() || strings.Contains(log(), "cannot listen") })
	_ = second.Process.Signal(syscall.SIGTERM)
	if err := second.Wait(); err != nil || !listens() {
		t.Errorf("the second start: %v\n%s", err, log())
	}
}

func TestKillsOneHonest(t *testing.T) {
	t.Parallel()
	s := start(t, 1, "--watchdog", patience.String(), "--flaw", killsOneHonest)
	if r := s.get("/fault/legit-slow?nonce=f1"); r.status != http.StatusGatewayTimeout {
		t.Errorf("the first: %+v, want 504", r)
	}
	checkVictim(t, s.get("/fault/legit-slow?nonce=f2"), "f2")
}

// Who stops the server waits for a client who has got its answer and stays.
func TestWaitsForClients(t *testing.T) {
	t.Parallel()
	for flaw, ends := range map[string]bool{"": true, waitsForClients: false} {
		args := []string{"--grace", patience.String()}
		if flaw != "" {
			args = append(args, "--flaw", flaw)
		}
		s := start(t, 2, args...)
		kept := make([]net.Conn, 2)
		for i, path := range []string{"/victim?nonce=v1", "/sleep?nonce=s1&ms=200"} {
			conn, err := net.Dial("tcp", s.addr)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			_, _ = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", path)
			kept[i] = conn
		}
		s.started("s1")
		s.signal(syscall.SIGTERM)
		idle, err := io.ReadAll(kept[0]) // closed in either case
		if err != nil || !bytes.Contains(idle, []byte("v1\n")) {
			t.Errorf("%q: the idle connection: %d bytes, %v", flaw, len(idle), err)
		}
		if _, err := http.ReadResponse(bufio.NewReader(kept[1]), nil); err != nil {
			t.Errorf("%q: the request under way: %v", flaw, err)
		}
		wait := time.Second
		if ends {
			wait = patience / 2 // it ends before its grace
		}
		if ended := within(wait, s.hasExited); ended != ends {
			t.Errorf("%q: it ended: %v", flaw, ended)
		}
		_ = kept[1].Close()
		s.exitCode() // now it ends
	}
}
