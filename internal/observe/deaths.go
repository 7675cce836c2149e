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

// deathWatch tells at once which watched processes ended. It is an epoll over
// pidfds, itself waited for by Go's poller so that no thread blocks in it.
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
	// Without a poller wait would spin: found out here, not there.
	if err := d.file.SetReadDeadline(time.Time{}); err != nil {
		_ = d.file.Close()
		return nil, fmt.Errorf("epoll: %w", err)
	}
	if d.conn, err = d.file.SyscallConn(); err != nil {
		_ = d.file.Close()
		return nil, fmt.Errorf("epoll: %w", err)
	}
	if d.nudges, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err == nil {
		// Edge-triggered: each nudge tells once, and nobody need read it.
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

// nudge ends a wait. It may be called from any goroutine, before close.
func (d *deathWatch) nudge() {
	one := binary.NativeEndian.AppendUint64(nil, 1)
	_, _ = unix.Write(d.nudges, one) // 2^64 of them are not to be feared
}

// add watches a pidfd; pid is what wait hands out.
func (d *deathWatch) add(pidfd, pid int) error {
	return unix.EpollCtl(d.fd, unix.EPOLL_CTL_ADD, pidfd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(pid)})
}

// remove ends the watch of a pidfd, which stays readable for ever after a death.
func (d *deathWatch) remove(pidfd int) {
	// Fails only where the pidfd was never added; then there is nothing to end.
	_ = unix.EpollCtl(d.fd, unix.EPOLL_CTL_DEL, pidfd, nil)
}

// wait calls ended for each process that ended, and for each nudge, and returns
// true after the first batch; it returns false once until has passed without one.
func (d *deathWatch) wait(until time.Time, ended func(pid int)) bool {
	n := d.ready()
	if n == 0 {
		// Neither call fails on an open epoll but by the deadline; the next look
		// is due then in any case.
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

// exitOf asks a pidfd for the exit status of a process that need not be our
// child. known is false as long as the process is a zombie: its parent may
// still come for it. A nil status that is known will never be learned: the
// kernel is older than 6.15.
func exitOf(pidfd int) (status *bench.ExitStatus, known bool) {
	// The kernel looks for the exit status and then for the task. A task that is
	// reaped between the two has neither, once; hence the second try.
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

// decodeExit reads a wait status, see wait(2).
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
