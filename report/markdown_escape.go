package report

import (
	"regexp"
	"strings"
)

// apart is invisible and separates the texts before and after it. GitHub removes backslashes and
// then links mentions, issues and the like in the remaining text (github/cmark-gfm#181). Only such
// a separator prevents that.
const apart = "<!-- -->"

// escaped makes clean text appear unchanged in GitHub-flavoured Markdown, in a table's cell or in
// a list: it formats nothing, links nowhere and notifies nobody.
func escaped(s string) string {
	pairs := []string{"&", "&amp;", "<", "&lt;", ">", "&gt;", "@", "@" + apart, "#", `\#` + apart, "://", ":" + apart + "//",
		"$", "<span>$</span>"} // "\$" may still begin a formula
	for _, r := range "\\`|*_[]~!" {
		pairs = append(pairs, string(r), `\`+string(r))
	}
	s = strings.NewReplacer(pairs...).Replace(s)
	return autolinked.ReplaceAllString(s, "${1}${3}${5}"+apart+"${2}${4}${6}")
}

// autolinked finds, in two pieces, www.example.com, GH-12 and :emoji:.
var autolinked = regexp.MustCompile(`(?i)\b(www)(\.)|\b(GH-)(\d)|(:)([a-z+-])`)

// item is escaped text that begins an item of a list: "- x", "1. x" and "---"
// there would begin another list, or a rule.
func item(s string) string {
	return marker.ReplaceAllString(escaped(s), `${1}\${2}${3}`)
}

var marker = regexp.MustCompile(`^(\d+)([.)](?: |$))|^([-+=])`)

// code is a code span, whatever backticks are in it.
func code(s string) string {
	fence := "`"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}
