package clients

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Non-blocking sockets, without the net package. None of these calls waits, so
// none of them tells Go's scheduler that it may: for a client that wakes up for
// one request at a time, what the scheduler does about that (it wakes a thread
// that watches, every 20 µs) costs more than the request itself.

// peer is where a socket connects to, as the kernel wants it.
type peer struct {
	family int
	size   uintptr
	ip4    unix.RawSockaddrInet4
	ip6    unix.RawSockaddrInet6
}

// peerAt reads host:port, the host an IP address.
func peerAt(addr string) (*peer, error) {
	at, err := netip.ParseAddrPort(addr)
	if err != nil {
		return nil, err
	}
	port := [2]byte{byte(at.Port() >> 8), byte(at.Port())}
	p := &peer{}
	if ip := at.Addr().Unmap(); ip.Is4() {
		p.family, p.size = unix.AF_INET, unix.SizeofSockaddrInet4
		p.ip4.Family, p.ip4.Addr = unix.AF_INET, ip.As4()
		p.ip4.Port = *(*uint16)(unsafe.Pointer(&port))
	} else {
		p.family, p.size = unix.AF_INET6, unix.SizeofSockaddrInet6
		p.ip6.Family, p.ip6.Addr = unix.AF_INET6, ip.As16()
		p.ip6.Port = *(*uint16)(unsafe.Pointer(&port))
	}
	return p, nil
}

// connect begins a connection from a local port that is left to connect(2):
// binding one first would run out of ports at a few thousand connections a
// second. Whether it stands, the first write tells.
func (p *peer) connect() (fd int, err error) {
	fd, err = unix.Socket(p.family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, dialError("socket", err)
	}
	to := unsafe.Pointer(&p.ip4)
	if p.family == unix.AF_INET6 {
		to = unsafe.Pointer(&p.ip6)
	}
	for {
		_, _, errno := unix.RawSyscall(unix.SYS_CONNECT, uintptr(fd), uintptr(to), p.size)
		switch errno {
		case 0, unix.EINPROGRESS, unix.EALREADY, unix.EISCONN:
			return fd, nil
		case unix.EINTR:
		default:
			closeSocket(fd)
			return -1, dialError("connect", errno)
		}
	}
}

// dialError is a failure to connect as net.Dial tells it.
func dialError(call string, err error) error {
	return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError(call, err)}
}

// readError is a failure to read as a net.Conn tells it.
func readError(err error) error {
	return &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", err)}
}

// readSocket reads what is there. EAGAIN says that nothing is, 0 without an
// error that nothing more will come.
func readSocket(fd int, b []byte) (n int, errno unix.Errno) {
	return transfer(unix.SYS_READ, fd, b)
}

// writeSocket writes what the kernel takes at once.
func writeSocket(fd int, b []byte) (n int, errno unix.Errno) {
	return transfer(unix.SYS_WRITE, fd, b)
}

// transfer makes one system call with a buffer that is not empty.
func transfer(call uintptr, fd int, b []byte) (n int, errno unix.Errno) {
	for {
		r, _, e := unix.RawSyscall(call, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
		switch e {
		case 0:
			return int(r), 0
		case unix.EINTR:
		default:
			return 0, e
		}
	}
}

// closeSocket closes a descriptor: Linux frees it whatever close(2) says.
func closeSocket(fd int) { _, _, _ = unix.RawSyscall(unix.SYS_CLOSE, uintptr(fd), 0, 0) }

// asConn turns a socket into a net.Conn, which has it from then on.
func asConn(fd int) (net.Conn, error) {
	f := os.NewFile(uintptr(fd), "connection") //nolint:gosec // a descriptor
	c, err := net.FileConn(f)
	return c, errors.Join(err, f.Close())
}

// socketOf takes the socket out of a net.Conn, which is closed without an end to
// the connection.
func socketOf(c net.Conn) (fd int, err error) {
	defer c.Close() //nolint:errcheck // the copy is what counts
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		return -1, err
	}
	var copied error
	err = raw.Control(func(from uintptr) {
		fd, copied = unix.FcntlInt(from, unix.F_DUPFD_CLOEXEC, 0)
	})
	if err = errors.Join(err, copied); err != nil {
		return -1, dialError("fcntl", err)
	}
	return fd, nil
}
