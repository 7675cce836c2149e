package results

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"benchrun/internal/bench"
	"benchrun/internal/intake"
)

// The largest record that is accepted, so that it cannot fill its reader's memory. A minute
// of faults gives 1 MB and 7,000 lines. The longest phases, with a server that forks all the
// time, stay far below these limits.
const (
	maxBytes = 256 << 20 // after decompression
	maxLines = 4_000_000 // and rows of lines that have columns
)

// maxOf limits the kinds of entries whose number benchrun itself determines.
var maxOf = map[string]int{kindSample: 500_000, kindMark: 10_000, kindVital: 100_000, kindDoubt: 100_000}

// ReadRecord reads a record of the folder; rel is as in Attempt.Record. It is strict,
// because a verdict depends on it. An unknown kind, field or word, a second head, a line
// over MaxLine, a broken or truncated gzip stream, or a path that leads out of the folder
// is a bench.UsageError that names file and line. Then it returns no record.
func (f *Folder) ReadRecord(ctx context.Context, rel string) (*bench.Record, error) {
	if !intake.Inside(rel) {
		return nil, bench.Usagef("%s: record %q is not a path inside the run's folder", f.Join(RunFile), rel)
	}
	file, err := intake.OpenIn(ctx, f.path, rel, intake.Record)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // only read
	rec, err := decodeRecord(file)
	var env *bench.EnvironmentError
	var usage *bench.UsageError
	switch {
	case err == nil:
		return rec, nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case errors.As(err, &env):
		return nil, env
	case errors.As(err, &usage):
		return nil, usage
	}
	return nil, &bench.UsageError{Problem: fmt.Sprintf("%s: %v", f.Join(rel), err), Hint: "the record is damaged, or was not written by this benchrun"}
}

// decodeRecord reads the lines of a gzip stream. Its errors name the line.
func decodeRecord(r io.Reader) (*bench.Record, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("not a gzip file: %w", err)
	}
	text := &io.LimitedReader{R: z, N: maxBytes + 1}
	lines := bufio.NewScanner(text)
	lines.Buffer(make([]byte, 0, 64<<10), MaxLine+1) // with room for the line feed
	d := decoder{rec: &bench.Record{}, words: map[string]string{}, count: map[string]int{}}
	n := 0
	for lines.Scan() {
		n++
		if d.rows++; d.rows > maxLines {
			return nil, fmt.Errorf("line %d: more lines and rows than the %d a record may have", n, maxLines)
		}
		if text.N == 0 {
			return nil, fmt.Errorf("line %d: more than the %d MiB a record may have", n, maxBytes>>20)
		}
		if err := d.line(lines.Bytes()); err != nil {
			return nil, fmt.Errorf("line %d: %s", n, strings.TrimPrefix(err.Error(), "json: "))
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("line %d: %w", n+1, explain(err))
	}
	if !d.boot {
		return nil, fmt.Errorf("line %d: the record ends without a %q line", n+1, kindBoot)
	}
	return d.rec, nil
}

// explain puts the end of a stream into words.
func explain(err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the file breaks off here")
	case errors.Is(err, bufio.ErrTooLong):
		return fmt.Errorf("over the %d bytes that a line may have", MaxLine)
	}
	return err
}

// decoder builds a record line by line.
type decoder struct {
	rec        *bench.Record
	head, boot bool
	words      map[string]string // texts that lines share
	count      map[string]int    // of entries, by the kinds in maxOf
	rows       int               // so far; a line without columns is one too
}

