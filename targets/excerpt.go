package targets

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Excerpt is the part of an app's source that a piece of code needs: imports, constants
// and functions without their docstrings, those that these need too, in the order of the
// source. It is for scripts that show a fault without benchrun, so that there is no second
// copy of a fault.
func Excerpt(kind AppKind, code string) (string, error) {
	k := kinds()[kind]
	files := k.sources()
	if k.Language != "Python" || len(files) != 1 {
		return "", fmt.Errorf("the app of kind %q is not one file of Python", kind)
	}
	text, err := apps.ReadFile(files[0].path)
	if err != nil {
		return "", fmt.Errorf("app %s: %w", kind, err)
	}
	return ExcerptOf(string(text), code), nil
}

// ExcerptOf is Excerpt of any Python source of this style.
func ExcerptOf(source, code string) string {
	all := definitions(source)
	needed := make([]bool, len(all))
	for todo := []string{code}; len(todo) > 0; todo = todo[1:] {
		words := namesIn(todo[0])
		for i, d := range all {
			if !needed[i] && slices.Contains(words, d.name) {
				needed[i] = true
				todo = append(todo, d.text)
			}
		}
	}
	var modules, rest []string
	for i, d := range all {
		switch {
		case !needed[i]:
		case d.text == "import "+d.name:
			modules = append(modules, d.name)
		case strings.HasPrefix(d.text, "def "):
			rest = append(rest, "\n"+pythonHead.ReplaceAllString(d.text, "$1"))
		default:
			rest = append(rest, d.text)
		}
	}
	if len(modules) > 0 {
		rest = append([]string{"import " + strings.Join(modules, ", ")}, rest...)
	}
	return strings.TrimSpace(strings.Join(rest, "\n"))
}

// definition is one statement at the top of a Python source that gives a name a meaning.
type definition struct{ name, text string }

var (
	pythonDoc     = regexp.MustCompile(`(?s)""".*?"""`)
	pythonHead    = regexp.MustCompile(`(?s)\n    """.*?"""(\n    )`) // a docstring that is not all of a function
	pythonComment = regexp.MustCompile(`(?m)#.*$`)
	pythonName    = regexp.MustCompile(`(?:^|[^.\w])([A-Za-z_]\w*)`) // not that of an attribute
	pythonDefines = regexp.MustCompile(`^(?:def (\w+)\(|(\w+) = |import (\w+)$|from \S+ import (\w+)$)`)
)

// namesIn lists the names in a piece of code, without those in its docstrings and comments.
func namesIn(code string) []string {
	var names []string
	code = pythonComment.ReplaceAllString(pythonDoc.ReplaceAllString(code, ""), "")
	for _, m := range pythonName.FindAllStringSubmatch(code, -1) {
		names = append(names, m[1])
	}
	return names
}

// definitions splits a source at the lines that are not indented. A line that only closes
// a bracket belongs to the statement before it.
func definitions(source string) []definition {
	var out []definition
	var lines []string
	end := func() {
		text := strings.TrimSpace(strings.Join(lines, "\n"))
		first, _, _ := strings.Cut(text, "\n")
		if m := pythonDefines.FindStringSubmatch(first); m != nil {
			out = append(out, definition{strings.Join(m[1:], ""), text})
		}
		lines = nil
	}
	for line := range strings.Lines(source) {
		line = strings.TrimRight(line, "\n")
		if line != "" && !strings.ContainsAny(line[:1], " \t)]}") {
			end()
		}
		lines = append(lines, line)
	}
	end()
	return out
}
