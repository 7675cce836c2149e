package results

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"benchrun/internal/bench"
	"benchrun/internal/intake"
)

// MaxLine is how many bytes a line of a record may have.
const MaxLine = 1 << 20

// The kinds of a record's lines, in the member "k".
const (
	kindHead     = "head"
	kindBoot     = "boot"
	kindMark     = "mark"
	kindSample   = "sample"
	kindVital    = "vital"
	kindProc     = "proc"
	kindReceipt  = "receipt"
	kindDoubt    = "doubt"
	kindStop     = "stop"
	kindAgain    = "again"
	kindRepaired = "repaired"
	kindBeside   = "beside"
)

// WriteRecord stores a record as rel (from RecordPath), atomically. It sets Head.Schema to
// bench.RecordSchema. It does not write what ReadRecord would refuse: it then returns a
// plain error (a bug of the caller). It does so too if the file exists, because evidence
// must not be overwritten. In text that is not UTF-8 it stores U+FFFD for the wrong bytes;
// everything else is read back as it was.
func (f *Folder) WriteRecord(rel string, rec *bench.Record) error {
	if !intake.Inside(rel) {
		return fmt.Errorf("record path %q leads out of %s", rel, f.path)
	}
	path := f.Join(rel)
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("record %s already exists", path)
	}
	return f.atomically(rel, func(w io.Writer) error {
		z := gzip.NewWriter(w) // BestCompression takes twice the time for half a percent
		out := bufio.NewWriterSize(z, 64<<10)
		if err := encodeRecord(out, rec); err != nil {
			return err
		}
		if err := out.Flush(); err != nil {
			return err
		}
		return z.Close()
	})
}

// encodeRecord writes the lines: head, boot, marks, then everything that was seen, and
// stop.
func encodeRecord(w io.Writer, rec *bench.Record) error {
	for kind, n := range map[string]int{kindSample: len(rec.Samples), kindMark: len(rec.Marks), kindVital: len(rec.Vitals), kindDoubt: len(rec.Doubts)} {
		if n > maxOf[kind] {
			return fmt.Errorf("more %q entries than the %d a record may have", kind, maxOf[kind])
		}
	}
	head := rec.Head
	head.Schema = bench.RecordSchema
	l := liner{w: w}
	l.check(checkHead(&head))
	l.put(kindHead, head)
	l.put(kindBoot, rec.Boot)
	for i := range rec.Marks {
		l.check(checkMark(&rec.Marks[i]))
		l.put(kindMark, &rec.Marks[i])
	}
	names := namesFor(&head)
	rows(&l, kindSamples, rec.Samples, checkSample, func(s []bench.Sample) any { return columnsOfSamples(names, s) })
	rows(&l, kindVitals, rec.Vitals, nil, func(v []bench.Vital) any { return columnsOfVitals(v) })
	for i := range rec.Procs {
		l.check(checkProc(&rec.Procs[i]))
		l.put(kindProc, &rec.Procs[i])
	}
	rows(&l, kindReceipts, rec.Receipts, checkReceipt, func(r []bench.Receipt) any { return columnsOfReceipts(names, r) })
	for i := range rec.Doubts {
		l.put(kindDoubt, &rec.Doubts[i])
	}
	if rec.Stop != nil {
		l.put(kindStop, rec.Stop)
	}
	if rec.Again != nil {
		l.put(kindAgain, rec.Again)
	}
	if rec.Beside != nil {
		l.put(kindBeside, rec.Beside)
	}
	if rec.Repaired != nil {
		l.put(kindRepaired, rec.Repaired)
	}
	return l.err
}

// liner writes JSON lines with their kind, until the first error.
type liner struct {
	w     io.Writer
	n     int // lines
	rows  int // of all lines; a line without columns is a row too
	bytes int
	err   error
}

func (l *liner) check(err error) {
	if l.err == nil && err != nil {
		l.err = fmt.Errorf("line %d: %w", l.n+1, err)
	}
}

// put writes v, which must encode as an object with at least one member, with its kind as
// the first member.
func (l *liner) put(kind string, v any) {
	line := l.line(kind, v)
	if l.err == nil && len(line) > MaxLine {
		l.err = fmt.Errorf("line %d: %s of %d bytes is over the %d that a record's line may have", l.n+1, kind, len(line), MaxLine)
	}
	l.write(line, 1)
}

// rows writes entries as columns, in as many lines as they need.
func rows[T any](l *liner, kind string, all []T, check func(*T) error, columns func([]T) any) {
	if check != nil {
		l.check(eachRow(all, check))
	}
	for len(all) > 0 && l.err == nil {
		n := min(len(all), maxRows)
		line := l.line(kind, columns(all[:n]))
		for len(line) > MaxLine && n > 1 { // of long texts that differ
			n /= 2
			line = l.line(kind, columns(all[:n]))
		}
		if len(line) > MaxLine {
			l.check(fmt.Errorf("%s of %d bytes is over the %d that a record's line may have", rowKind[kind], len(line), MaxLine))
		}
		l.write(line, n)
		all = all[n:]
	}
}

// line encodes a line.
func (l *liner) line(kind string, v any) []byte {
	if l.err != nil {
		return nil
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		l.err = fmt.Errorf("line %d: %s: %w", l.n+1, kind, err)
		return nil
	}
	return append([]byte(`{"k":"`+kind+`",`), buf.Bytes()[1:]...)
}

func (l *liner) write(line []byte, rows int) {
	if l.err != nil {
		return
	}
	l.n, l.rows, l.bytes = l.n+1, l.rows+rows, l.bytes+len(line)
	if l.rows > maxLines || l.bytes > maxBytes {
		l.err = fmt.Errorf("line %d: more than the %d entries or %d MiB that a record may have", l.n, maxLines, maxBytes>>20)
		return
	}
	_, l.err = l.w.Write(line)
}
