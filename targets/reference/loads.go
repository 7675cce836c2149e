package reference

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
	"unsafe"
)

// The sizes and times of faults, as in docs/contract.md.
const (
	stackBytes       = 8 << 20
	cpuTurns         = 10_000_000
	fileBytes        = 16 << 20
	fileReads        = 256
	fileBlock        = 64 << 10
	smallBlock       = 4 << 10
	slowSleep        = time.Second
	legitSleep       = 1500 * time.Millisecond
	starveTime       = 1500 * time.Millisecond
	leakBytes        = 8 << 20
	mostBlocks       = 128 // of leakBytes, that oom-kill takes at most
	leakFiles        = 16
	leakedThreads    = 4
	bigResponseBytes = 100_000
	downloadBlock    = 64 << 10
	downloadBlocks   = 256
)

func compute() { runtime.KeepAlive(turns(cpuTurns)) }

// turns runs n turns of a loop. Each costs about as much as one turn of an interpreter's
// loop, 35 ns.
//
//go:noinline
func turns(n int) uint64 {
	x := uint64(1)
	for i := range n {
		for range 8 { // divisions, each of which needs the result of the one before
			x = 1<<62/(x|1) + uint64(i)
		}
	}
	return x
}

// readBigFile reads a sparse file again and again.
func readBigFile() error {
	return withSparseFile(fileBytes, func(f *os.File) error {
		block := make([]byte, fileBlock)
		for range fileReads {
			if err := readThrough(f, block); err != nil {
				return err
			}
		}
		return nil
	})
}

// computeAndRead computes in one goroutine and makes small reads in another.
func computeAndRead() error {
	return withSparseFile(smallBlock, func(f *os.File) error {
		done := make(chan struct{})
		go func() { defer close(done); compute() }()
		block := make([]byte, smallBlock)
		for {
			select {
			case <-done:
				return nil
			default:
			}
			if err := readThrough(f, block); err != nil {
				return err
			}
			runtime.Gosched() // as an interpreter gives up its lock at each read
		}
	})
}

// readThrough reads f from its start to its end.
func readThrough(f *os.File, block []byte) error {
	for at := int64(0); ; at += int64(len(block)) {
		if _, err := f.ReadAt(block, at); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// withSparseFile makes a file of zeros that takes no disk space, and removes it after use.
func withSparseFile(size int64, use func(*os.File) error) error {
	f, err := os.CreateTemp("", "benchrun-io-")
	if err != nil {
		return fmt.Errorf("a file to read: %w", err)
	}
	err = errors.Join(os.Remove(f.Name()), f.Truncate(size))
	if err == nil {
		err = use(f)
	}
	return errors.Join(err, f.Close())
}

// leaked is what the faults of this process have leaked. It keeps a descriptor's *os.File:
// if the garbage collector finds one that nobody has, it closes it.
type leaked struct {
	blocks   [][]byte
	open     []io.Closer
	children []*exec.Cmd
}

func (l *leaked) more() {
	block := make([]byte, leakBytes)
	for i := 0; i < len(block); i += os.Getpagesize() {
		block[i] = 1
	}
	l.blocks = append(l.blocks, block)
}

// files opens files and forgets them.
func (l *leaked) files() error {
	for range leakFiles {
		f, err := os.Open(os.DevNull)
		if err != nil {
			return err
		}
		l.open = append(l.open, f)
	}
	return nil
}

// leakThreads starts threads that wait until the process ends.
func leakThreads() {
	for range leakedThreads {
		started := make(chan struct{})
		go func() {
			runtime.LockOSThread()
			close(started)
			select {}
		}()
		<-started
	}
}

// child starts a helper that ends when this process, at the other end of its pipe, is gone.
func (l *leaked) child() error {
	cmd := exec.Command("cat")
	input, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return errors.Join(err, input.Close())
	}
	l.open, l.children = append(l.open, input), append(l.children, cmd)
	return nil
}

// spin loops endlessly.
func spin() {
	for {
		runtime.KeepAlive(turns(1000))
	}
}

// stuckInNativeCode waits on a futex that nobody wakes, like a C library that locks a
// mutex twice; after a signal it waits again. With syscall.Syscall6 as call, the Go
// runtime knows that the thread waits. With syscall.RawSyscall6 it does not, and the
// thread keeps the process's only processor: that is what a C call does while it holds an
// interpreter's lock.
func stuckInNativeCode(call func(trap, a1, a2, a3, a4, a5, a6 uintptr) (uintptr, uintptr, syscall.Errno)) {
	// Such a process cannot notice that its front is gone.
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, syscall.PR_SET_PDEATHSIG, uintptr(syscall.SIGKILL), 0)
	const futexWait = 0
	word := new(uint32)
	for {
		_, _, _ = call(syscall.SYS_FUTEX, addressOf(word), futexWait, uintptr(*word), 0, 0, 0)
	}
}

// starve waits in a system call that the Go runtime does not know of (see
// stuckInNativeCode), for starveTime. The runtime's signals end the call early: then it
// waits on.
func starve() {
	for until := time.Now().Add(starveTime); time.Now().Before(until); {
		left := syscall.NsecToTimespec(int64(time.Until(until)))
		_, _, _ = syscall.RawSyscall6(syscall.SYS_PPOLL, 0, 0, uintptr(unsafe.Pointer(&left)), 0, 0, 0)
	}
}
