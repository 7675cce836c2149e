package plan

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// checkoutPath matches a server with the path of a checkout.
var checkoutPath = regexp.MustCompile(`^([^@]*@path:)(.+)$`)

// AbsoluteArgs makes the paths on a command line absolute, so that it measures the same
// from any working folder. takesPath says whether a flag, without its dashes, names a
// file or a program.
func AbsoluteArgs(args []string, takesPath func(flag string) bool) []string {
	out := slices.Clone(args)
	takes := func(word string) bool {
		name, long := strings.CutPrefix(word, "--")
		return long && takesPath(name)
	}
	for i, arg := range args {
		name, value, joined := strings.Cut(arg, "=")
		switch {
		case joined && (name == "--args" || name == "--server-cmd"): // the server's words, not benchrun's
		case joined && takes(name):
			out[i] = name + "=" + absolutePath(name, value)
		case i > 0 && takes(args[i-1]):
			out[i] = absolutePath(args[i-1], arg)
		default:
			if m := checkoutPath.FindStringSubmatch(arg); m != nil {
				out[i] = m[1] + absolutePath("", m[2])
			}
		}
	}
	return out
}

// absolutePath does not change an empty path, or the name of an interpreter that must be
// looked up.
func absolutePath(flag, name string) string {
	if name == "" || flag == "--python" && !strings.ContainsRune(name, filepath.Separator) {
		return name
	}
	return fixedPath(name)
}
