package observe

import (
	"encoding/binary"
	"os"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"benchrun/internal/procfs"
)

const (
	// tcpDiagGetSock is TCPDIAG_GETSOCK of linux/inet_diag.h, the request that walks
	// IPv4 and IPv6 sockets at once.
	tcpDiagGetSock = 18
	// socketShare limits what counting costs: after a count that took d of CPU time,
	// the next is at least d times this later. The kernel walks the connections of
	// the whole machine, which takes milliseconds on a busy host.
	socketShare = 1000
)

// closeWaits counts the sockets of some local ports that are in CLOSE_WAIT. It
// asks the kernel for this state only (sock_diag(7)): reading /proc/net/tcp
// costs milliseconds even when it is empty, and lists thousands in TIME_WAIT.
type closeWaits struct {
	shim  int
	ports []int
	diag  int // a sock_diag socket, or -1: read /proc/PID/net/tcp instead
	buf   []byte
	last  int // the last count
	due   time.Time
}

func newCloseWaits(shim int, ports []int) *closeWaits {
	c := &closeWaits{shim: shim, ports: ports, diag: -1}
	if len(ports) == 0 {
		return c
	}
	c.buf = make([]byte, 32<<10)
	// A socket sees the network namespace of the process that made it.
	ours, err := os.Readlink(procfs.Path(procfs.Self, "ns/net"))
	if err != nil {
		return c
	}
	if theirs, err := os.Readlink(procfs.Path(shim, "ns/net")); err != nil || ours != theirs {
		return c
	}
	if c.diag, err = unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, unix.NETLINK_INET_DIAG); err != nil {
		c.diag = -1
	}
	return c
}

func (c *closeWaits) close() { closeFD(c.diag) }

// count counts, or returns the last count if it is too early for another.
func (c *closeWaits) count() int {
	if len(c.ports) == 0 || time.Now().Before(c.due) {
		return c.last
	}
	runtime.LockOSThread() // otherwise the thread's time would include other goroutines
	defer runtime.UnlockOSThread()
	before := threadTime()
	c.last = c.countNow()
	c.due = time.Now().Add(socketShare * (threadTime() - before))
	return c.last
}

// threadTime is the CPU time of the calling thread.
func threadTime() time.Duration {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_THREAD, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func (c *closeWaits) countNow() int {
	if c.diag >= 0 {
		if n, ok := c.ask(); ok {
			return n
		}
		closeFD(c.diag) // the kernel was built without sock_diag
		c.diag = -1
	}
	return c.list()
}

// ask sends a struct inet_diag_req and counts the struct inet_diag_msg in the
// answer, see sock_diag(7) and linux/inet_diag.h.
func (c *closeWaits) ask() (count int, ok bool) {
	// family, src_len, dst_len, ext: 4 bytes; id: 48; states: 4; dbs: 4.
	req := make([]byte, unix.NLMSG_HDRLEN+60)
	binary.NativeEndian.PutUint32(req, uint32(len(req)))
	binary.NativeEndian.PutUint16(req[4:], tcpDiagGetSock)
	binary.NativeEndian.PutUint16(req[6:], unix.NLM_F_REQUEST|unix.NLM_F_DUMP)
	binary.NativeEndian.PutUint32(req[unix.NLMSG_HDRLEN+52:], 1<<procfs.CloseWait)
	if unix.Sendto(c.diag, req, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}) != nil {
		return 0, false
	}
	for {
		// The kernel prepares the answer during the request, so there is no need to wait.
		n, _, err := unix.Recvfrom(c.diag, c.buf, unix.MSG_DONTWAIT)
		if err != nil {
			return 0, false
		}
		for b := c.buf[:n]; len(b) >= unix.NLMSG_HDRLEN; {
			size := int(binary.NativeEndian.Uint32(b))
			if size < unix.NLMSG_HDRLEN || size > len(b) {
				return 0, false
			}
			switch binary.NativeEndian.Uint16(b[4:]) {
			case unix.NLMSG_DONE:
				return count, true
			case unix.NLMSG_ERROR:
				return 0, false
			case tcpDiagGetSock:
				// family, state, timer, retrans: 4 bytes; then the local port.
				if m := b[unix.NLMSG_HDRLEN:size]; len(m) >= 6 && m[1] == procfs.CloseWait && slices.Contains(c.ports, int(binary.BigEndian.Uint16(m[4:]))) {
					count++
				}
			}
			b = b[min((size+3)&^3, len(b)):]
		}
	}
}

// list counts the sockets in what /proc lists.
func (c *closeWaits) list() (count int) {
	for _, s := range procfs.TCP(c.shim) {
		if s.State == procfs.CloseWait && slices.Contains(c.ports, s.Port) {
			count++
		}
	}
	return count
}
