package bench

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// SplitWords splits a line into words as a shell does: at white space, with '…', "…" and
// backslashes. Nothing else has a meaning: no variable, no *, no |. A line that has no end
// is a bench.UsageError.
func SplitWords(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	begun := false
	quote, escaped := rune(0), false
	for _, r := range line {
		switch {
		case escaped:
			if quote == '"' && r != '"' && r != '\\' && r != '$' && r != '`' {
				word.WriteByte('\\')
			}
			word.WriteRune(r)
			escaped = false
		case r == '\\' && quote != '\'':
			escaped, begun = true, true
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote, begun = r, true
		case strings.ContainsRune(" \t\n\r", r):
			if begun {
				words = append(words, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	switch {
	case quote != 0:
		return nil, Usagef("the quote %c has no end", quote)
	case escaped:
		return nil, Usagef("nothing comes after the last backslash")
	case strings.ContainsRune(line, 0) || !utf8.ValidString(line):
		return nil, Usagef("it is not text")
	}
	if begun {
		words = append(words, word.String())
	}
	return words, nil
}

// plainWord matches the words that need no quotes.
var plainWord = regexp.MustCompile(`^[\w@%+=:,./{}-]+$`)

// JoinWords is a line that SplitWords splits into these words, and a shell too.
func JoinWords(words []string) string {
	line := make([]string, len(words))
	for i, w := range words {
		if line[i] = w; !plainWord.MatchString(w) {
			line[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
	}
	return strings.Join(line, " ")
}
