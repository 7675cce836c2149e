package bench

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Unseen says that a character does something to a text without being seen in
// it: control characters (ANSI escapes begin with one), invisible and
// direction-changing ones, those that comparisons ignore (GitHub's runner compares
// that way), and the line ends that only some programs know.
func Unseen(r rune) bool {
	if r < utf8.RuneSelf { // most are
		return r < ' ' || r == 0x7f
	}
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// Visible escapes the first character of s, if it is unseen or no UTF-8: \x1b,
// \u202e, \U000e0041. It gives the character as it is to be shown, and its bytes
// in s, 0 at the end of s.
func Visible(s string) (shown string, size int) {
	r, size := utf8.DecodeRuneInString(s)
	switch {
	case r == utf8.RuneError && size == 1, unicode.IsControl(r) && r < utf8.RuneSelf:
		return fmt.Sprintf(`\x%02x`, s[0]), size
	case r > 0xffff && Unseen(r):
		return fmt.Sprintf(`\U%08x`, r), size
	case Unseen(r):
		return fmt.Sprintf(`\u%04x`, r), size
	}
	return s[:size], size
}

// Clean makes one harmless line of text that a server, an app or a file may
// have had a hand in: white space becomes spaces, unseen characters and bytes
// that are not UTF-8 become visible escapes. Clean text stays as it is. It
// escapes nothing of any markup.
func Clean(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return r != ' ' && (unicode.IsSpace(r) || Unseen(r)) || r == utf8.RuneError }) {
		return strings.TrimSpace(s)
	}
	var b strings.Builder
	for s != "" {
		shown, size := Visible(s)
		if r, _ := utf8.DecodeRuneInString(s); unicode.IsSpace(r) { // line ends and U+2028 among them
			shown = " "
		}
		b.WriteString(shown)
		s = s[size:]
	}
	return strings.TrimSpace(b.String())
}

// commandMarks begin a command to a CI runner anywhere in a line: GitHub's old
// form and Azure's, Azure's "##vso[" and TeamCity's.
var commandMarks = []string{"##[", "##vso[", "##teamcity["}

// HarmlessJSON is JSON with the same values in which unseen characters, and what
// a CI runner would obey, are escaped in the strings: "\u202e", "#\u0023[".
func HarmlessJSON(text []byte) []byte {
	for _, mark := range commandMarks {
		text = bytes.ReplaceAll(text, []byte(mark), []byte(`#\u0023`+mark[2:]))
	}
	if !bytes.ContainsFunc(text, unseenInJSON) {
		return text
	}
	var out bytes.Buffer
	for _, r := range string(text) {
		switch {
		case !unseenInJSON(r):
			out.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&out, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	return out.Bytes()
}

// unseenInJSON leaves out line ends and tabs: they stand between values only.
func unseenInJSON(r rune) bool { return r != '\n' && r != '\t' && Unseen(r) }

// HarmlessLine is a line of text that no CI runner takes for a command: it does
// not begin with "::", and has none of the other marks.
func HarmlessLine(line string) string {
	for _, mark := range commandMarks {
		line = strings.ReplaceAll(line, mark, `#\x23`+mark[2:])
	}
	if rest := strings.TrimLeftFunc(line, unicode.IsSpace); strings.HasPrefix(rest, "::") {
		return line[:len(line)-len(rest)] + `\x3a` + rest[1:]
	}
	return line
}
