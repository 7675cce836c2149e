package reference

import (
	"bytes"
	"errors"
	"net"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

// builtinFaults are the app's faults by the name after /fault/, with the sizes and times
// of docs/contract.md. An error says that a fault could not be done here. sockets is
// the folder with the socket of the app's database; "" = it has none.
func builtinFaults(sockets string) map[string]func() error {
	var leak leaked
	data := newDatabase(sockets)
	return map[string]func() error{
		"wedge":          always(wedge),
		"wedge-spin":     always(spin),
		"wedge-native":   always(func() { stuckInNativeCode(syscall.Syscall6) }),
		"wedge-io":       waitForPeer,
		"wedge-regex":    always(func() { runtime.KeepAlive(backtrack(strings.Repeat("a", 64) + "b")) }),
		"wedge-deaf":     always(func() { signal.Ignore(syscall.SIGTERM); wedge() }),
		"wedge-gil":      always(func() { stuckInNativeCode(syscall.RawSyscall6) }),
		"segfault":       always(segfault),
		"exit-3":         always(func() { os.Exit(3) }),
		"exit-1":         always(func() { os.Exit(1) }),
		"abort":          always(func() { dieOf(syscall.SIGABRT) }),
		"sigkill":        always(func() { dieOf(syscall.SIGKILL) }),
		"stack-overflow": always(overflow),
		"cpu":            always(compute),
		"io":             readBigFile,
		"cpu-io":         computeAndRead,
		"slow":           always(func() { time.Sleep(slowSleep) }),
		"legit-slow":     always(func() { time.Sleep(legitSleep) }),
		"starve":         always(starve),
		"exception":      fail,
		"broken-pipe":    breakPipe,
		"system-exit":    func() error { return errExit },
		"leak":           always(leak.more),
		"leak-fd":        leak.files,
		"leak-thread":    always(leakThreads),
		"leak-child":     leak.child,
		"db-update":      data.update,
		"db-retry":       data.retry,
		"db-keep":        data.keep,
		"oom-kill":       always(func() { endFirst(); runtime.KeepAlive(takeMemory()) }),
		"short-body":     always(func() {}), // the answer is the whole fault
		"long-body":      always(func() {}), // here too
		"big-response":   always(func() {}), // and here
	}
}

// midstreamFaults are those that come after the first block of an answer.
func midstreamFaults() map[string]func() error {
	return map[string]func() error{
		"wedge-midstream":     always(wedge),
		"crash-midstream":     always(segfault),
		"exception-midstream": fail,
	}
}

func fail() error { return errors.New("the app's own error") }

// endFirst asks the kernel to end this process before any other of the server when memory
// runs out. Where that is forbidden, it ends the largest one.
func endFirst() { _ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0) }

// errExit asks the worker to end, as SystemExit does in Python.
var errExit = errors.New("the app wants to exit")

// exitPath is the path of the fault that does.
const exitPath = "/fault/system-exit"

// exitCode is the code that the app asks for.
const exitCode = 3

// breakPipe writes to a pipe that nobody reads.
func breakPipe() error {
	theirs, ours, err := os.Pipe()
	if err != nil {
		return err
	}
	err = theirs.Close()
	_, broken := ours.Write([]byte("request"))
	return errors.Join(err, broken, ours.Close())
}

// takeMemory takes memory until the kernel ends a process of the server, or up to 1 GiB.
func takeMemory() [][]byte {
	var taken [][]byte
	for range mostBlocks {
		taken = append(taken, bytes.Repeat([]byte{1}, leakBytes))
	}
	return taken
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

// waitForPeer waits for a peer that has accepted the connection and never answers.
func waitForPeer() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	client, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	peer, err := listener.Accept()
	if err = errors.Join(err, listener.Close()); err != nil {
		return errors.Join(err, client.Close())
	}
	_, err = client.Read(make([]byte, 1))
	return errors.Join(err, client.Close(), peer.Close()) // closes peer here and not before
}

// backtrack matches text against ^(a+)+$ by trying every way, as a backtracking matcher
// does. Go's own regular expressions do not backtrack.
func backtrack(text string) bool {
	for n := len(text) - len(strings.TrimLeft(text, "a")); n > 0; n-- {
		if rest := text[n:]; rest == "" || backtrack(rest) {
			return true
		}
	}
	return false
}

// segfault reads address 0 as a C program would, so the process dies of SIGSEGV. Go turns
// that signal into a panic, so segfault first restores the default action.
func segfault() {
	leaveNoCore()
	defaultAction(syscall.SIGSEGV)
	_ = readByte(nil)
	dieOf(syscall.SIGSEGV) // reached only if the read did not trap
}

// dieOf ends the process by a signal's default action.
func dieOf(sig syscall.Signal) {
	leaveNoCore()
	defaultAction(sig)
	_ = syscall.Kill(syscall.Getpid(), sig)
}

// leaveNoCore makes the process undumpable, so that it leaves no core and starts no crash
// reporter. RLIMIT_CORE cannot guarantee that if core_pattern is a pipe.
func leaveNoCore() {
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, syscall.PR_SET_DUMPABLE, 0, 0)
}

// overflow recurses until its stack is full. Go's own stacks have no guard page: the
// runtime looks at each call and ends the process with exit code 2.
func overflow() {
	debug.SetMaxStack(stackBytes)
	debug.SetTraceback("none") // the log has room for better things than a hundred frames
	_ = recurse([64]int{})
}

// recurse calls itself without an end. The sum keeps the compiler from making it a loop.
func recurse(frame [64]int) int {
	frame[0]++
	return recurse(frame) + frame[63] //nolint:staticcheck // the recursion is the fault
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
