package place

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"benchrun/internal/intake"
)

// mostLog is how many bytes of a server's output benchrun keeps.
const mostLog = 64 << 20

// serverLog is the file that a server's output goes to. It belongs to the server's
// user, who may write anything to it. But it has no name, so nobody can link to it,
// replace it or keep it. benchrun stores a copy.
type serverLog struct {
	ours   *os.File     // a separate open file: the server cannot move its offset
	theirs *os.File     // the server's stdout and stderr
	pipe   *logPipe     // nil: the server writes to the file itself
	cut    atomic.Int64 // bytes that bound has removed
}

// newServerLog makes an empty log in a folder. The caller calls close.
func newServerLog(dir string) (l *serverLog, err error) {
	path := filepath.Join(dir, "server.log")
	l = &serverLog{}
	if l.ours, err = os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600); err != nil {
		return nil, fmt.Errorf("server's output: %w", err)
	}
	l.theirs, err = os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err = errors.Join(err, os.Remove(path)); err != nil {
		return nil, errors.Join(fmt.Errorf("server's output: %w", err), l.close())
	}
	return l, nil
}

func (l *serverLog) size() (int64, error) {
	info, err := l.ours.Stat()
	if err != nil {
		return 0, fmt.Errorf("server's output: %w", err)
	}
	return info.Size(), nil
}

// bound truncates the log when a server floods it, so that it does not fill the
// disk. The server then appends from the start.
func (l *serverLog) bound() error {
	n, err := l.size()
	if err != nil || n <= mostLog {
		return err
	}
	if err := l.ours.Truncate(0); err != nil {
		return err
	}
	l.cut.Add(n)
	return nil
}

// written is how many bytes the server has written in all.
func (l *serverLog) written() int64 {
	n, err := l.size()
	if err != nil { // the file is open: it has a size
		return 0
	}
	return l.cut.Load() + n
}

// end returns at most the last most bytes of the output.
func (l *serverLog) end(most int64) (*io.SectionReader, error) {
	n, err := l.size()
	if err != nil {
		return nil, err
	}
	return io.NewSectionReader(l.ours, max(0, n-most), most), nil
}

// tail returns the last intake.MostTail bytes of the output as valid UTF-8; "" if
// the server wrote nothing.
func (l *serverLog) tail() string {
	end, err := l.end(intake.MostTail)
	if err != nil {
		return ""
	}
	return intake.Text(end)
}

// keep appends the last mostLog bytes of the output to a file that benchrun owns.
func (l *serverLog) keep(path string) error {
	end, err := l.end(mostLog)
	if err != nil {
		return err
	}
	to, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY|unix.O_NOFOLLOW, 0o644)
	if err != nil {
		return fmt.Errorf("server's output: %w", err)
	}
	if _, err = io.Copy(to, end); err != nil {
		err = fmt.Errorf("server's output: %w", err)
	}
	return errors.Join(err, to.Close())
}

func (l *serverLog) close() error {
	var err error
	for _, f := range []*os.File{l.ours, l.theirs} {
		if f != nil {
			err = errors.Join(err, f.Close())
		}
	}
	return err
}
