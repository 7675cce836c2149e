package procfs

import (
	"math"
	"strconv"
	"testing"
	"time"
)

func TestHostFigures(t *testing.T) {
	if free, err := MemAvailable(); err != nil || free < 1<<20 {
		t.Errorf("available memory: %d, %v", free, err)
	}
	if low, high, err := ClientPorts(); err != nil || low < 1 || high < low || high > math.MaxUint16 {
		t.Errorf("ports of clients: %d to %d, %v", low, high, err)
	}
	value, err := Sysctl("net/core/somaxconn")
	if n, errN := strconv.Atoi(value); err != nil || errN != nil || n < 1 {
		t.Errorf("somaxconn: %q, %v", value, err)
	}
}

// CPU time that a program uses shows as busy, in seconds.
func TestHostCPU(t *testing.T) {
	busy0, idle0, err := HostCPU()
	if err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); time.Since(began) < 300*time.Millisecond; {
	}
	busy1, idle1, err := HostCPU()
	if err != nil {
		t.Fatal(err)
	}
	if busy1-busy0 < 0.1 || idle1 < idle0 {
		t.Errorf("busy went from %g to %g s, idle from %g to %g s", busy0, busy1, idle0, idle1)
	}
}

func TestLastPID(t *testing.T) {
	for text, want := range map[string]int{"0.20 0.18 0.12 1/80 11206\n": 11206, "1\n": 1, "0.20 x\n": 0, "": 0} {
		if got := LastPID([]byte(text)); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

func TestTCPExt(t *testing.T) {
	b := []byte("TcpExt: SyncookiesSent ListenOverflows ListenDrops\nTcpExt: 1 22 333\nIpExt: A\nIpExt: 4\n")
	if n := TCPExt(b, "ListenOverflows"); n != 22 {
		t.Errorf("ListenOverflows %d, want 22", n)
	}
	if n := TCPExt(b, "Nothing"); n != 0 {
		t.Errorf("unknown counter %d, want 0", n)
	}
}

// In a user namespace, root may only become users that are mapped there.
func TestMapped(t *testing.T) {
	for text, want := range map[string]bool{
		"         0       1000          1\n":                              false, // unshare -r
		"         0          0 4294967295\n":                              true,
		"         0       1000          1\n         1     100000 65536\n": true,
		"": false,
	} {
		if got := Mapped(text, 65534); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
