package reference

import (
	"bufio"
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

// fds is how many descriptors the front has open.
func (s *server) fds() int {
	s.t.Helper()
	list, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.cmd.Process.Pid))
	if err != nil {
		s.t.Fatal(err)
	}
	return len(list)
}

// idleFDs is how many descriptors the front has open when it has closed the connections of
// answered requests.
func (s *server) idleFDs() int {
	s.t.Helper()
	_, port, err := net.SplitHostPort(s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	eventually(s.t, "the front has no connection open", func() bool {
		table, err := os.ReadFile("/proc/net/tcp")
		if err != nil {
			s.t.Fatal(err)
		}
		for c := range procfs.Sockets(table) {
			if strconv.Itoa(c.Port) == port && c.State != procfs.Listen && c.Inode != "0" { // 0: closed
				return false
			}
		}
		return true
	})
	return s.fds()
}

// breakOff opens n connections, waits for the answer on each, and ends them with RST or
// FIN.
func (s *server) breakOff(n int, reset bool) {
	s.t.Helper()
	for range n {
		c := s.dial("GET /victim?nonce=v1 HTTP/1.1\r\nHost: a\r\n\r\n")
		// All of the answer: what is unread would turn FIN into RST.
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			s.t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			s.t.Fatal(err)
		}
		if reset {
			err = c.Conn.(*net.TCPConn).SetLinger(0)
		}
		if err := errors.Join(err, resp.Body.Close()); err != nil {
			s.t.Fatal(err)
		}
		if err := c.Close(); err != nil {
			s.t.Fatal(err)
		}
	}
}

func TestKeepsReset(t *testing.T) {
	t.Parallel()
	const n = 20
	sound := start(t, 1)
	before := sound.idleFDs()
	sound.breakOff(n, true)
	eventually(t, "a sound front closes what was reset", func() bool { return sound.fds() <= before+2 })

	flawed := start(t, 1, "--flaw", keepsReset)
	before = flawed.idleFDs()
	flawed.breakOff(n, false)
	eventually(t, "what ended with FIN is closed", func() bool { return flawed.fds() <= before+2 })
	flawed.breakOff(n, true)
	eventually(t, "what was reset stays", func() bool { return flawed.fds() >= before+n-2 })
	checkVictim(t, flawed.get("/victim?nonce=v1"), "v1")
}

func TestDropsHalfClosed(t *testing.T) {
	t.Parallel()
	asked := func(s *server) int {
		c := s.dial("GET /sleep?nonce=f1&ms=200 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
		if err := c.Conn.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		return c.status()
	}
	sound := start(t, 1)
	busy := sound.inBackground("/sleep?nonce=f2&ms=300")
	sound.started("f2")
	if got := asked(sound); got != http.StatusOK {
		t.Errorf("a sound server gives a half-closed client that waits for a worker %d", got)
	}
	<-busy
	flawed := start(t, 1, "--flaw", dropsHalfClosed)
	if got := asked(flawed); got != 0 {
		t.Errorf("the flawed server gives it %d", got)
	}
	checkVictim(t, flawed.get("/victim?nonce=v1"), "v1")
}

func TestDiesOfGarbage(t *testing.T) {
	t.Parallel()
	const garbage = "GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n"
	sound := start(t, 2)
	old := sound.workers()
	if got := sound.dial(garbage).status(); got != http.StatusBadRequest || fmt.Sprint(sound.workers()) != fmt.Sprint(old) {
		t.Errorf("a sound server answers %d, and its workers are %v after %v", got, sound.workers(), old)
	}
	flawed := start(t, 2, "--flaw", diesOfGarbage)
	flawed.dial(strings.ReplaceAll(garbage, "no colon", "a: b")).status()
	if n := len(flawed.workers()); n != 2 {
		t.Errorf("a good request ended %d workers", 2-n)
	}
	flawed.dial(garbage).status()
	eventually(t, "its workers end", func() bool { return len(flawed.workers()) == 0 })
	victim := flawed.inBackground("/victim?nonce=v1")
	if within(500*time.Millisecond, func() bool { return len(victim) > 0 }) {
		if r := <-victim; r.status == http.StatusOK {
			t.Error("a victim was served without workers")
		}
	}
}

func TestFreezesWhenFull(t *testing.T) {
	t.Parallel()
	// fill opens n connections, waits until the server has accepted all that it will (no
	// further one in half a second), and closes them.
	fill := func(s *server, n, least int) {
		base := s.idleFDs()
		var conns []rawConn
		for range n {
			conns = append(conns, s.dial(""))
		}
		eventually(t, "they are accepted", func() bool {
			before := s.fds()
			return before >= base+least && !within(500*time.Millisecond, func() bool { return s.fds() != before })
		})
		for _, c := range conns {
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
		}
		eventually(t, "they are gone", func() bool { return s.fds() <= base })
	}
	const more = 10 // base may count the connection of the start
	sound := start(t, 1)
	fill(sound, manyConns+more, manyConns)
	checkVictim(t, sound.get("/victim?nonce=v1"), "v1")

	flawed := start(t, 1, "--flaw", freezesWhenFull)
	fill(flawed, manyConns/2, manyConns/2-more)
	checkVictim(t, flawed.get("/victim?nonce=v1"), "v1")
	fill(flawed, manyConns+more, manyConns-more)
	victim := flawed.inBackground("/victim?nonce=v2")
	if within(500*time.Millisecond, func() bool { return len(victim) > 0 }) {
		t.Errorf("a victim was answered after %d connections: status %d", manyConns, (<-victim).status)
	}
}

func TestForgetsPipelined(t *testing.T) {
	t.Parallel()
	const one = "GET /victim?nonce=v1 HTTP/1.1\r\nHost: a\r\n\r\n"
	answers := func(s *server) (n int) {
		c := s.dial(one + one)
		if err := c.Conn.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		all, _ := io.ReadAll(c) // to the end, which comes when nothing is left to answer
		return strings.Count(string(all), "HTTP/1.1 200")
	}
	if n := answers(start(t, 1)); n != 2 {
		t.Errorf("a sound server answers %d of 2", n)
	}
	flawed := start(t, 1, "--flaw", forgetsPipelined)
	if n := answers(flawed); n != 1 {
		t.Errorf("the flawed server answers %d of 2", n)
	}
	checkVictim(t, flawed.get("/victim?nonce=v1"), "v1")
}

func TestKeepsSomeReset(t *testing.T) {
	t.Parallel()
	const stay = 4
	s := start(t, 1, "--flaw", keepsSome)
	before := s.idleFDs()
	s.breakOff(stay*someReset, true)
	eventually(t, "some of what was reset stays, and the others are closed", func() bool { n := s.fds() - before; return n >= stay && n <= stay+2 })
	checkVictim(t, s.get("/victim?nonce=v1"), "v1")
}

func TestKeepsBuffers(t *testing.T) {
	t.Parallel()
	const n = 100
	s := start(t, 1, "--flaw", keepsBuffers)
	before, fds := s.memory(), s.idleFDs()
	s.breakOff(n, true)
	eventually(t, "their buffers stay", func() bool { return s.memory()-before >= n*keptBuffer*9/10 })
	eventually(t, "what was reset is closed", func() bool { return s.fds() <= fds+2 })
	checkVictim(t, s.get("/victim?nonce=v1"), "v1")
}
