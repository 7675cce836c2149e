package reference

import (
	"bytes"
	"io"
	"time"
)

// eventLog writes lines to a stream that may stop being read. A full pipe delays nothing
// but the log, which drops the lines that do not fit.
type eventLog struct {
	lines   chan []byte
	closing chan struct{}
	drained chan struct{}
}

// newEventLog starts a log on out. The caller calls close.
func newEventLog(out io.Writer) *eventLog {
	l := &eventLog{
		lines:   make(chan []byte, 256),
		closing: make(chan struct{}),
		drained: make(chan struct{}),
	}
	go l.run(out)
	return l
}

// Write takes one line. It never blocks and never fails.
func (l *eventLog) Write(p []byte) (int, error) {
	select {
	case l.lines <- bytes.Clone(p):
	default:
	}
	return len(p), nil
}

// close writes the waiting lines, if the stream takes them within a tenth of a second.
func (l *eventLog) close() {
	close(l.closing)
	select {
	case <-l.drained:
	case <-time.After(100 * time.Millisecond):
	}
}

func (l *eventLog) run(out io.Writer) {
	defer close(l.drained)
	for {
		select {
		case line := <-l.lines:
			_, _ = out.Write(line) // nobody reading the log is not an error
		case <-l.closing:
			for len(l.lines) > 0 {
				_, _ = out.Write(<-l.lines)
			}
			return
		}
	}
}
