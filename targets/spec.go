package targets

import (
	"fmt"
	"regexp"
	"strings"

	"benchrun/internal/bench"
)

// Spec is a server as the user asked for it.
type Spec struct {
	Name    string
	Version string // "" = the server file's own
}

// String gives the spec as it was written: "gunicorn" or "gunicorn@23.0.0".
func (s Spec) String() string {
	if s.Version == "" {
		return s.Name
	}
	return s.Name + "@" + s.Version
}

// A version becomes part of a pip requirement: nothing that could be an option
// or a second requirement.
var versionWanted = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z.+!_-]*$`)

// ParseSpec reads "gunicorn" or "gunicorn@23.0.0". It fails with a
// bench.UsageError; whether the server exists is Registry.Lookup's business.
func ParseSpec(text string) (Spec, error) {
	name, version, at := strings.Cut(strings.TrimSpace(text), "@")
	s := Spec{Name: name, Version: version}
	switch {
	case !nameForm.MatchString(name):
		return Spec{}, &bench.UsageError{
			Problem: fmt.Sprintf("%q is not a server's name", name),
			Hint:    "write name or name@version, for example gunicorn@23.0.0",
		}
	case at && strings.Contains(version, ","):
		return Spec{}, &bench.UsageError{
			Problem: fmt.Sprintf("%q: a comma after the @ belongs to the version", text),
			Hint:    "give --server once for each server that has a version",
		}
	case at && !versionWanted.MatchString(version):
		return Spec{}, bench.Usagef("%q: %q is not a version", text, version)
	}
	return s, nil
}

// SplitSpecs splits "gunicorn,waitress" at its commas, but never after an @:
// "gunicorn,waitress@3.0" gives two specs and "a@1,b" gives one.
func SplitSpecs(text string) []string {
	at := strings.IndexByte(text, '@')
	if at < 0 {
		return strings.Split(text, ",")
	}
	head, tail := text[:at], text[at:]
	parts := strings.Split(head, ",")
	parts[len(parts)-1] += tail
	return parts
}

// Nearest gives the candidate that a mistyped word most likely meant, "" if
// none is near. Upper case counts as lower, _ and - as the same. Of equally
// near candidates the first wins.
func Nearest(word string, candidates []string) string {
	best, bestDistance := "", 0
	for _, c := range candidates {
		d := distance(plain(word), plain(c))
		// A third of the letters may be wrong, and one always.
		if d <= max(1, len(c)/3) && (best == "" || d < bestDistance) {
			best, bestDistance = c, d
		}
	}
	if best != "" || len(word) < 3 {
		return best
	}
	for _, c := range candidates {
		if strings.HasPrefix(plain(c), plain(word)) {
			return c
		}
	}
	return ""
}

func plain(s string) string { return strings.ReplaceAll(strings.ToLower(s), "_", "-") }

// distance is the number of letters to insert, delete, replace or swap with
// their neighbour that turns a into b (optimal string alignment).
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			replace := rows[i-1][j-1]
			if a[i-1] != b[j-1] {
				replace++
			}
			rows[i][j] = min(replace, rows[i-1][j]+1, rows[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}

// unknown is the error for a name that is not among the known ones.
func unknown(what, name string, known []string) error {
	hint := "known: " + strings.Join(known, ", ")
	if near := Nearest(name, known); near != "" {
		hint = fmt.Sprintf("did you mean %q? %s", near, hint)
	}
	return &bench.UsageError{Problem: fmt.Sprintf("unknown %s %q", what, name), Hint: hint}
}
