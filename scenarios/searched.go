package scenarios

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"benchrun/internal/bench"
)

// Searched finds the families that reproduce what people call by a word: by that word, or,
// where nobody has it, by the known words in it: "[CRITICAL] WORKER TIMEOUT" has one. Of a
// word that is in another the longer one counts alone.
func Searched(word string) []Fault {
	if exact := Named(word); len(exact) > 0 {
		return exact
	}
	text := letters(word)
	var in []string
	for _, known := range SearchWords() {
		if strings.Contains(text, letters(known)) {
			in = append(in, known)
		}
	}
	in = slices.DeleteFunc(in, func(w string) bool {
		return slices.ContainsFunc(in, func(other string) bool { return len(other) > len(w) && strings.Contains(letters(other), letters(w)) })
	})
	var out []Fault
	for _, f := range registered {
		if slices.ContainsFunc(f.Searched, func(s string) bool { return slices.Contains(in, s) }) {
			out = append(out, f)
		}
	}
	return namesakesFirst(out, in)
}

// namesakesFirst puts the families first whose own name shares a word with what was searched.
func namesakesFirst(of []Fault, searched []string) []Fault {
	words := letters(strings.Join(searched, " "))
	has := func(f Fault) bool {
		return slices.ContainsFunc(strings.Split(f.ID, "-"), func(w string) bool { return strings.Contains(words, letters(w)) })
	}
	var first, others []Fault
	for _, f := range of {
		if has(f) {
			first = append(first, f)
		} else {
			others = append(others, f)
		}
	}
	return append(first, others...)
}

// Named are the families that people call by the very word.
func Named(word string) []Fault {
	var out []Fault
	for _, f := range registered {
		if slices.ContainsFunc(f.Searched, func(s string) bool { return letters(s) == letters(word) }) {
			out = append(out, f)
		}
	}
	return namesakesFirst(out, []string{word})
}

// letters is a text as it is searched: the words of it in small letters, a space before
// and after each.
func letters(text string) string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return " " + strings.Join(words, " ") + " "
}

// SearchWords are all the words that Searched knows, each once.
func SearchWords() []string {
	var out []string
	for _, f := range registered {
		for _, s := range f.Searched {
			if !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	return out
}

// SearchedHint says which of some families a word of incidents leads to: "slow-headers
// reproduces it (see benchrun explain slowloris)". It is "" where it leads to none.
func SearchedHint(word string, of []string) string {
	var ids []string
	for _, f := range Searched(word) {
		if slices.Contains(of, f.ID) {
			ids = append(ids, f.ID)
		}
	}
	switch len(ids) {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("%s reproduces it (see benchrun explain %s)", ids[0], OneWord(word))
	}
	return fmt.Sprintf("one of %s reproduces it (see benchrun explain %s)", strings.Join(ids, ", "), OneWord(word))
}

// FamilyHint is the hint for an unknown family: what a word of incidents leads to, or the
// nearest of the known ones.
func FamilyHint(word string, known []string) string {
	if len(Named(word)) > 0 || bench.Nearest(word, known) == "" {
		if hint := SearchedHint(word, known); hint != "" {
			return hint
		}
	}
	return bench.DidYouMean(word, known)
}

// OneWord is a text as a shell takes it for one argument.
func OneWord(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' }) {
		return strconv.Quote(text)
	}
	return text
}
