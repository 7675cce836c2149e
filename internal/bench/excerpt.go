package bench

import "strings"

// MostExcerpt is how much of what a server says stands in a record, bytes.
const MostExcerpt = 200

// Excerpt is the beginning of a text that a server has written, or that quotes
// one: at most MostExcerpt bytes of it, as valid UTF-8. A record holds thousands of
// such texts, and a server may make each as long as it likes.
func Excerpt(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), MostExcerpt)], "?")
}
