package launch

import (
	"errors"
	"fmt"
	"net"
	"os"
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
		if p < portLow || p >= portHigh {
			t.Fatalf("port %d is outside of %d..%d", p, portLow, portHigh-1)
		}
		if !PortFree(p) {
			t.Errorf("port %d is not free", p)
		}
		seen[p] = true
	}
	if len(seen) < 40 {
		t.Errorf("50 picks gave %d ports", len(seen))
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
	// The side that closes first keeps the port in TIME_WAIT: let it be the
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
		80:   "port 80 needs a privilege",
	} {
		var env *bench.EnvironmentError
		if err := CheckPort(port); !errors.As(err, &env) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "--port") {
			t.Errorf("port %d: %v, want %q", port, err, want)
		}
	}
}
