package observe

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"time"

	"benchrun/internal/bench"
)

const (
	receiptsEvery   = 20 * time.Millisecond
	receiptsAtOnce  = 64 << 10 // bytes read at a look: an app that writes faster does not slow benchrun down
	receiptLineMax  = 4 << 10  // bytes, the line feed not counted
	receiptsSizeMax = 64 << 20 // bytes: a thousand requests a second for as long as any attempt takes
	pidMax          = 4 << 20  // the kernel's own limit
)

var (
	receiptNonce = regexp.MustCompile(`^[0-9a-z-]{1,64}$`)
	receiptFault = regexp.MustCompile(`^[a-z][0-9a-z-]{0,63}$`)
)

// TailReceipts follows the receipts file of an app until ctx ends; then it reads
// what is left, and returns. file is open for reading and stays the caller's;
// its name is where the app was told to write. tell gets each bench.Receipt in the
// order of the file, T turned into ns since clock's origin; and a bench.Mark
// (bench.MarkBadReceipt) for every line, cut to 4 KiB, that is no receipt as in
// docs/contract.md, and one with a sentence in brackets for each thing that was done
// to the file itself. It is called from the calling goroutine.
//
// The app, and the server around it, may do anything: a line that is not whole
// at the end, or longer than 4 KiB, is bad; so is a time before the origin or in
// the future. A file that was cut, moved, removed, replaced or closed to others is
// told of, and read on. Of one that is longer than 64 MiB the rest is not read.
// None of this is an error: only a file that cannot be read is.
func TailReceipts(ctx context.Context, file *os.File, clock bench.Clock, tell func(bench.Entry)) error {
	t := &tail{clock: clock, file: file, tell: tell, limit: receiptsSizeMax, chunk: make([]byte, receiptsAtOnce)}
	tick := time.NewTicker(receiptsEvery)
	defer tick.Stop()
	for {
		// The order matters: what was written before ctx ended is read after.
		last := ctx.Err() != nil
		most := int64(receiptsAtOnce)
		if last {
			most = t.limit
		}
		if err := t.read(most); err != nil {
			return fmt.Errorf("receipts %s: %w", file.Name(), err)
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
	clock    bench.Clock
	file     *os.File
	tell     func(bench.Entry)
	limit    int64       // bytes of file
	mode     fs.FileMode // when it was first looked at; 0 = never
	touched  bool        // somebody did something to the file itself, and it was told
	overlong bool        // so was its length
	offset   int64
	chunk    []byte
	line     []byte // begun, not yet ended
	tooLong  bool   // the rest of the line is skipped
}

func (t *tail) onBad(line string) {
	t.tell(bench.Mark{T: t.clock.Now(), Name: bench.MarkBadReceipt, Note: line})
}

// read reads at most most bytes of what the file has now.
func (t *tail) read(most int64) error {
	info, err := t.file.Stat()
	if err != nil {
		return err
	}
	t.watchFile(info)
	size := info.Size()
	if size < t.offset {
		t.onBad(fmt.Sprintf("(the file was cut from %d bytes to %d)", t.offset, size))
		t.offset, t.line, t.tooLong = size, nil, false
	}
	if size > t.limit && !t.overlong {
		t.overlong = true
		t.onBad(fmt.Sprintf("(the file has %d bytes: what follows the first %d is not read)", size, t.limit))
	}
	for end := min(size, t.limit, t.offset+most); t.offset < end; {
		n, err := t.file.ReadAt(t.chunk[:min(int64(len(t.chunk)), end-t.offset)], t.offset)
		if n == 0 {
			if errors.Is(err, io.EOF) { // it was cut just now: the next look tells
				return nil
			}
			return err
		}
		t.offset += int64(n)
		t.take(t.chunk[:n])
	}
	return nil
}

// watchFile tells once when the file is no longer the one that the app was told
// to write to, or not all of the server's processes can open it any more.
func (t *tail) watchFile(info fs.FileInfo) {
	if t.mode == 0 {
		t.mode = info.Mode()
	}
	if t.touched {
		return
	}
	at, err := os.Lstat(t.file.Name())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		t.onBad("(the file was moved or removed)")
	case err != nil:
		t.onBad("(the file cannot be reached any more)")
	case !os.SameFile(at, info):
		t.onBad(fmt.Sprintf("(another file was put in its place: %s)", at.Mode()))
	case info.Mode() != t.mode:
		t.onBad(fmt.Sprintf("(its mode was changed from %s to %s)", t.mode, info.Mode()))
	default:
		return
	}
	t.touched = true
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
	t.tell(r)
}

// plausible says whether an app may have written a receipt by now, ns since
// origin. The events that are the observer's to add are not.
func plausible(r bench.Receipt, now int64) bool {
	return receiptNonce.MatchString(r.Nonce) && receiptFault.MatchString(r.Fault) &&
		r.PID > 0 && r.PID <= pidMax && r.TID > 0 && r.TID <= pidMax &&
		(r.Event == bench.ReceiptStart || r.Event == bench.ReceiptEnd) &&
		r.T >= 0 && r.T <= now
}
