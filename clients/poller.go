package clients

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// poller waits for events on sockets, and for a point in time. It is an epoll(7) instance
// that Go's poller watches: to Go, all its sockets are one descriptor, and the waiting
// goroutine needs no thread. It uses a timerfd, because Go's poller counts in
// milliseconds and wakes up before the last of them.
type poller struct {
	file   *os.File // the epoll instance, for Go's poller
	conn   syscall.RawConn
	poll   int // the same, as a descriptor
	timer  int
	look   func(uintptr) bool // a method value, made once
	found  int
	failed unix.Errno
	events [64]unix.EpollEvent
}

func newPoller() (p *poller, err error) {
	p = &poller{}
	if p.poll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	if p.timer, err = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC); err != nil {
		closeSocket(p.poll)
		return nil, os.NewSyscallError("timerfd_create", err)
	}
	p.look = func(uintptr) bool { return p.lookOnce() }
	err = p.add(p.timer, unix.EPOLLIN)
	if err == nil {
		err = unix.SetNonblock(p.poll, true) // so that NewFile lets Go wait for it
	}
	if err == nil {
		p.file = os.NewFile(uintptr(p.poll), "poller") //nolint:gosec // a descriptor
		p.conn, err = p.file.SyscallConn()
	}
	if err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// add starts waiting for events on a descriptor: EPOLLIN, EPOLLOUT or both.
func (p *poller) add(fd int, events uint32) error {
	return p.control(unix.EPOLL_CTL_ADD, fd, events)
}

// change sets which events to wait for on a descriptor.
func (p *poller) change(fd int, events uint32) error {
	return p.control(unix.EPOLL_CTL_MOD, fd, events)
}

// remove stops waiting for a descriptor. Closing its last copy does so too.
func (p *poller) remove(fd int) error { return p.control(unix.EPOLL_CTL_DEL, fd, 0) }

func (p *poller) control(op, fd int, events uint32) error {
	err := unix.EpollCtl(p.poll, op, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)}) //nolint:gosec // descriptors are small
	return os.NewSyscallError("epoll_ctl", err)
}

// wakeIn makes wait return after d, or at once if d is not positive. It replaces the
// time that was set before. Any goroutine may call it, but not during close. After close,
// it does nothing.
func (p *poller) wakeIn(d time.Duration) {
	at := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(max(1, d)))}
	_ = unix.TimerfdSettime(p.timer, 0, &at, nil) // a positive time: it fails only after close
}

// wait waits for events or for the time to come, and returns the descriptors with their
// events. Only one goroutine may wait at a time. The result is valid until the next wait.
func (p *poller) wait() ([]unix.EpollEvent, error) {
	if err := p.conn.Read(p.look); err != nil {
		return nil, fmt.Errorf("waiting for connections: %w", err)
	}
	if p.failed != 0 {
		return nil, os.NewSyscallError("epoll_pwait", p.failed)
	}
	return p.events[:p.found], nil
}

// lookOnce checks for events without waiting.
func (p *poller) lookOnce() bool {
	for {
		n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.poll), uintptr(unsafe.Pointer(&p.events[0])), uintptr(len(p.events)), 0, 0, 0)
		if errors.Is(errno, unix.EINTR) {
			continue
		}
		p.found, p.failed = int(n), errno
		return errno != 0 || n > 0
	}
}

// close closes the descriptors and forgets their numbers: the next file that is opened
// gets them.
func (p *poller) close() {
	if p.file != nil {
		_ = p.file.Close()
	} else {
		closeSocket(p.poll)
	}
	closeSocket(p.timer)
	p.poll, p.timer = -1, -1
}
