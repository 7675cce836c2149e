package observe

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"syscall"
	"time"

	"benchrun/internal/bench"
)

const (
	receiptsEvery   = 20 * time.Millisecond
	receiptLineMax  = 4 << 10  // bytes, the line feed not counted
	receiptsSizeMax = 64 << 20 // bytes: a thousand requests a second for as long as any attempt takes
	pidMax          = 4 << 20  // the kernel's own limit
)

var (
	receiptNonce = regexp.MustCompile(`^[0-9a-z-]{1,64}$`)
	receiptFault = regexp.MustCompile(`^[a-z][0-9a-z-]{0,63}$`)
)

// TailReceipts follows the receipts file of an app, which need not exist yet,
// until ctx ends; then it reads what is left, and returns. on gets each
// receipt in the order of the file, T turned into ns since clock's origin;
// onBad gets every line, cut to 4 KiB, that is no receipt as in
// docs/contract.md. Both are called from the calling goroutine; either may be
// nil.
//
// The app may write anything: a line that is not whole at the end, or longer
// than 4 KiB, is bad; so is a time before the origin or in the future. It is an
// error when the path is no regular file, or when the file grows beyond
// 64 MiB. A file that never comes into being is none.
func TailReceipts(ctx context.Context, path string, clock bench.Clock, on func(bench.Receipt), onBad func(line string)) error {
	t := &tail{clock: clock, on: on, onBad: onBad, limit: receiptsSizeMax, chunk: make([]byte, 64<<10)}
	if on == nil {
		t.on = func(bench.Receipt) {}
	}
	if onBad == nil {
		t.onBad = func(string) {}
	}
	defer t.close()
	tick := time.NewTicker(receiptsEvery)
	defer tick.Stop()
	for {
		// The order matters: what was written before ctx ended is read after.
		last := ctx.Err() != nil
		if err := t.read(path); err != nil {
			return fmt.Errorf("receipts %s: %w", path, err)
		}
		if last {
			t.end()
			return nil
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// tail is how far a receipts file was read.
type tail struct {
	clock   bench.Clock
	on      func(bench.Receipt)
	onBad   func(string)
	limit   int64 // bytes of file
	file    *os.File
	offset  int64
	chunk   []byte
	line    []byte // begun, not yet ended
	tooLong bool   // the rest of the line is skipped
}

func (t *tail) close() {
	if t.file != nil {
		_ = t.file.Close()
	}
}

// read reads what the file has now, and no more: an app that writes faster than
// this reads does not hold it up.
func (t *tail) read(path string) error {
	if t.file == nil {
		// O_NONBLOCK: the app may have put a pipe there, which would block.
		f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		t.file = f
	}
	info, err := t.file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("it is no regular file but %s", info.Mode())
	}
	size := info.Size()
	if size < t.offset {
		t.onBad(fmt.Sprintf("(the file was cut from %d bytes to %d)", t.offset, size))
		t.offset, t.line, t.tooLong = size, nil, false
	}
	for t.offset < min(size, t.limit) {
		n, err := t.file.ReadAt(t.chunk[:min(int64(len(t.chunk)), size-t.offset, t.limit-t.offset)], t.offset)
		if n == 0 {
			return err // EOF cannot be: unless the file was cut just now
		}
		t.offset += int64(n)
		t.take(t.chunk[:n])
	}
	if size > t.limit {
		return fmt.Errorf("it grew beyond %d bytes", t.limit)
	}
	return nil
}

// take splits into lines.
func (t *tail) take(b []byte) {
	for len(b) > 0 {
		part, rest, ended := bytes.Cut(b, []byte("\n"))
		b = rest
		if room := receiptLineMax - len(t.line); len(part) > room && !t.tooLong {
			t.onBad(string(t.line) + string(part[:room]))
			t.tooLong = true
		}
		if !t.tooLong {
			t.line = append(t.line, part...)
		}
		if ended {
			if !t.tooLong {
				t.judge(t.line)
			}
			t.line, t.tooLong = t.line[:0], false
		}
	}
}

// end tells of a line that was never ended.
func (t *tail) end() {
	if len(t.line) > 0 && !t.tooLong {
		t.onBad(string(t.line))
	}
}

func (t *tail) judge(line []byte) {
	var r bench.Receipt
	if err := json.Unmarshal(line, &r); err != nil {
		t.onBad(string(line))
		return
	}
	r.T = t.clock.FromMonotonic(r.T)
	if !plausible(r, t.clock.Now()) {
		t.onBad(string(line))
		return
	}
	t.on(r)
}

// plausible says whether an app may have written a receipt by now, ns since
// origin. The events that are the observer's to add are not.
func plausible(r bench.Receipt, now int64) bool {
	return receiptNonce.MatchString(r.Nonce) && receiptFault.MatchString(r.Fault) &&
		r.PID > 0 && r.PID <= pidMax && r.TID > 0 && r.TID <= pidMax &&
		(r.Event == bench.ReceiptStart || r.Event == bench.ReceiptEnd) &&
		r.T >= 0 && r.T <= now
}
