package observe

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// Of linux/connector.h and linux/cn_proc.h.
const (
	connectorProc = 1 // CN_IDX_PROC and CN_VAL_PROC
	procListen    = 1 // PROC_CN_MCAST_LISTEN
	procIgnore    = 2 // PROC_CN_MCAST_IGNORE
	procFork      = 1 // PROC_EVENT_FORK

	// Where things are in a message: struct nlmsghdr (16 bytes), struct cn_msg
	// (20 bytes), then struct proc_event.
	atWhat      = 36
	atParent    = 56 // process
	atChildTask = 60
	atChild     = 64 // process
)

// forksPerLook bounds how many forks, of any process of this machine, are heard
// of between two looks: 1,000 a second. What is more waits in the socket, whose
// buffer holds some 250, or is lost: the looks find who lives long enough.
const forksPerLook = 40

// forkWatch tells at once which processes were forked, by the kernel's proc
// connector. It is to be had as root, outside of containers, since Linux 6.6 by
// others too; where it is not, no message ever comes. A message is only a hint
// where to look: who belongs to the tree is decided as ever.
type forkWatch struct {
	fd     int
	budget int
	armed  bool // in the epoll
	buf    []byte
}

// newForkWatch gives nil where the kernel has no such socket for us.
func newForkWatch() *forkWatch {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_CONNECTOR)
	if err != nil {
		return nil
	}
	f := &forkWatch{fd: fd, buf: make([]byte, 512)}
	if unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, processForks()) != nil ||
		unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: connectorProc}) != nil ||
		f.ask(procListen) != nil {
		closeFD(fd)
		return nil
	}
	return f
}

// processForks lets pass the forks of processes: not those of threads, which a
// server may start for every request, nor other events.
func processForks() *unix.SockFprog {
	// A filter loads words as big-endian; the kernel writes them as the machine does.
	fork := binary.BigEndian.Uint32(binary.NativeEndian.AppendUint32(nil, procFork))
	program := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: atWhat},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 5, K: fork},
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: atChildTask},
		{Code: unix.BPF_MISC | unix.BPF_TAX},
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: atChild},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_X, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: 1 << 16},
		{Code: unix.BPF_RET | unix.BPF_K, K: 0},
	}
	return &unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
}

// ask begins or ends the messages.
func (f *forkWatch) ask(op uint32) error {
	m := make([]byte, 40)
	binary.NativeEndian.PutUint32(m, uint32(len(m)))
	binary.NativeEndian.PutUint16(m[4:], unix.NLMSG_DONE)
	binary.NativeEndian.PutUint32(m[16:], connectorProc)
	binary.NativeEndian.PutUint32(m[20:], connectorProc)
	binary.NativeEndian.PutUint16(m[32:], 4) // bytes that follow the head
	binary.NativeEndian.PutUint32(m[36:], op)
	return unix.Sendto(f.fd, m, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK})
}

// close also has the kernel stop writing messages: an old one would not notice.
func (f *forkWatch) close() {
	_ = f.ask(procIgnore)
	closeFD(f.fd)
}

// arm has the death watch call with pid -1 at the next message, once.
func (f *forkWatch) arm(d *deathWatch) error {
	op := unix.EPOLL_CTL_ADD
	if f.armed {
		op = unix.EPOLL_CTL_MOD
	}
	f.armed = true
	return unix.EpollCtl(d.fd, op, f.fd, &unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLONESHOT, Fd: noPID})
}

// each calls found for the forks that are told, within the budget. lost says
// that there were more than the socket holds.
func (f *forkWatch) each(found func(child, parent int)) (lost bool) {
	for ; f.budget > 0; f.budget-- {
		n, err := unix.Read(f.fd, f.buf)
		switch {
		case err == unix.ENOBUFS:
			lost = true
		case err != nil:
			return lost
		case n >= atChild+4 && binary.NativeEndian.Uint32(f.buf[atWhat:]) == procFork:
			found(int(binary.NativeEndian.Uint32(f.buf[atChild:])), int(binary.NativeEndian.Uint32(f.buf[atParent:])))
		}
	}
	return lost
}

// hearForks looks at the processes that were forked a moment ago, so that those
// are seen that end before the next look.
func (t *tree) hearForks() {
	lost := t.forks.each(func(child, parent int) {
		if (parent == t.shim || t.members[parent] != nil) && t.members[child] == nil {
			delete(t.strangers, child) // an earlier process of that number
			t.classify(child, 0)
		}
	})
	if lost {
		t.rescan()
	}
	if t.forks.budget > 0 {
		_ = t.forks.arm(t.deaths) // an open socket in an open epoll
	}
}

// refillForks allows for as many forks as may be heard of until the next look.
func (t *tree) refillForks() {
	if t.forks == nil {
		return
	}
	spent := t.forks.budget == 0
	t.forks.budget = forksPerLook
	if spent {
		t.hearForks()
	}
}
