package report

import (
	"io"

	"benchrun/internal/bench"
	"benchrun/internal/console"
)

// The ways to show on stderr what a run is doing.
const (
	ProgressAuto = "auto" // a status line on a terminal, otherwise plain lines
	ProgressJSON = "json" // each event as a line of JSON
)

// ProgressNames lists them.
var ProgressNames = []string{ProgressAuto, ProgressJSON}

// Listen returns the listener that writes to stderr what a run is doing, in one of these
// ways.
func Listen(how string, stderr io.Writer) bench.Listener {
	if how == ProgressJSON {
		return EventLines(console.Data(stderr))
	}
	return ProgressTo(stderr).Hear
}

// ProgressTo makes a Progress that writes to stderr. A terminal without escape sequences
// gets plain lines.
func ProgressTo(stderr io.Writer) *Progress {
	columns, lines := console.Size(stderr)
	return NewProgress(stderr, console.KnowsEscapes(stderr), columns, lines)
}
