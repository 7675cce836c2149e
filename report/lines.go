package report

import (
	"fmt"
	"io"
)

// Lines writes what belongs beside a result to stderr.
func Lines(stderr io.Writer, lines []string) {
	for _, l := range lines {
		_, _ = fmt.Fprintf(stderr, "  %s\n", Clean(l))
	}
}

// Damaged writes what cannot be read of a stored run to stderr.
func Damaged(stderr io.Writer, damaged []string) {
	for _, d := range damaged {
		_, _ = fmt.Fprintln(stderr, "damaged:", Clean(d))
	}
}