func (d *decoder) line(line []byte) error {
	kind, err := kindOf(line)
	if err != nil {
		return err
	}
	if d.head == (kind == kindHead) {
		if d.head {
			return fmt.Errorf("a second %q", kindHead)
		}
		return fmt.Errorf("the first line is %q, not %q", kind, kindHead)
	}
	switch kind {
	case kindHead:
		d.head = true
		return d.decodeHead(line)
	case kindBoot:
		if d.boot {
			return fmt.Errorf("a second %q", kindBoot)
		}
		d.boot = true
		return strict(line, &struct {
			K string `json:"k"`
			*bench.Boot
		}{Boot: &d.rec.Boot})
	case kindStop:
		if d.rec.Stop != nil {
			return fmt.Errorf("a second %q", kindStop)
		}
		d.rec.Stop = &bench.Stop{}
		return strict(line, &struct {
			K string `json:"k"`
			*bench.Stop
		}{Stop: d.rec.Stop})
	case kindAgain:
		if d.rec.Again != nil {
			return fmt.Errorf("a second %q", kindAgain)
		}
		d.rec.Again = &bench.Again{}
		return strict(line, &struct {
			K string `json:"k"`
			*bench.Again
		}{Again: d.rec.Again})
	case kindBeside:
		if d.rec.Beside != nil {
			return fmt.Errorf("a second %q", kindBeside)
		}
		d.rec.Beside = &bench.Beside{}
		return strict(line, &struct {
			K string `json:"k"`
			*bench.Beside
		}{Beside: d.rec.Beside})
	case kindRepaired:
		if d.rec.Repaired != nil {
			return fmt.Errorf("a second %q", kindRepaired)
		}
		d.rec.Repaired = &bench.Repaired{}
		return strict(line, &struct {
			K string `json:"k"`
			*bench.Repaired
		}{Repaired: d.rec.Repaired})
	}
	inColumns := d.rec.Head.Schema == bench.RecordSchema
	if inColumns && rowKind[kind] != "" {
		return d.columns(kind, line)
	}
	if err := d.add(kind, 1); err != nil {
		return err
	}
	switch kind {
	case kindSample, kindVital, kindReceipt:
		if inColumns {
			return fmt.Errorf("unknown kind %q", kind)
		}
	}
	if d.flat(kind, line) {
		return nil
	}
	return d.decodeSeen(kind, line)
}

// add counts entries of a kind.
func (d *decoder) add(kind string, n int) error {
	if most, ok := maxOf[kind]; ok {
		if d.count[kind] += n; d.count[kind] > most {
			return fmt.Errorf("more %q entries than the %d a record may have", kind, most)
		}
	}
	return nil
}

// columns decodes a line that has many rows.
func (d *decoder) columns(kind string, line []byte) error {
	switch rec, names := d.rec, namesFor(&d.rec.Head); kind {
	case kindSamples:
		var c struct {
			K string `json:"k"`
			sampleColumns
		}
		return first(d.begin(kind, line, &c, &c.Rows), func() error {
			return c.fill(names, grown(&rec.Samples, c.Rows))
		})
	case kindVitals:
		var c struct {
			K string `json:"k"`
			vitalColumns
		}
		return first(d.begin(kind, line, &c, &c.Rows), func() error {
			return c.fill(grown(&rec.Vitals, c.Rows))
		})
	default:
		var c struct {
			K string `json:"k"`
			receiptColumns
		}
		return first(d.begin(kind, line, &c, &c.Rows), func() error {
			return c.fill(names, grown(&rec.Receipts, c.Rows))
		})
	}
}

// begin decodes columns, and checks how many rows they have before there is room for these.
func (d *decoder) begin(kind string, line []byte, columns any, rows *int) error {
	if err := strict(line, columns); err != nil {
		return err
	}
	if *rows < 1 || *rows > maxRows {
		return fmt.Errorf("%d rows, not 1 to %d", *rows, maxRows)
	}
	if d.rows += *rows - 1; d.rows > maxLines {
		return fmt.Errorf("more lines and rows than the %d a record may have", maxLines)
	}
	return d.add(rowKind[kind], *rows)
}

// grown adds n entries to a list, and returns these.
func grown[T any](list *[]T, n int) []T {
	*list = append(*list, make([]T, n)...)
	return (*list)[len(*list)-n:]
}

