package targets

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"benchrun/internal/bench"
	"benchrun/internal/strictyaml"
)

//go:embed missing.yaml
var missingTable []byte

// lackingBuild is a line of missing.yaml: what a build prints, and what it then lacks.
type lackingBuild struct {
	Says     string   `yaml:"says"`
	Packages []string `yaml:"packages"` // Debian's

	form *regexp.Regexp
}

// knownLacks are the lines of missing.yaml, in their order.
var knownLacks = sync.OnceValues(func() ([]lackingBuild, error) { return decodeLacks("missing.yaml", missingTable) })

func decodeLacks(file string, text []byte) ([]lackingBuild, error) {
	var list struct {
		Missing []lackingBuild `yaml:"missing"`
	}
	if _, err := strictyaml.Decode(file, text, &list); err != nil {
		return nil, err
	}
	for i := range list.Missing {
		l := &list.Missing[i]
		var err error
		if l.form, err = regexp.Compile(l.Says); err != nil || l.Says == "" || len(l.Packages) == 0 {
			return nil, bench.Usagef("%s: %q: want a regular expression and packages: %v", file, l.Says, err)
		}
		for _, p := range l.Packages {
			if !aptName.MatchString(strings.ReplaceAll(p, minorMark, "11")) {
				return nil, bench.Usagef("%s: %q is not a Debian package's name", file, p)
			}
		}
	}
	return list.Missing, nil
}

// minorMark stands for the minor version of Debian's Python.
const minorMark = "{minor}"

// lackedPackages are the Debian packages that a failed build probably lacks, by what it
// printed.
func lackedPackages(printed string, py interpreter) []string {
	known, err := knownLacks()
	if err != nil {
		return nil // cannot happen: a test reads the table
	}
	var packages []string
	for _, l := range known {
		if !l.form.MatchString(printed) {
			continue
		}
		for _, p := range l.Packages {
			if strings.Contains(p, minorMark) {
				if !py.debian() {
					continue
				}
				p = strings.ReplaceAll(p, minorMark, py.minor())
			}
			if !slices.Contains(packages, p) {
				packages = append(packages, p)
			}
		}
	}
	return packages
}

// debian says that the interpreter is the distribution's own.
func (py interpreter) debian() bool { return strings.HasPrefix(py.path, "/usr/bin/") }

// minor is the second part of the version: "11" of 3.11.2.
func (py interpreter) minor() string {
	parts := strings.SplitN(py.version+"..", ".", 3)
	return parts[1]
}

// lackHint says what to do about a failed build that lacks packages.
func lackHint(packages []string, debian bool) string {
	if debian {
		return fmt.Sprintf("it probably lacks %s: run: %s", strings.Join(packages, ", "), byHand(packages))
	}
	return fmt.Sprintf("it probably lacks what Debian calls %s: install that", strings.Join(packages, ", "))
}
