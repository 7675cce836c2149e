package bench

import (
	"fmt"
	"strings"
)

// MostExcerpt is how much of what a server says stands in a record, bytes.
const MostExcerpt = 200

// Excerpt is the beginning of a text that a server has written, or that quotes
// one: at most MostExcerpt bytes of it, as valid UTF-8. A record holds thousands of
// such texts, and a server may make each as long as it likes.
func Excerpt(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), MostExcerpt)], "?")
}

// How much of an error's text is kept, bytes: of its beginning, which says what
// it is about, and of its end, where the cause stands.
const (
	mostBeginning = 1500
	mostEnd       = 500
)

// Shorten cuts from the middle of a text what is more than a message may have;
// a shorter one stays as it is.
func Shorten(text string) string {
	more := len(text) - mostBeginning - mostEnd
	if more <= 0 {
		return text
	}
	return strings.ToValidUTF8(text[:mostBeginning], "") + fmt.Sprintf(" … [cut: %d bytes] … ", more) + strings.ToValidUTF8(text[mostBeginning+more:], "")
}
