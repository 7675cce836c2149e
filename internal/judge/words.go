package judge

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// figure writes a number to at most digits after the point, without trailing
// zeros.
func figure(x float64, digits int) string {
	s := strconv.FormatFloat(x, 'f', digits, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// percentOf writes a share in percent and never rounds a loss away: 1,199 of
// 1,200 is 99.9 %, not 100 %.
func percentOf(part, whole int) string {
	if whole == 0 {
		return "none"
	}
	p := math.Floor(1000*float64(part)/float64(whole)) / 10
	return figure(p, 1) + " %"
}

// lasting writes a stretch of time in the unit that a person would use.
func lasting(s float64) string {
	switch {
	case s < 90:
		return fmt.Sprintf("%.1f s", s)
	case s < 90*60:
		return fmt.Sprintf("%.1f minutes", s/60)
	case s < 48*3600:
		return fmt.Sprintf("%.1f hours", s/3600)
	}
	return fmt.Sprintf("%.1f days", s/86400)
}

// longestQuote bounds what is quoted of a server's output, in runes.
const longestQuote = 200

// clean makes foreign text fit for one line of a report.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "?")
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) > longestQuote {
		s = string([]rune(s)[:longestQuote-1]) + "…"
	}
	return s
}

// lastLine is the last line of a text that says something.
func lastLine(text string) string {
	lines := strings.Split(text, "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		if s := clean(lines[i]); s != "" {
			return s
		}
	}
	return ""
}
