package clients

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Non-blocking sockets, without the net package. None of these calls waits, so they need
// not tell Go's scheduler that they may. If they did, it would wake up a thread that
// watches them every 20 µs. For a client that wakes up for one request at a time, that
// costs more than the request.

// peer is an address to connect to, in the kernel's format.
type peer struct {
	family int
	size   uintptr
	ip4    unix.RawSockaddrInet4
	ip6    unix.RawSockaddrInet6
}

// peerAt parses host:port, with an IP address as host.
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

// connect begins a connection and leaves the local port to connect(2): if it bound one
// first, the host would run out of ports at a few thousand connections a second. The
// first write tells whether the connection was made.
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

// dialError is a failure to connect, in the form that net.Dial uses.
func dialError(call string, err error) error {
	return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError(call, err)}
}

// readError is a failure to read, in the form that net.Conn uses.
func readError(err error) error {
	return &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", err)}
}

// readSocket reads what has arrived. EAGAIN: nothing has. n = 0 without an error: nothing
// more will come.
func readSocket(fd int, b []byte) (n int, errno unix.Errno) {
	return transfer(unix.SYS_READ, fd, b)
}

// writeSocket writes as much as the kernel takes at once.
func writeSocket(fd int, b []byte) (n int, errno unix.Errno) {
	return transfer(unix.SYS_WRITE, fd, b)
}

// transfer makes one system call with a buffer, which must not be empty.
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

// closeSocket closes a descriptor. Linux frees it even if close(2) returns an error.
func closeSocket(fd int) { _, _, _ = unix.RawSyscall(unix.SYS_CLOSE, uintptr(fd), 0, 0) }

// asConn turns a socket into a net.Conn, which then owns it.
func asConn(fd int) (net.Conn, error) {
	f := os.NewFile(uintptr(fd), "connection") //nolint:gosec // a descriptor
	c, err := net.FileConn(f)
	return c, errors.Join(err, f.Close())
}

// socketOf takes the socket out of a net.Conn. It closes c, but the TCP connection stays
// open.
func socketOf(c net.Conn) (fd int, err error) {
	defer c.Close() //nolint:errcheck // the returned copy stays open
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
