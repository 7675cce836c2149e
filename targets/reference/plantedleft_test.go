package reference

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"benchrun/internal/procfs"
)

const malformed = "GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n"

func TestKeepsClosed(t *testing.T) {
	t.Parallel()
	const n = 20
	flawed := start(t, 1, "--flaw", keepsClosed)
	before := flawed.fds() // it may keep a connection of the start for good
	flawed.breakOff(n, true)
	eventually(t, "what was reset is closed", func() bool { return flawed.fds() <= before+2 })
	flawed.breakOff(n, false)
	eventually(t, "what ended with FIN stays", func() bool { return flawed.fds() >= before+n-2 })
	checkVictim(t, flawed.get("/victim?nonce=v1"), "v1")
}

// threads is how many threads the front has.
func (s *server) threads() int {
	s.t.Helper()
	list, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", s.cmd.Process.Pid))
	if err != nil {
		s.t.Fatal(err)
	}
	return len(list)
}

func TestLeavesThreads(t *testing.T) {
	t.Parallel()
	const n = 40
	flawed := start(t, 1, "--flaw", leavesThreads)
	flawed.breakOff(n, true)
	flawed.breakOff(n, false)
	before := flawed.threads()
	flawed.leaveInHead(n)
	eventually(t, "the threads stay", func() bool { return flawed.threads() >= before+n/2 })
	checkVictim(t, flawed.get("/victim?nonce=v1"), "v1")
}

// leaveInHead has n clients leave that sent half a head.
func (s *server) leaveInHead(n int) {
	s.t.Helper()
	for range n {
		if err := s.dial("GET /victim?nonce=v1 HTTP/1.1\r\nUser-Ag").Close(); err != nil {
			s.t.Fatal(err)
		}
	}
}

func TestLeavesFiles(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	const n = 10
	flawed := start(t, 1, "--flaw", leavesFiles)
	files := func() int {
		list, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	flawed.breakOff(n, false)
	before := files()
	flawed.leaveInHead(n)
	eventually(t, "the files stay", func() bool { return files() == before+n })
	checkVictim(t, flawed.get("/victim?nonce=v1"), "v1")
}

// used is the front's CPU time, in ticks.
func (s *server) used() int {
	s.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		s.t.Fatal(err)
	}
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:]) // the third one of the file first
	user, err1 := strconv.Atoi(string(fields[11]))
	system, err2 := strconv.Atoi(string(fields[12]))
	if err := errors.Join(err1, err2); err != nil {
		s.t.Fatal(err)
	}
	return user + system
}

func TestSpinsWhenLeft(t *testing.T) {
	t.Parallel()
	flawed := start(t, 1, "--flaw", spinsWhenLeft)
	quiet := flawed.used()
	time.Sleep(300 * time.Millisecond)
	quiet = flawed.used() - quiet
	if err := flawed.dial("GET /victim?nonce=v1 HTTP/1.1\r\n").Close(); err != nil {
		t.Fatal(err)
	}
	busy := flawed.used()
	eventually(t, "it is busy", func() bool { return flawed.used()-busy > 2*quiet+10 })
	checkVictim(t, flawed.get("/victim?nonce=v1"), "v1")
}

// Only a client that leaves in the middle of a head counts.
func TestLeavesInHead(t *testing.T) {
	t.Parallel()
	for sent, want := range map[string]bool{
		"":                                  false,
		"G":                                 true,
		"GET / HTTP/1.1\r\n":                true,
		"GET / HTTP/1.1\r\nHost: a\r\n\r\n": false,
	} {
		got := false
		ours, client := net.Pipe()
		go func() {
			if sent != "" {
				_, _ = io.WriteString(client, sent)
			}
			_ = client.Close()
		}()
		c := &headConn{Conn: ours, left: func() { got = true }}
		if _, err := io.ReadAll(c); err != nil || got != want {
			t.Errorf("%q: it counts %t, %v", sent, got, err)
		}
	}
}

// memory is the front's resident memory, bytes.
func (s *server) memory() int64 {
	s.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		s.t.Fatal(err)
	}
	n, _ := procfs.Size(text, "VmRSS")
	return n
}

func TestKeepsBodies(t *testing.T) {
	t.Parallel()
	const n, size = 100, 500_000
	half := "POST /upload?nonce=u1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" + string(make([]byte, size))
	flawed := start(t, 1, "--flaw", keepsBodies)
	before := flawed.memory()
	for range n {
		c := flawed.dial(half)
		if err := c.Conn.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		c.status()
	}
	if kept := flawed.memory() - before; kept < n*size*9/10 {
		t.Errorf("of %d bytes it kept %d", n*size, kept)
	}
	checkVictim(t, flawed.get("/victim?nonce=v1"), "v1")
}

func TestDiesEachTime(t *testing.T) {
	t.Parallel()
	for _, flaw := range []string{diesEachTime, retiresEachTime} {
		dieEachTime(t, flaw)
	}
}

func dieEachTime(t *testing.T, flaw string) {
	t.Helper()
	flawed := start(t, 2, "--flaw", flaw)
	for range 2 {
		old := fmt.Sprint(flawed.workers())
		if got := flawed.dial(malformed).status(); got != http.StatusBadRequest {
			t.Errorf("status %d", got)
		}
		eventually(t, "another worker takes the place of one", func() bool {
			now := flawed.workers()
			return len(now) == 2 && fmt.Sprint(now) != old
		})
		checkVictim(t, flawed.get("/victim?nonce=v1"), "v1")
	}
	if gently := strings.Contains(flawed.log(), "exit status 0"); gently != (flaw == retiresEachTime) {
		t.Errorf("%s: it exited with code 0: %t; %s", flaw, gently, flawed.log())
	}
}

func TestAnswersAnother(t *testing.T) {
	t.Parallel()
	flawed := start(t, 1, "--flaw", answersAnother)
	checkVictim(t, flawed.get("/victim?nonce=v1"), "v1")
	got, err := io.ReadAll(flawed.dial(malformed).Conn)
	if err != nil || !bytes.Contains(got, []byte("v1\nv1\n")) {
		t.Errorf("%q, %v", got, err)
	}
	checkVictim(t, flawed.get("/victim?nonce=v2"), "v2")
}

func TestHangsOnNegative(t *testing.T) {
	t.Parallel()
	const negative = "POST /upload?nonce=u1 HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n"
	if got := start(t, 1).dial(negative).status(); got != http.StatusBadRequest {
		t.Errorf("a sound server answers %d", got)
	}
	flawed := start(t, 1, "--flaw", hangsOnNegative)
	before := flawed.idleFDs()
	c := flawed.dial(negative)
	if err := c.SetReadDeadline(time.Now().Add(300 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("it is answered: %d, %v", n, err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if within(300*time.Millisecond, func() bool { return flawed.fds() <= before }) {
		t.Error("its descriptor is closed")
	}
	checkVictim(t, flawed.get("/victim?nonce=v1"), "v1")
}
