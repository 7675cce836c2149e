package main

import (
	"io"

	"benchrun/internal/bench"
	"benchrun/internal/console"
	"benchrun/report"
)

// The ways to show on stderr what a run is doing.
const (
	progressAuto = "auto" // a status line on a terminal, otherwise plain lines
	progressJSON = "json" // each event as a line of JSON
)

var progressNames = []string{progressAuto, progressJSON}

// listener returns the listener that writes to stderr what a run is doing.
func (s settings) listener(stderr io.Writer) bench.Listener {
	if s.progress == progressJSON {
		return report.EventLines(console.Data(stderr))
	}
	return newProgress(stderr).Hear
}

// newProgress writes for people. A terminal without escape sequences gets plain lines.
func newProgress(stderr io.Writer) *report.Progress {
	columns, lines := console.Size(stderr)
	return report.NewProgress(stderr, console.KnowsEscapes(stderr), columns, lines)
}