// kindOf returns a line's kind. benchrun writes it first, so kindOf can read it there
// instead of parsing the line twice, which would double the time to read a record.
func kindOf(line []byte) (string, error) {
	if rest, ok := bytes.CutPrefix(line, []byte(`{"k":"`)); ok {
		if word, _, ok := bytes.Cut(rest, []byte{'"'}); ok && !bytes.ContainsRune(word, '\\') {
			return string(word), nil
		}
	}
	var tag struct {
		K string `json:"k"`
	}
	err := json.Unmarshal(line, &tag)
	return tag.K, err
}

func (d *decoder) decodeHead(line []byte) error {
	var peek struct{ Schema string }
	if err := json.Unmarshal(line, &peek); err != nil {
		return err
	}
	head := &d.rec.Head
	switch peek.Schema {
	case bench.RecordSchema, schemaV2:
		err := strict(line, &struct {
			K string `json:"k"`
			*bench.Head
		}{Head: head})
		return first(err, func() error { return checkHead(head) })
	case schemaV1:
		var was headV1
		err := strict(line, &struct {
			K      string `json:"k"`
			Traits absent `json:"traits"`
			Every  absent `json:"every_ns"`
			Parts  absent `json:"parts"`
			*bench.Head
			*headV1
		}{Head: head, headV1: &was})
		return first(err, func() (err error) {
			head.Traits, err = was.traits(head.Family)
			return err
		})
	}
	return fmt.Errorf("schema %q is none of %q, %q and %q", peek.Schema, bench.RecordSchema, schemaV2, schemaV1)
}

// schemaV2 is the format before columns: each sample, vital sign and receipt was a line.
const schemaV2 = "benchrun.record/v2"

// absent is the type of a member that a head of this version must not have.
type absent struct{}

// UnmarshalJSON implements json.Unmarshaler.
func (absent) UnmarshalJSON([]byte) error { return errors.New("a member of a later version") }

// decodeSeen decodes the frequent kinds of lines.
func (d *decoder) decodeSeen(kind string, line []byte) (err error) {
	type k struct {
		K string `json:"k"`
	}
	switch rec := d.rec; kind {
	case kindMark:
		var v struct {
			k
			bench.Mark
		}
		err = first(strict(line, &v), func() error { return checkMark(&v.Mark) })
		rec.Marks = append(rec.Marks, v.Mark)
	case kindSample:
		var v struct {
			k
			bench.Sample
		}
		err = first(strict(line, &v), func() error { return checkSample(&v.Sample) })
		rec.Samples = append(rec.Samples, v.Sample)
	case kindVital:
		var v struct {
			k
			bench.Vital
		}
		err = strict(line, &v)
		rec.Vitals = append(rec.Vitals, v.Vital)
	case kindProc:
		var v struct {
			k
			bench.ProcEvent
		}
		err = first(strict(line, &v), func() error { return checkProc(&v.ProcEvent) })
		rec.Procs = append(rec.Procs, v.ProcEvent)
	case kindReceipt:
		var v struct {
			k
			bench.Receipt
		}
		err = first(strict(line, &v), func() error { return checkReceipt(&v.Receipt) })
		rec.Receipts = append(rec.Receipts, v.Receipt)
	case kindDoubt:
		var v struct {
			k
			bench.Doubt
		}
		err = strict(line, &v)
		rec.Doubts = append(rec.Doubts, v.Doubt)
	default:
		return fmt.Errorf("unknown kind %q", kind)
	}
	return err
}

// strict decodes exactly one JSON object, and refuses unknown fields.
func strict(line []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return err
	}
	if rest := bytes.TrimSpace(line[dec.InputOffset():]); len(rest) > 0 {
		return fmt.Errorf("invalid character %q after top-level value", rest[0])
	}
	return nil
}

// first returns err, or the result of next if err is nil.
func first(err error, next func() error) error {
	if err != nil {
		return err
	}
	return next()
}
