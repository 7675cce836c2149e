package clients

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"benchrun/internal/bench"
)

// A client that binds its local port before it connects can use each port once. A client
// that leaves the port to connect(2) can use each port once for each server. In a network
// namespace with 100 local ports, the first can open 100 connections, the second 100 to
// each server. So the test can tell them apart without opening 28,000.
func TestLocalPortIsLeftToConnect(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("a network namespace with few local ports needs root")
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		runtime.LockOSThread() // never unlocked: the thread ends together with its namespace
		if err := fewPorts(); err != nil {
			t.Error(err)
			return
		}
		for _, host := range []string{"127.0.0.1", "127.0.0.2"} {
			// Outside of the range of local ports, which 80 connections nearly fill.
			l, err := net.Listen("tcp", host+":30000")
			if err != nil {
				t.Error(err)
				return
			}
			defer shut(l)
			for i := range 80 {
				c, err := dial(t.Context(), l.Addr().String(), time.Now().Add(10*time.Second))
				if err != nil {
					t.Errorf("connection %d to %s: %v", i, host, err)
					return
				}
				defer shut(c)
			}
		}
		// If the ports are really used up, that is this host's fault.
		l, err := net.Listen("tcp", "127.0.0.3:30000")
		if err != nil {
			t.Error(err)
			return
		}
		defer shut(l)
		for i := range 101 {
			c, err := dial(t.Context(), l.Addr().String(), time.Now().Add(10*time.Second))
			if err == nil {
				defer shut(c)
			}
			if full := i == 100; full != (err != nil) || full && dialOutcome(err) != bench.Unsent {
				t.Errorf("connection %d to one server through 100 ports: %v", i, err)
			}
		}
	}()
	<-ended
}

// fewPorts moves the calling thread to a network namespace of its own with
// loopback up and 100 local ports.
func fewPorts() error {
	if err := syscall.Unshare(syscall.CLONE_NEWNET); err != nil {
		return fmt.Errorf("unshare: %w", err)
	}
	if err := os.WriteFile("/proc/thread-self/root/proc/sys/net/ipv4/ip_local_port_range", []byte("40000 40099"), 0); err != nil {
		return err
	}
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer func() { _ = syscall.Close(fd) }()
	request := struct {
		name  [syscall.IFNAMSIZ]byte
		flags uint16
		_     [22]byte
	}{flags: syscall.IFF_UP | syscall.IFF_RUNNING}
	copy(request.name[:], "lo")
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), syscall.SIOCSIFFLAGS, uintptr(unsafe.Pointer(&request))); errno != 0 {
		return fmt.Errorf("raising lo: %w", errno)
	}
	return nil
}
