package launch

import (
	"os"
	"syscall"
)

// The hostile server's daemons fork without exec, and no Go code may run in them. So
// they only make raw system calls.

const sigChld = uintptr(syscall.SIGCHLD)

// daemonize makes n daemons by fork, setsid, fork, setsid. They inherit the
// listening socket and the ignored signals.
//
//go:norace
func daemonize(n int) {
	for range n {
		pid, _, errno := syscall.RawSyscall6(syscall.SYS_CLONE, sigChld, 0, 0, 0, 0, 0)
		if errno != 0 {
			panic(errno)
		}
		if pid == 0 {
			daemon()
		}
		var ws syscall.WaitStatus
		if _, err := syscall.Wait4(int(pid), &ws, 0, nil); err != nil {
			panic(os.NewSyscallError("wait4", err))
		}
	}
}

// swarm forks sleeping processes until the kernel refuses, and returns how many.
//
//go:norace
func swarm() int {
	for n := range 1000 {
		pid, _, errno := syscall.RawSyscall6(syscall.SYS_CLONE, sigChld, 0, 0, 0, 0, 0)
		if errno != 0 {
			return n
		}
		if pid == 0 {
			for {
				_, _, _ = syscall.RawSyscall(syscall.SYS_PAUSE, 0, 0, 0)
			}
		}
	}
	return 1000
}

//go:norace
//go:nosplit
func daemon() {
	_, _, _ = syscall.RawSyscall(syscall.SYS_SETSID, 0, 0, 0)
	pid, _, _ := syscall.RawSyscall6(syscall.SYS_CLONE, sigChld, 0, 0, 0, 0, 0)
	if pid != 0 {
		_, _, _ = syscall.RawSyscall(syscall.SYS_EXIT_GROUP, 0, 0, 0)
	}
	_, _, _ = syscall.RawSyscall(syscall.SYS_SETSID, 0, 0, 0)
	for {
		_, _, _ = syscall.RawSyscall(syscall.SYS_PAUSE, 0, 0, 0)
	}
}

// hop never stays one process for long: each process forks its successor, leaves the
// session and ends.
//
//go:norace
//go:nosplit
func hop() {
	for {
		pid, _, errno := syscall.RawSyscall6(syscall.SYS_CLONE, sigChld, 0, 0, 0, 0, 0)
		if errno != 0 || pid != 0 {
			_, _, _ = syscall.RawSyscall(syscall.SYS_EXIT_GROUP, 0, 0, 0)
		}
		_, _, _ = syscall.RawSyscall(syscall.SYS_SETSID, 0, 0, 0)
	}
}
