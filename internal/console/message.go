package console

import (
	"fmt"
	"io"
	"strings"
)

// mostMessageLines is how many lines of an error are printed.
const mostMessageLines = 20

// Tell writes a message under who says it. Lines after its first are indented,
// so that none can pass for a message of its own; too many are cut off.
func Tell(w io.Writer, who, message string) {
	lines := strings.Split(strings.TrimRight(message, "\n"), "\n")
	if more := len(lines) - mostMessageLines; more > 0 {
		lines = append(lines[:mostMessageLines], fmt.Sprintf("… [cut: %d lines more]", more))
	}
	_, _ = fmt.Fprintf(w, "%s: %s\n", who, strings.Join(lines, "\n  ")) // there is nobody else to tell
}

// Report tells stderr what ended a helper process.
func Report(who string, err error) {
	_, stderr := Standard()
	Tell(stderr, who, err.Error())
	_ = stderr.Flush()
}
