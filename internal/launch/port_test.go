package launch

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

func TestPickPort(t *testing.T) {
	seen := map[int]bool{}
	for range 50 {
		p, err := PickPort()
		if err != nil {
			t.Fatal(err)
		}
		defer p.Release()
		if p.Number < portLow || p.Number >= portHigh {
			t.Fatalf("port %d is outside of %d..%d", p.Number, portLow, portHigh-1)
		}
		if !PortFree(p.Number) {
			t.Errorf("port %d is not free", p.Number)
		}
		seen[p.Number] = true
	}
	if len(seen) != 50 {
		t.Errorf("50 picks that are held gave %d ports", len(seen))
	}
}

// A port belongs to one benchrun at a time: neither another PickPort nor --port gets
// it, not from another process either, until it is released.
func TestPortIsHeld(t *testing.T) {
	p, err := PickPort()
	if err != nil {
		t.Fatal(err)
	}
	defer p.Release()
	var env *bench.EnvironmentError
	if q, err := pickBetween(p.Number, p.Number+1); !errors.As(err, &env) {
		t.Errorf("the only port of a range was picked twice: %v, %v", q, err)
	}
	if q, err := HoldPort(p.Number); !errors.As(err, &env) || !strings.Contains(err.Error(), "another benchrun") {
		t.Errorf("a port was held twice: %v, %v", q, err)
	}
	p.Release()
	p.Release()

	// Another process holds the port, and is killed.
	cmd := exec.Command("/proc/self/exe", "__part", "holder", strconv.Itoa(p.Number))
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "held\n" {
		t.Fatalf("the other process says %q, %v", line, err)
	}
	if q, err := HoldPort(p.Number); !errors.As(err, &env) {
		t.Errorf("a port of another process was held: %v, %v", q, err)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	q, err := HoldPort(p.Number)
	if err != nil {
		t.Fatalf("a port that nobody holds any more: %v", err)
	}
	q.Release()

	l, err := net.Listen("tcp4", "127.0.0.1:"+strconv.Itoa(p.Number))
	if err != nil {
		t.Skip("another program took the port:", err)
	}
	defer l.Close() //nolint:errcheck // a test's listener
	if q, err := HoldPort(p.Number); !errors.As(err, &env) {
		t.Errorf("a port that is listened on was held: %v, %v", q, err)
	}
}

// Only a process that accepts connections counts as a listener.
func TestListener(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	if who := Listener(port); !strings.Contains(who, fmt.Sprintf("(pid %d)", os.Getpid())) {
		t.Errorf("%q listens, want this process", who)
	}
	client, err := net.Dial("tcp4", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close() //nolint:errcheck // a test's connection
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close() //nolint:errcheck // a test's connection
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if who := Listener(port); who != "" {
		t.Errorf("%q listens, want nobody: connections accept nothing", who)
	}
}

func TestPortFree(t *testing.T) {
	port, arg := testPort(t)
	l, err := net.Listen("tcp4", "127.0.0.1:"+arg)
	if err != nil {
		t.Fatal(err)
	}
	if PortFree(port) || bindable(port, false) {
		t.Error("a port that is listened on counts as free")
	}
	// The side that closes first keeps the port in TIME_WAIT. Here it must be the
	// server's.
	client, err := net.Dial("tcp4", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Read(make([]byte, 1)); err == nil {
		t.Fatal("read from a closed connection")
	}
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if !PortFree(port) {
		t.Error("a port whose last connection is in TIME_WAIT does not count as free")
	}
	if bindable(port, false) {
		t.Error("a port with a connection in TIME_WAIT would be picked")
	}
	any, err := net.Listen("tcp", ":0") // every address, of both families
	if err != nil {
		t.Fatal(err)
	}
	defer any.Close() //nolint:errcheck // a test's listener
	_, arg, _ = net.SplitHostPort(any.Addr().String())
	wild, err := strconv.Atoi(arg)
	if err != nil {
		t.Fatal(err)
	}
	if PortFree(wild) {
		t.Error("a port that is listened on at every address counts as free")
	}
}

func TestCheckPort(t *testing.T) {
	port, arg := testPort(t)
	if err := CheckPort(port); err != nil {
		t.Errorf("a free port: %v", err)
	}
	l, err := net.Listen("tcp4", "127.0.0.1:"+arg)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // a test's listener
	comm, err := os.ReadFile("/proc/self/comm")
	if err != nil {
		t.Fatal(err)
	}
	for port, want := range map[int]string{
		port: fmt.Sprintf("port %s is taken by %s (pid %d);", arg, strings.TrimSpace(string(comm)), os.Getpid()),
		80:   "a server may not listen on port 80",
	} {
		var env *bench.EnvironmentError
		if err := CheckPort(port); !errors.As(err, &env) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "--port") {
			t.Errorf("port %d: %v, want %q", port, err, want)
		}
	}
}
