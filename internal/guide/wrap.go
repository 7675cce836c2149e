package guide

import (
	"strings"
	"unicode/utf8"
)

// textWidth is how long a line of running text may be, in characters.
const textWidth = 78

// wrap breaks text at its white space into lines of at most textWidth
// characters, each after indent. A word that is longer has a line of its own.
func wrap(indent, text string) string {
	var b strings.Builder
	used := 0
	for _, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case used == 0:
			b.WriteString(indent)
			used = len(indent)
		case used+1+n > textWidth:
			b.WriteString("\n" + indent)
			used = len(indent)
		default:
			b.WriteByte(' ')
			used++
		}
		b.WriteString(word)
		used += n
	}
	b.WriteByte('\n')
	return b.String()
}
