package clients

import (
	"context"
	"net"
	"os"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"benchrun/internal/bench"
	"benchrun/internal/procfs"
)

// unacknowledged is how many sent bytes the peer's kernel has not taken yet.
func unacknowledged(c net.Conn) (n int32) {
	const siocoutq = 0x5411
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		return 0
	}
	_ = raw.Control(func(fd uintptr) {
		_, _, _ = syscall.Syscall(syscall.SYS_IOCTL, fd, siocoutq, uintptr(unsafe.Pointer(&n)))
	})
	return n
}

// fullBacklog is the address of a listener whose accept queue has no room.
func fullBacklog(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(name.(*syscall.SockaddrInet4).Port))
	for range 10 {
		c, err := net.DialTimeout("tcp", addr, 100*time.Millisecond)
		if err != nil {
			return addr
		}
		t.Cleanup(func() { shut(c) })
	}
	t.Fatal("a backlog of 0 took ten connections")
	return ""
}

// cpu is the CPU time that this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// bareAcceptor is the address of a server, outside of Go's runtime, that accepts
// connections and does nothing more, and the number of connections it has.
func bareAcceptor(t testing.TB) (addr string, accepted *atomic.Int64) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	fd := int(f.Fd()) // makes it blocking
	accepted = &atomic.Int64{}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			c, _, err := syscall.Accept(fd)
			if err != nil {
				return
			}
			defer syscall.Close(c) //nolint:errcheck // nothing was written
			accepted.Add(1)
		}
	}()
	t.Cleanup(func() {
		_ = syscall.Shutdown(fd, syscall.SHUT_RDWR) // ends accept
		<-ended
		_ = f.Close()
		_ = l.Close()
	})
	return l.Addr().String(), accepted
}

// resident is this process's resident memory in bytes.
func resident(t testing.TB) int {
	t.Helper()
	bytes, err := procfs.Memory(os.Getpid(), "VmRSS")
	if err != nil {
		t.Fatal(err)
	}
	return int(bytes)
}

// provoke makes one provocation that ends with ctx.
func provoke(ctx context.Context, p Provoker, addr string) bench.Sample {
	clock := bench.NewClock()
	return *p.Provoke(ctx, Provocation{Clock: clock, Addr: addr, Nonce: "f0-31aa0000", Due: clock.Now(), Role: bench.RoleProvoker})
}
