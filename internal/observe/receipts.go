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
	receiptsAtOnce  = 64 << 10 // bytes read at each look, so that an app that writes faster cannot slow benchrun down
	receiptLineMax  = 4 << 10  // bytes, without the line feed
	receiptsSizeMax = 64 << 20 // bytes: enough for a thousand requests a second during any attempt
	pidMax          = 4 << 20  // the kernel's own limit
)

var (
	receiptNonce = regexp.MustCompile(`^[0-9a-z-]{1,64}$`)
	receiptFault = regexp.MustCompile(`^[a-z][0-9a-z-]{0,63}$`)
)

// TailReceipts follows the receipts file of an app until ctx ends. Then it reads the rest
// and returns. file is open for reading and stays the caller's; its name is the path
// that the app got. tell gets each bench.Receipt in the order of the file, with T
// converted to ns since clock's origin. It also gets a bench.Mark
// (bench.MarkBadReceipt) for every line that is no receipt (docs/contract.md), cut to
// 4 KiB, and one with a sentence in brackets for each thing that somebody did to the
// file itself. TailReceipts calls tell in its own goroutine.
//
// The app, and the server around it, may do anything. A line is bad if it is longer than
// 4 KiB or incomplete at the end, or if its time is before the origin or in the future.
// If the file was truncated, moved, removed, replaced or closed to others, tell gets a
// mark, and TailReceipts reads on. It reads at most 64 MiB. None of this is an error;
// only a file that cannot be read is one.
func TailReceipts(ctx context.Context, file *os.File, clock bench.Clock, tell func(bench.Entry)) error {
	t := &tail{clock: clock, file: file, tell: tell, limit: receiptsSizeMax, chunk: make([]byte, receiptsAtOnce)}
	tick := time.NewTicker(receiptsEvery)
	defer tick.Stop()
	for {
		// Check first: what was written before ctx ended must still be read.
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

// tail is the state of reading a receipts file.
type tail struct {
	clock    bench.Clock
	file     *os.File
	tell     func(bench.Entry)
	limit    int64       // how many bytes of the file to read at most
	mode     fs.FileMode // at the first look; 0 = before it
	touched  bool        // tell knows that somebody changed the file itself
	overlong bool        // tell knows that the file is too long
	offset   int64
	chunk    []byte
	line     []byte // the beginning of a line that has not ended yet
	tooLong  bool   // skip the rest of the line
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
			if errors.Is(err, io.EOF) { // it was truncated just now; the next look reports that
				return nil
			}
			return err
		}
		t.offset += int64(n)
		t.take(t.chunk[:n])
	}
	return nil
}

// watchFile reports once if the path no longer leads to the file that the app got, or if
// some of the server's processes can no longer open it.
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

// take splits the text into lines.
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

// end reports a last line without a line feed.
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

// plausible says whether an app can have written a receipt by now, in ns since origin.
// Only the observer writes thread-gone and process-gone.
func plausible(r bench.Receipt, now int64) bool {
	return receiptNonce.MatchString(r.Nonce) && receiptFault.MatchString(r.Fault) &&
		r.PID > 0 && r.PID <= pidMax && r.TID > 0 && r.TID <= pidMax &&
		(r.Event == bench.ReceiptStart || r.Event == bench.ReceiptEnd) &&
		r.T >= 0 && r.T <= now
}
