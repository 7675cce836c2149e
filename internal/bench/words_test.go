package bench

import (
	"slices"
	"strings"
	"testing"
)

func TestSplitWords(t *testing.T) {
	for line, want := range map[string][]string{
		"":                           nil,
		"  \t\n":                     nil,
		"a  b\tc":                    {"a", "b", "c"},
		`'a b' "c d" e\ f`:           {"a b", "c d", "e f"},
		`'' ""`:                      {"", ""},
		`a''b "it's" 'say "x"'`:      {"ab", "it's", `say "x"`},
		`"a\"b" "a\\b" "a\nb" '\'`:   {`a"b`, `a\b`, `a\nb`, `\`},
		"$HOME *.py ~ `x` #y {port}": {"$HOME", "*.py", "~", "`x`", "#y", "{port}"},
		`--a='x y'`:                  {"--a=x y"},
	} {
		if got, err := SplitWords(line); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %q, %v, want %q", line, got, err, want)
		}
	}
	for line, want := range map[string]string{"'a": "the quote ' has no end", `a "b`: `the quote " has no end`, `a \`: "the last backslash", "a\x00b": "not text", "a\xff": "not text"} {
		if got, err := SplitWords(line); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %q, %v, want %s", line, got, err, want)
		}
	}
}

// What is joined is split into the same words, whatever is in them.
func TestJoinWordsIsSplitAgain(t *testing.T) {
	for _, words := range [][]string{nil, {""}, {"a", "b c", "it's", `"x"`, `\`, "", "--a=b", "{port}", "$x", "a\nb", "ü", "*"}, {"'"}, {`\'`}} {
		if got, err := SplitWords(JoinWords(words)); err != nil || !slices.Equal(got, words) {
			t.Errorf("%q came back as %q, %v", words, got, err)
		}
	}
}
