package report

import (
	"strings"
	"unicode"

	"github.com/olekukonko/tablewriter/pkg/twwidth"

	"benchrun/internal/bench"
)

// clean is bench.Clean.
func clean(s string) string { return bench.Clean(s) }

// cleanAll cleans each text of a list. It gives a new list.
func cleanAll(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = clean(s)
	}
	return out
}

// columns is how many columns of a terminal a text takes; colours take none.
// It does not ask the locale: terminals of today draw "·" and "✓" one wide.
func columns(s string) int { return twwidth.WidthWithOptions(s, twwidth.Options{}) }

// wrap breaks a clean text into lines of at most width columns, at spaces
// where there are any. Nothing is cut off: a word that is too long goes on in
// the next line. width 0 means no limit.
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

// head is the longest beginning of s that fits into width columns, but at
// least one character.
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

// quoted makes a word of a command line that a shell reads as one word.
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
