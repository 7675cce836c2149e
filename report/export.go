package report

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Clean is bench.Clean.
func Clean(s string) string { return clean(s) }

// Shell makes one clean line that bash reads as exactly these words. It writes a word that
// Clean would change as $'…', with escapes.
func Shell(words ...string) string {
	line := make([]string, len(words))
	for i, w := range words {
		if clean("|"+w+"|") == "|"+w+"|" {
			line[i] = quoted(w)
		} else {
			line[i] = "$'" + escapes(w) + "'"
		}
	}
	return strings.Join(line, " ")
}

// escapes writes a word for the inside of $'…'.
func escapes(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		piece := s[i : i+size]
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\'' || r == '\\':
			b.WriteString(`\` + piece)
		case clean("|"+piece+"|") != "|"+piece+"|":
			for _, c := range []byte(piece) {
				fmt.Fprintf(&b, `\%03o`, c) // three digits, so that the next character cannot become part of it
			}
		default:
			b.WriteString(piece)
		}
		i += size
	}
	return b.String()
}
