package repro

import (
	"regexp"
	"strings"
)

// A script that is too long for an issue gets shorter in steps, each of which leaves what
// it does as it is: without its empty lines, then with one line for each block of simple
// statements, then with short statements side by side, and no more of these than it takes.

// How wide a line may be that shortened makes: of a block with its head, and of statements.
const (
	widest     = 220
	sideBySide = 140
)

var (
	pythonHead   = regexp.MustCompile(`^( *)(.*[^ #]:)(  # .*)?$`)
	pythonNested = regexp.MustCompile(`^(if|for|while|with|try|except|else|elif|finally|def|class|lambda)\b`)
)

// shortened joins the first block of a Python source whose statements fit behind its head,
// or else the first two statements that fit beside each other. ok is false if there are none.
func shortened(code string) (short string, ok bool) {
	lines := strings.Split(code, "\n")
	for i, head := range lines {
		m := pythonHead.FindStringSubmatch(head)
		if m == nil {
			continue
		}
		end := i + 1
		for end < len(lines) && indented(lines[end]) > len(m[1]) {
			end++
		}
		if block, can := joined(lines[i+1 : end]); can && len(head)+1+len(block) <= widest && (m[3] == "" || !strings.Contains(block, "  # ")) {
			rest := append([]string{m[1] + m[2] + " " + block + m[3]}, lines[end:]...)
			return strings.Join(append(lines[:i:i], rest...), "\n"), true
		}
	}
	for i := 1; i < len(lines); i++ {
		if pair, can := joined(lines[i-1 : i+1]); can && indented(lines[i])+len(pair) <= sideBySide {
			line := strings.Repeat(" ", indented(lines[i])) + pair
			return strings.Join(append(append(lines[:i-1:i-1], line), lines[i+1:]...), "\n"), true
		}
	}
	return code, false
}

// joined writes simple statements on one line. ok is false if one of them is not simple.
func joined(block []string) (line string, ok bool) {
	var all []string
	for i, l := range block {
		statement := strings.TrimSpace(l)
		comment := strings.Contains(statement, "  # ")
		if statement == "" || strings.HasSuffix(statement, ",") || pythonNested.MatchString(statement) || indented(l) != indented(block[0]) || comment && i < len(block)-1 || !balanced(statement) {
			return "", false
		}
		all = append(all, statement)
	}
	return strings.Join(all, "; "), len(all) > 0
}

// balanced says that a statement ends on its line. Brackets in strings count too: where
// they do not match, the statement stays as it is.
func balanced(statement string) bool {
	for _, pair := range []string{"()", "[]", "{}"} {
		if strings.Count(statement, pair[:1]) != strings.Count(statement, pair[1:]) {
			return false
		}
	}
	return true
}

func indented(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }
