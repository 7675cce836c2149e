package html

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
)

// own are the names of the page's own elements, which no element of a run may have. Elements
// without links to them have a "~" in their names.
var own = []string{"verdicts", "trust", "ladder"}

// anchors gives each thing the name that links use: its words, joined
// ("gunicorn-default-wedge-1pct"). The name does not depend on the position, so a link stays
// valid when the page is drawn again and when the run grows. If two names would be equal, a
// hash of the words is added; if the words are equal too, a number.
func anchors(things [][]string) []string {
	slugs, wanted := make([]string, len(things)), map[string]int{}
	for _, name := range own {
		wanted[name]++
	}
	for i, words := range things {
		slugs[i] = slug(words)
		wanted[slugs[i]]++
	}
	taken := map[string]bool{}
	for i, words := range things {
		name := slugs[i]
		if wanted[name] > 1 || name == "" {
			sum := sha256.Sum256([]byte(strings.Join(words, "\x00")))
			name = strings.TrimPrefix(name+"-"+hex.EncodeToString(sum[:4]), "-")
		}
		for n, base := 2, name; taken[name]; n++ {
			name = base + "-" + strconv.Itoa(n)
		}
		taken[name] = true
		slugs[i] = name
	}
	return slugs
}

// slug joins words with hyphens. Characters that links cannot contain become hyphens as well.
func slug(words []string) string {
	words = slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w == "" })
	text := strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '.', r == '_':
			return r
		}
		return '-'
	}, strings.Join(words, "-"))
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '-' }), "-")
}
