package report

import "strings"

// Clean makes one harmless line of text that a server, an app or a file may
// have had a hand in: white space becomes spaces; control, invisible and
// direction-changing characters and bytes that are not UTF-8 become visible
// escapes such as \x1b and \u202e. Clean text stays as it is. It escapes
// nothing of any markup.
func Clean(s string) string { return clean(s) }

// Shell makes one clean command line that a shell reads as these words.
func Shell(words ...string) string {
	line := make([]string, len(words))
	for i, w := range words {
		line[i] = quoted(w)
	}
	return clean(strings.Join(line, " "))
}
