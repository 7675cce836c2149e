package observe

import (
	"encoding/binary"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"benchrun/internal/bench"
)

// deathWatch notices at once when watched processes end. It is an epoll of pidfds. Go's
// poller waits for the epoll itself, so no thread blocks in it.
type deathWatch struct {
	fd     int
	file   *os.File
	conn   syscall.RawConn
	events [64]unix.EpollEvent
	nudges int // eventfd(2)
}

func newDeathWatch() (*deathWatch, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll: %w", err)
	}
	// os.NewFile hands only non-blocking descriptors to the poller.
	if err := unix.SetNonblock(fd, true); err != nil {
		closeFD(fd)
		return nil, fmt.Errorf("epoll: %w", err)
	}
	d := &deathWatch{fd: fd, file: os.NewFile(uintptr(fd), "epoll")}
	// Without a poller, wait would spin. Find that out here.
	if err := d.file.SetReadDeadline(time.Time{}); err != nil {
		_ = d.file.Close()
		return nil, fmt.Errorf("epoll: %w", err)
	}
	if d.conn, err = d.file.SyscallConn(); err != nil {
		_ = d.file.Close()
		return nil, fmt.Errorf("epoll: %w", err)
	}
	if d.nudges, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err == nil {
		// Edge-triggered: each nudge wakes once, and nobody need read it.
		err = unix.EpollCtl(fd, unix.EPOLL_CTL_ADD, d.nudges, &unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET, Fd: nudged})
	}
	if err != nil {
		d.close()
		return nil, fmt.Errorf("epoll: %w", err)
	}
	return d, nil
}

func (d *deathWatch) close() {
	_ = d.file.Close()
	closeFD(d.nudges)
}

// nudge ends a wait. Any goroutine may call it, before close.
func (d *deathWatch) nudge() {
	one := binary.NativeEndian.AppendUint64(nil, 1)
	_, _ = unix.Write(d.nudges, one) // it fails only after 2^64 nudges
}

// add watches a pidfd; wait passes pid to ended.
func (d *deathWatch) add(pidfd, pid int) error {
	return unix.EpollCtl(d.fd, unix.EPOLL_CTL_ADD, pidfd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(pid)})
}

// remove stops watching a pidfd, which stays readable after the death.
func (d *deathWatch) remove(pidfd int) {
	// It fails only if the pidfd was never added.
	_ = unix.EpollCtl(d.fd, unix.EPOLL_CTL_DEL, pidfd, nil)
}

// wait calls ended for each process that has ended and for each nudge, and returns true
// after the first batch. It returns false if there was none before until.
func (d *deathWatch) wait(until time.Time, ended func(pid int)) bool {
	n := d.ready()
	if n == 0 {
		// On an open epoll, both calls fail only at the deadline. Then the next look is
		// due anyway.
		_ = d.file.SetReadDeadline(until)
		_ = d.conn.Read(func(uintptr) bool {
			n = d.ready()
			return n > 0
		})
	}
	for _, e := range d.events[:n] {
		ended(int(e.Fd))
	}
	return n > 0
}

func (d *deathWatch) ready() int {
	n, err := quickEpollWait(d.fd, d.events[:])
	if err != nil {
		return 0
	}
	return n
}

// exitOf asks a pidfd for the exit status of a process, which need not be a child of this
// one. known is false as long as the process is a zombie, because its parent may still
// reap it. If known is true and status is nil, nobody can learn it: the kernel is older
// than 6.15.
func exitOf(pidfd int) (status *bench.ExitStatus, known bool) {
	// The kernel looks for the exit status first and then for the task. If the task is
	// reaped in between, it finds neither, so try twice.
	for range 2 {
		info := unix.PidfdInfo{Mask: unix.PIDFD_INFO_EXIT}
		switch err := unix.IoctlPidfdInfo(pidfd, &info); {
		case err == nil && info.Mask&unix.PIDFD_INFO_EXIT != 0:
			return decodeExit(int(info.Exit_code)), true
		case err == nil:
			return nil, false
		case err != unix.ESRCH:
			return nil, true
		}
	}
	return nil, true
}

// decodeExit decodes a wait status, see wait(2).
func decodeExit(wait int) *bench.ExitStatus {
	signal := wait & 0x7f
	if signal == 0 {
		return &bench.ExitStatus{Code: wait >> 8 & 0xff}
	}
	name := unix.SignalName(syscall.Signal(signal))
	if name == "" {
		name = fmt.Sprintf("SIG%d", signal) // a realtime signal
	}
	return &bench.ExitStatus{Signal: name}
}
