package observe

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// Constants of linux/connector.h and linux/cn_proc.h.
const (
	connectorProc = 1 // CN_IDX_PROC and CN_VAL_PROC
	procListen    = 1 // PROC_CN_MCAST_LISTEN
	procIgnore    = 2 // PROC_CN_MCAST_IGNORE
	procNone      = 0 // PROC_EVENT_NONE: the answer to PROC_CN_MCAST_LISTEN
	procFork      = 1 // PROC_EVENT_FORK

	// Offsets in a message: struct nlmsghdr (16 bytes), struct cn_msg (20 bytes), then
	// struct proc_event.
	atWhat      = 36
	atError     = 52 // of procNone
	atParent    = 56 // process
	atChildTask = 60
	atChild     = 64 // process
)

// forksPerLook limits how many forks are processed between two looks. After any fork,
// looks come at 25 a second, so that is 1,000 forks a second. Further messages wait in
// the socket, whose buffer holds about 250, or get lost: the looks find the processes
// that live long enough.
const forksPerLook = 40

// parentsMax keeps the filter below the 4096 instructions that the kernel allows.
const parentsMax = 1000

// forkWatch reports at once which processes were forked, by the kernel's proc connector.
// It works for root outside of containers, and since Linux 6.6 for other users too.
// Elsewhere no message ever comes. A message only says where to look: classify decides
// which processes belong to the tree.
type forkWatch struct {
	fd     int
	budget int
	armed  bool // registered in the epoll
	hears  bool // the kernel has confirmed that it sends messages
	buf    []byte
}

// newForkWatch watches the forks of these processes. It returns nil if the kernel offers
// no such socket to this user.
func newForkWatch(parents ...int) *forkWatch {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_CONNECTOR)
	if err != nil {
		return nil
	}
	f := &forkWatch{fd: fd, buf: make([]byte, 512)}
	if f.hearOf(parents) != nil ||
		unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: connectorProc}) != nil ||
		f.ask(procListen) != nil {
		closeFD(fd)
		return nil
	}
	return f
}

// hearOf makes the kernel report only forks by these processes, and no threads, which a
// server may start for every request. So other programs on this machine cost nothing. If
// there are too many parents, it lets all forks through.
func (f *forkWatch) hearOf(parents []int) error {
	pass := unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: 1 << 16} // the whole message
	forget := unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: 0}
	program := []unix.SockFilter{
		loadWord(atWhat), {Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: word(procNone)}, pass,
		equal(word(procFork)), forget,
		loadWord(atChildTask), {Code: unix.BPF_MISC | unix.BPF_TAX},
		loadWord(atChild), {Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_X, Jt: 1}, forget,
	}
	if len(parents) > parentsMax {
		program = append(program, pass)
	} else {
		program = append(program, loadWord(atParent))
		for _, pid := range parents {
			program = append(program, unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: word(pid)}, pass)
		}
	}
	program = append(program, forget)
	return unix.SetsockoptSockFprog(f.fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER,
		&unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]})
}

// loadWord is a filter instruction that loads the word at an offset.
func loadWord(at uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: at}
}

// equal is a filter instruction that skips the next one if the loaded word is k.
func equal(k uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: 1, K: k}
}

// word converts a number that the kernel wrote in the machine's byte order to what a
// filter loads, which is big-endian.
func word(n int) uint32 {
	return binary.BigEndian.Uint32(binary.NativeEndian.AppendUint32(nil, uint32(n)))
}

// ask starts or stops the messages.
func (f *forkWatch) ask(op uint32) error {
	m := make([]byte, 40)
	binary.NativeEndian.PutUint32(m, uint32(len(m)))
	binary.NativeEndian.PutUint16(m[4:], unix.NLMSG_DONE)
	binary.NativeEndian.PutUint32(m[16:], connectorProc)
	binary.NativeEndian.PutUint32(m[20:], connectorProc)
	binary.NativeEndian.PutUint16(m[32:], 4) // the bytes that follow the head
	binary.NativeEndian.PutUint32(m[36:], op)
	return unix.Sendto(f.fd, m, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK})
}

// close also stops the messages: an old kernel would go on writing them.
func (f *forkWatch) close() {
	_ = f.ask(procIgnore)
	closeFD(f.fd)
}

// arm makes the death watch call with noPID at the next message, once.
func (f *forkWatch) arm(d *deathWatch) error {
	op := unix.EPOLL_CTL_ADD
	if f.armed {
		op = unix.EPOLL_CTL_MOD
	}
	f.armed = true
	return unix.EpollCtl(d.fd, op, f.fd, &unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLONESHOT, Fd: noPID})
}

// each calls found for the reported forks, up to forksPerLook. lost says that the socket
// had more messages than it could hold.
func (f *forkWatch) each(found func(child, parent int)) (lost bool) {
	for ; f.budget > 0; f.budget-- {
		n, err := unix.Read(f.fd, f.buf)
		switch {
		case err == unix.ENOBUFS:
			lost = true
		case err != nil:
			return lost
		case n >= atError+4 && binary.NativeEndian.Uint32(f.buf[atWhat:]) == procNone:
			f.hears = f.hears || binary.NativeEndian.Uint32(f.buf[atError:]) == 0
		case n >= atChild+4 && binary.NativeEndian.Uint32(f.buf[atWhat:]) == procFork:
			found(int(binary.NativeEndian.Uint32(f.buf[atChild:])), int(binary.NativeEndian.Uint32(f.buf[atParent:])))
		}
	}
	return lost
}

// hearForks looks at the processes that were forked just now, so that it also sees those
// that end before the next look.
func (t *tree) hearForks() {
	lost := t.forks.each(func(child, parent int) {
		if (parent == t.shim || t.members[parent] != nil) && t.members[child] == nil {
			delete(t.strangers, child) // it was an earlier process with this pid
			t.classify(child, 0)
		}
	})
	if lost {
		t.rescan()
	}
	if t.forks.budget > 0 {
		_ = t.forks.arm(t.deaths) // cannot fail: socket and epoll are open
	}
}

// unsettled says that another look is needed soon: the kernel reports no forks, or it
// just reported some and the filter does not include the children yet.
func (t *tree) unsettled() bool {
	return t.forks == nil || !t.forks.hears || t.forks.budget < forksPerLook
}

// tendForks adds the processes born since its last call to the filter.
func (t *tree) tendForks() {
	if t.forks == nil || !t.grown {
		return
	}
	t.grown = false
	parents := []int{t.shim}
	for pid := range t.members {
		parents = append(parents, pid)
	}
	// If this fails, the old filter stays, and the looks find the rest.
	_ = t.forks.hearOf(parents)
}

// refillForks allows forksPerLook forks until the next look.
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
