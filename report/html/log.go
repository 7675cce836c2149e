package html

import (
	"slices"
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

// excerpt is what the page shows of a log: the lines before its end that say what went
// wrong, and its end.
func (s Story) excerpt(log string, verdict bench.Verdict) (told []string, tail string) {
	log = strings.TrimSpace(log)
	tail = cut(log)
	if verdict == bench.Held {
		tail = last(tail, heldLines)
	}
	return telling(strings.TrimSuffix(log, tail), s.died()), tail
}

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

// shownLog is the excerpt of a cell's log as the page shows it: each line is cleaned, and
// keeps its indent, which tracebacks need.
func shownLog(c cell) string {
	s := c.Story
	if s.LogTail == "" {
		return ""
	}
	lines := strings.Split(s.LogTail, "\n")
	for i, line := range lines {
		lines[i] = shownLine(line)
	}
	if len(s.LogTold) > 0 {
		lines = slices.Concat(s.LogTold, []string{"…"}, lines)
	}
	return strings.Join(lines, "\n")
}

func shownLine(line string) string {
	rest := strings.TrimLeft(line, " \t")
	indent := strings.ReplaceAll(line[:len(line)-len(rest)], "\t", "    ")
	if shown := []rune(report.Clean(rest)); len(shown) > longestLine {
		rest = string(shown[:longestLine]) + "…"
	} else {
		rest = string(shown)
	}
	return indent[:min(len(indent), 40)] + rest
}
