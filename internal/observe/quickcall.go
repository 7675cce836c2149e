package observe

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// The system calls that every look makes. They never block, so they bypass the Go
// runtime's bookkeeping: otherwise it would wake its monitor thread for each, which
// costs more than the look.

// quickPread reads at offset 0.
func quickPread(fd int, buf []byte) (int, error) {
	return quick(unix.RawSyscall6(unix.SYS_PREAD64, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(buf))), uintptr(len(buf)), 0, 0, 0))
}

// quickEpollWait returns at once.
func quickEpollWait(fd int, events []unix.EpollEvent) (int, error) {
	return quick(unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(events))), uintptr(len(events)), 0, 0, 0))
}

// quickStat reads the link count and the size of a file in a member's folder. name ends
// with a zero byte.
func quickStat(dir int, name string, s *unix.Statx_t) error {
	_, err := quick(unix.RawSyscall6(unix.SYS_STATX, uintptr(dir), uintptr(unsafe.Pointer(unsafe.StringData(name))), 0,
		unix.STATX_NLINK|unix.STATX_SIZE, uintptr(unsafe.Pointer(s)), 0))
	return err
}

func quickClock(id int32, t *unix.Timespec) error {
	_, err := quick(unix.RawSyscall6(unix.SYS_CLOCK_GETTIME, uintptr(id), uintptr(unsafe.Pointer(t)), 0, 0, 0, 0))
	return err
}

// quickPidfd opens a pidfd, which closes on exec.
func quickPidfd(pid int) (int, error) {
	return quick(unix.RawSyscall6(unix.SYS_PIDFD_OPEN, uintptr(pid), 0, 0, 0, 0, 0))
}

func quick(n, _ uintptr, errno unix.Errno) (int, error) {
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
