package reference

import (
	"sync"
	"syscall"
	"time"
	"unsafe"
)

// builtinFaults are the app's faults by the name after /fault/, with the sizes and times
// of docs/contract.md. An error says that a fault could not be done here.
func builtinFaults() map[string]func() error {
	var leak leaked
	return map[string]func() error{
		"wedge":        always(wedge),
		"wedge-spin":   always(spin),
		"wedge-native": always(func() { stuckInNativeCode(syscall.Syscall6) }),
		"wedge-gil":    always(func() { stuckInNativeCode(syscall.RawSyscall6) }),
		"segfault":     always(segfault),
		"cpu":          always(compute),
		"io":           readBigFile,
		"cpu-io":       computeAndRead,
		"slow":         always(func() { time.Sleep(slowSleep) }),
		"legit-slow":   always(func() { time.Sleep(legitSleep) }),
		"leak":         always(leak.more),
		"big-response": always(func() {}), // the answer is the whole fault
	}
}

// always makes a fault that cannot fail.
func always(fault func()) func() error { return func() error { fault(); return nil } }

// wedge locks a new mutex twice: it never ends and uses no CPU.
//
// Go's deadlock detector does not notice it: the worker's other goroutine waits for the
// front in the network poller, which counts as being alive.
func wedge() {
	var mu sync.Mutex
	mu.Lock()
	mu.Lock()
}

// segfault reads address 0 as a C program would, so the process dies of SIGSEGV.
//
// Go turns that signal into a panic, so segfault first restores the default action. It
// also makes the worker undumpable. Then the worker leaves no core and starts no crash
// reporter, which RLIMIT_CORE cannot guarantee if core_pattern is a pipe.
func segfault() {
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, syscall.PR_SET_DUMPABLE, 0, 0)
	defaultAction(syscall.SIGSEGV)
	_ = readByte(nil)
	// Reached only if the read did not trap: send the same signal.
	_ = syscall.Kill(syscall.Getpid(), syscall.SIGSEGV)
}

// readByte is a function of its own so that the compiler cannot see the nil.
//
//go:noinline
func readByte(p *byte) byte { return *p }

// defaultAction restores a signal's default action without the Go runtime
// (rt_sigaction(2)); os/signal would keep the runtime's own handler.
func defaultAction(sig syscall.Signal) {
	// struct kernel_sigaction of linux amd64 and arm64: handler, flags,
	// restorer, mask; all zero is SIG_DFL.
	var action struct {
		handler, flags, restorer uintptr
		mask                     uint64
	}
	_, _, _ = syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(sig),
		uintptr(unsafe.Pointer(&action)), 0, unsafe.Sizeof(action.mask), 0, 0)
}

// addressOf returns an address for the kernel. The caller keeps p alive.
func addressOf(p *uint32) uintptr { return uintptr(unsafe.Pointer(p)) }
