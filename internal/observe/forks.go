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
	procNone      = 0 // PROC_EVENT_NONE: the answer to PROC_CN_MCAST_LISTEN
	procFork      = 1 // PROC_EVENT_FORK

	// Where things are in a message: struct nlmsghdr (16 bytes), struct cn_msg
	// (20 bytes), then struct proc_event.
	atWhat      = 36
	atError     = 52 // of procNone
	atParent    = 56 // process
	atChildTask = 60
	atChild     = 64 // process
)

// forksPerLook bounds how many forks are heard of between two looks, of which
// there are soon two when there was any: 1,000 a second. What is more waits in
// the socket, whose buffer holds some 250, or is lost: the looks find who lives
// long enough.
const forksPerLook = 40

// parentsMax keeps the filter within the 4096 words that the kernel allows.
const parentsMax = 1000

// forkWatch tells at once which processes were forked, by the kernel's proc
// connector. It is to be had as root, outside of containers, since Linux 6.6 by
// others too; where it is not, no message ever comes. A message is only a hint
// where to look: who belongs to the tree is decided as ever.
type forkWatch struct {
	fd     int
	budget int
	armed  bool // in the epoll
	hears  bool // the kernel said that it tells us
	buf    []byte
}

// newForkWatch hears of the forks by these processes. It is nil where the kernel
// has no such socket for us.
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

// hearOf has the kernel tell of the forks by these processes only, and not of
// threads, which a server may start for every request: whatever else is done on
// this machine then costs nothing here. Too many parents are as good as all.
func (f *forkWatch) hearOf(parents []int) error {
	pass := unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: 1 << 16} // whole
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

// loadWord is a word of a socket filter, as equal is.
func loadWord(at uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: at}
}

// equal skips the next word if what was loaded is k.
func equal(k uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: 1, K: k}
}

// word is a number as a filter loads it, which is big-endian, from where the
// kernel wrote it as the machine does.
func word(n int) uint32 {
	return binary.BigEndian.Uint32(binary.NativeEndian.AppendUint32(nil, uint32(n)))
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
		case n >= atError+4 && binary.NativeEndian.Uint32(f.buf[atWhat:]) == procNone:
			f.hears = f.hears || binary.NativeEndian.Uint32(f.buf[atError:]) == 0
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

// unsettled says that only a look can tell what comes next: forks are not told
// of, or some just were, and the children's own are not heard of yet.
func (t *tree) unsettled() bool {
	return t.forks == nil || !t.forks.hears || t.forks.budget < forksPerLook
}

// tendForks asks for the forks by those who were born since it did so before.
func (t *tree) tendForks() {
	if t.forks == nil || !t.grown {
		return
	}
	t.grown = false
	parents := []int{t.shim}
	for pid := range t.members {
		parents = append(parents, pid)
	}
	// Without it the old filter stays, and the looks do the rest.
	_ = t.forks.hearOf(parents)
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
