package html

import (
	"strings"

	"benchrun/internal/bench"
	"benchrun/report"
)

const (
	// tailLines and tailBytes limit what the page shows of a log's end. The run's folder
	// has the whole log.
	tailLines, tailBytes = 15, 1500
	// heldLines is how many of these lines it shows for a cell that held, which needs
	// less explanation.
	heldLines = 4
	// longestLine is how many characters of a line it shows.
	longestLine = 200
)

// cut keeps the last lines of a text.
func cut(text string) string {
	text = strings.TrimSpace(text)
	if len(text) > tailBytes {
		text = text[len(text)-tailBytes:]
		if _, rest, ok := strings.Cut(text, "\n"); ok {
			text = rest // the first line is incomplete
		}
	}
	return last(text, tailLines)
}

func last(text string, most int) string {
	lines := strings.Split(text, "\n")
	return strings.Join(lines[max(0, len(lines)-most):], "\n")
}

// shownLog is the end of a cell's log as the page shows it: each line is cleaned, and keeps its
// indent, which tracebacks need.
func shownLog(c cell) string {
	text := cut(c.Story.LogTail)
	if text == "" {
		return ""
	}
	if c.Verdict == bench.Held {
		text = last(text, heldLines)
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		rest := strings.TrimLeft(line, " \t")
		indent := strings.ReplaceAll(line[:len(line)-len(rest)], "\t", "    ")
		if shown := []rune(report.Clean(rest)); len(shown) > longestLine {
			rest = string(shown[:longestLine]) + "…"
		} else {
			rest = string(shown)
		}
		lines[i] = indent[:min(len(indent), 40)] + rest
	}
	return strings.Join(lines, "\n")
}
