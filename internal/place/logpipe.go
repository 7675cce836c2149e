package place

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"benchrun/internal/bench"
)

// logPipeBytes is what the pipe holds. benchrun may have as much in its hands besides.
const logPipeBytes = bench.LogPipeBytes

// drainTime is how long benchrun waits for the end of the pipe once nothing of the server
// is left: a server can pass its end of the pipe to a foreign process.
const drainTime = time.Second

// logPipe lies between a server and its log. benchrun writes to the log what comes out of
// it.
type logPipe struct {
	read    *os.File
	gate    sync.Mutex   // held while nobody reads
	hands   atomic.Int64 // bytes that were read and are not yet in the log
	mu      sync.Mutex
	release func()        // opens the gate; nil = nobody has closed it
	copied  chan struct{} // closed when the pipe has ended
	err     error         // why the log is not whole; to be read when copied is closed
}

// throughPipe has the server write into a pipe, and not to the file of the log.
func (l *serverLog) throughPipe() error {
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
		return fmt.Errorf("pipe for the server's output: %w", err)
	}
	// Only the reading end does not block, so that a deadline can end it. The server has the
	// writing end, and must block on it.
	err := unix.SetNonblock(ends[0], true)
	p := &logPipe{read: os.NewFile(uintptr(ends[0]), "log pipe"), copied: make(chan struct{})}
	file := l.theirs
	l.theirs, l.pipe = os.NewFile(uintptr(ends[1]), "log pipe"), p
	if err == nil {
		_, err = unix.FcntlInt(uintptr(ends[1]), unix.F_SETPIPE_SZ, logPipeBytes)
	}
	go p.fill(file)
	if err != nil {
		return fmt.Errorf("pipe for the server's output: %w", err)
	}
	return nil
}

// fill writes what comes out of the pipe to the file until the pipe ends.
func (p *logPipe) fill(file *os.File) {
	defer close(p.copied)
	var failed error
	for buf := make([]byte, logPipeBytes); ; {
		n, err := p.read.Read(buf)
		p.hands.Store(int64(max(0, n)))
		p.gate.Lock()
		if n > 0 && failed == nil { // a log that cannot be written must not stop the server
			_, failed = file.Write(buf[:n])
		}
		p.hands.Store(0)
		p.gate.Unlock()
		if err != nil {
			p.err = errors.Join(failed, file.Close(), p.read.Close())
			return
		}
	}
}

// block leaves unread what the server writes, until release is called. Nothing of it is
// lost.
func (l *serverLog) block() (release func(), err error) {
	if l.pipe == nil {
		return nil, errors.New("the server's output does not go through a pipe")
	}
	l.pipe.mu.Lock()
	defer l.pipe.mu.Unlock()
	if l.pipe.release != nil {
		return nil, errors.New("the server's output is blocked already")
	}
	l.pipe.gate.Lock()
	l.pipe.release = sync.OnceFunc(func() {
		l.pipe.mu.Lock()
		l.pipe.release = nil
		l.pipe.mu.Unlock()
		l.pipe.gate.Unlock()
	})
	return l.pipe.release, nil
}

// unread is how many bytes the server has written that are not in the log yet.
func (p *logPipe) unread() (n int64, err error) {
	raw, err := p.read.SyscallConn()
	if err != nil {
		return 0, err
	}
	waiting := 0
	if cerr := raw.Control(func(fd uintptr) { waiting, err = unix.IoctlGetInt(int(fd), unix.TIOCINQ) }); cerr != nil {
		return 0, cerr
	}
	return int64(waiting) + p.hands.Load(), err
}

// drain reads what is left in the pipe, after the server's end. Without a pipe it does
// nothing.
func (l *serverLog) drain() error {
	if l.pipe == nil {
		return nil
	}
	l.pipe.mu.Lock()
	release := l.pipe.release
	l.pipe.mu.Unlock()
	if release != nil {
		release()
	}
	err := l.theirs.Close()
	_ = l.pipe.read.SetReadDeadline(time.Now().Add(drainTime)) // it may have ended and be closed already
	<-l.pipe.copied
	l.theirs = nil
	if err = errors.Join(err, l.pipe.err); err != nil {
		return fmt.Errorf("server's output: %w", err)
	}
	return nil
}
