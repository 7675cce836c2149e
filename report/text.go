package report

import (
	"strings"
	"unicode"

	"github.com/olekukonko/tablewriter/pkg/twwidth"

	"benchrun/internal/bench"
)

// clean is bench.Clean.
func clean(s string) string { return bench.Clean(s) }

// cleanAll returns a new list with each text cleaned.
func cleanAll(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = clean(s)
	}
	return out
}

// columns is how many columns of a terminal a text takes; colours take none. It ignores the locale:
// today's terminals draw "·" and "✓" one column wide.
func columns(s string) int { return twwidth.WidthWithOptions(s, twwidth.Options{}) }

// wrap breaks a clean text into lines of at most width columns, at spaces if possible. It drops
// nothing: a word that is too long continues in the next line. width 0 means no limit.
func wrap(s string, width int) []string {
	if width <= 0 {
		return []string{s}
	}
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(s) {
		if line != "" && columns(line)+1+columns(word) <= width {
			line += " " + word
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		for columns(word) > width {
			head := head(word, width)
			lines = append(lines, head)
			word = word[len(head):]
		}
		line = word
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// head is the longest beginning of s that fits into width columns, but at least one character.
func head(s string, width int) string {
	used := 0
	for i, r := range s {
		w := columns(string(r))
		if i > 0 && used+w > width {
			return s[:i]
		}
		used += w
	}
	return s
}

// shorten cuts s to width columns and ends it with "…" if it was longer.
func shorten(s string, width int) string {
	if columns(s) <= width {
		return s
	}
	if width < 2 {
		return strings.Repeat("…", max(width, 0))
	}
	return head(s, width-1) + "…"
}

// quoted quotes a word for a shell.
func quoted(s string) string {
	plain := s != ""
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_./:=@%+,", r) {
			plain = false
		}
	}
	if plain {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
