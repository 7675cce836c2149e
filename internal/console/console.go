// Package console is the one way to people's terminals and to CI's logs: stdout
// and stderr of every benchrun process. Whatever is written there may have in it
// what a server, a file or a command line says; it is shown, never obeyed.
//
// It imports internal/bench.
package console

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"unicode/utf8"

	"benchrun/internal/bench"
)

// MostLineBytes is how long a line on stderr gets; what is over is cut off, and
// the line says so.
const MostLineBytes = 2 << 10

// Standard gives the process's stdout and stderr. Both want a Flush at the end.
func Standard() (stdout, stderr *Writer) {
	return New(os.Stdout, 0), New(os.Stderr, MostLineBytes)
}

// Writer writes text line by line. Control, invisible and direction-changing
// characters and bytes that are not UTF-8 are written as visible escapes such as
// \x1b and \u202e; a line that CI would take for a command no longer is one. A
// line that was begun waits for its end, or for Flush.
//
// Its methods may be called from several goroutines.
type Writer struct {
	mu   sync.Mutex
	to   io.Writer
	most int    // bytes of a line; 0 = no limit
	line []byte // begun
	over int    // bytes of it that found no room
}

// New makes a Writer to w whose lines have most bytes at most; 0 = any number.
func New(w io.Writer, most int) *Writer { return &Writer{to: w, most: most} }

// Behind is what w writes to: a Writer's destination, else w itself. It is for
// asking what that is, and for writing never.
func Behind(w io.Writer) io.Writer {
	if c, ok := w.(*Writer); ok {
		return c.to
	}
	return w
}

// Write implements io.Writer.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for rest := p; len(rest) > 0; {
		at := bytes.IndexByte(rest, '\n')
		if at < 0 {
			w.begin(rest)
			break
		}
		w.begin(rest[:at])
		rest = rest[at+1:]
		if err := w.end("\n"); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// Flush writes the line that was begun.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.end("")
}

// begin keeps a piece of a line, as far as there is room for it.
func (w *Writer) begin(piece []byte) {
	if room := w.most - len(w.line); w.most > 0 && len(piece) > room {
		w.over += len(piece) - room
		piece = piece[:room]
	}
	w.line = append(w.line, piece...)
}

// end writes the line that was begun.
func (w *Writer) end(with string) error {
	if len(w.line) == 0 && with == "" {
		return nil
	}
	text, over := string(w.line), w.over
	w.line, w.over = w.line[:0], 0
	if over > 0 {
		whole := wholeRunes(text)
		text, over = whole, over+len(text)-len(whole)
	}
	text = shown(text, nil)
	if w.most > 0 && len(text) > w.most { // the escapes have made it longer
		whole := wholeRunes(text[:w.most])
		text, over = whole, over+len(text)-len(whole)
	}
	if over > 0 {
		text += fmt.Sprintf(" … [cut: %d bytes more]", over)
	}
	_, err := io.WriteString(w.to, bench.HarmlessLine(text)+with)
	return err
}

// wholeRunes leaves out a character at the end that was cut in two.
func wholeRunes(s string) string {
	for i := len(s) - 1; i >= 0 && i >= len(s)-utf8.UTFMax; i-- {
		if utf8.RuneStart(s[i]) {
			if !utf8.FullRuneInString(s[i:]) {
				return s[:i]
			}
			break
		}
	}
	return s
}

// shown makes a line visible, but for the sequences that are kept.
func shown(line string, kept []string) string {
	var b strings.Builder
	for line != "" {
		piece, size := bench.Visible(line)
		if line[0] == '\t' {
			piece = "\t"
		}
		for _, k := range kept {
			if strings.HasPrefix(line, k) {
				piece, size = k, len(k)
			}
		}
		b.WriteString(piece)
		line = line[size:]
	}
	return b.String()
}
