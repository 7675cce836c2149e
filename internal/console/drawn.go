package console

import (
	"io"
	"strings"

	"benchrun/internal/bench"
)

// sequences are what benchrun itself draws with on a terminal: to the first
// column, up a line, clear to the end of the line and of the screen, and a verdict's
// colour.
var sequences = []string{"\r", "\x1b[A", "\x1b[K", "\x1b[J", "\x1b[0m", "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[35m"}

// Drawn is the writer for what benchrun has drawn for a terminal: its own
// sequences stay, and nothing waits for the end of a line. The texts in it must
// be clean (bench.Clean). Of another writer than a Writer it is w itself.
func Drawn(w io.Writer) io.Writer {
	if c, ok := w.(*Writer); ok {
		return drawn{c}
	}
	return w
}

type drawn struct{ *Writer }

// Write implements io.Writer.
func (d drawn) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.end(""); err != nil {
		return 0, err
	}
	var out strings.Builder
	for line := range strings.Lines(string(p)) {
		text, ended := strings.CutSuffix(line, "\n")
		out.WriteString(bench.HarmlessLine(shown(text, sequences)))
		if ended {
			out.WriteByte('\n')
		}
	}
	if _, err := io.WriteString(d.to, out.String()); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Data is the writer for what programs read, JSON and CSV, and for benchrun's own
// commands to CI: they have their own ways to escape, and not a byte of them is
// changed. Of another writer than a Writer it is w itself.
func Data(w io.Writer) io.Writer {
	if c, ok := w.(*Writer); ok {
		return data{c}
	}
	return w
}

type data struct{ *Writer }

// Write implements io.Writer.
func (d data) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.end(""); err != nil {
		return 0, err
	}
	return d.to.Write(p)
}
