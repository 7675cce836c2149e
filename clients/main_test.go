package clients

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"benchrun/internal/bench"
)

// victimsCommand makes the test binary a server of victims. It prints its port, and ends
// when its stdin closes.
const victimsCommand = "victims"

// victimServer starts such a server in a separate process and returns its address.
func victimServer(t testing.TB) string {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", victimsCommand)
	stdin, err1 := cmd.StdinPipe()
	stdout, err2 := cmd.StdoutPipe()
	if err := errors.Join(err1, err2, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		shut(stdin)
		_ = cmd.Wait()
	})
	addr, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(addr)
}

func serveVictims() int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 1
	}
	fmt.Println(l.Addr())
	go func() { _ = http.Serve(l, controlHandler()) }() //nolint:gosec // a test's own
	_, _ = io.Copy(io.Discard, os.Stdin)
	return 0
}

// The test binary is its own control server, as benchrun is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == ControlCommand {
		os.Exit(ControlMain())
	}
	if len(os.Args) > 1 && os.Args[1] == victimsCommand {
		os.Exit(serveVictims())
	}
	os.Exit(m.Run())
}

// rawServer reads the head of the request on each connection, answers with serve, and
// closes the connection. It returns its address.
func rawServer(t testing.TB, serve func(c net.Conn, r *http.Request)) string {
	return bareServer(t, func(c net.Conn) {
		if r, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
			serve(c, r)
		}
	})
}

// bareServer runs serve on each connection and closes it.
func bareServer(t testing.TB, serve func(c net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns.Go(func() {
				defer shut(c)
				serve(c)
			})
		}
	})
	t.Cleanup(func() { shut(l); conns.Wait() })
	return l.Addr().String()
}

// closedPort is an address that refuses connections.
func closedPort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer shut(l)
	return l.Addr().String()
}

// shut closes something at the end of a test.
func shut(c io.Closer) { _ = c.Close() }

// reset ends a connection with a RST instead of a FIN.
func reset(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0); shut(c) }

// untilClosed waits until the client has closed.
func untilClosed(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

// good is a right answer to a victim, with extra header lines.
func good(r *http.Request, extra ...string) string {
	return head("200 OK", append(extra, "Content-Length: 1024")...) + string(VictimBody(nonceOf(r)))
}

func nonceOf(r *http.Request) string { return r.URL.Query().Get("nonce") }

func head(status string, lines ...string) string {
	lines = append([]string{"HTTP/1.1 " + status, PIDHeader + ": 7"}, lines...)
	return strings.Join(lines, "\r\n") + "\r\n\r\n"
}

// samples collects what a loop reports.
type samples struct {
	mu  sync.Mutex
	all []bench.Sample
}

func (s *samples) add(x bench.Sample) { s.mu.Lock(); defer s.mu.Unlock(); s.all = append(s.all, x) }

func (s *samples) len() int { s.mu.Lock(); defer s.mu.Unlock(); return len(s.all) }

func (s *samples) count(o bench.Outcome) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range s.all {
		if x.Outcome == o {
			n++
		}
	}
	return n
}

// loop is an open loop that begins now and collects its samples.
func loop(addr string, rate int) (*OpenLoop, *samples) {
	got, clock := &samples{}, bench.NewClock()
	return &OpenLoop{
		Clock: clock, Addr: addr, Role: bench.RoleVictim, Beat: bench.Beat{Start: clock.Now(), Rate: rate},
		SLO: 30 * time.Second, Timeout: time.Minute, // more than a busy machine takes
		Nonce:    func(seq uint64) string { return fmt.Sprintf("v%d-9c1e2f03", seq) },
		OnSample: got.add,
	}, got
}

// runUntil runs a loop until its first n requests, and no others, have ended.
func runUntil(t testing.TB, o *OpenLoop, n uint64) {
	t.Helper()
	last, next := o.Beat.Due(o.First+n-1), o.Beat.Due(o.First+n)
	end := o.Clock.At(last + (next-last)/2)
	ctx, cancel := context.WithDeadline(t.Context(), end)
	defer cancel()
	if err := o.Run(ctx); err != nil {
		t.Fatal(err)
	}
}

// eventually polls until ok returns true, and fails the test after a minute. Any goroutine of
// the test may call it.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Errorf("not within a minute: %s", what)
			return
		}
	}
}
