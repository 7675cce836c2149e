// Package release knows how pip, npm and Go number the releases of packages, and which
// releases are in a range such as ">=23,<28". It asks nobody which releases exist.
//
// Only this package imports semver.
package release

import (
	"fmt"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// Latest is the range that has every release.
const Latest = "latest"

// Kind says what numbers the releases of a package.
type Kind string

// The kinds.
const (
	Python Kind = "pip" // PEP 440
	Npm    Kind = "npm" // Semantic Versioning, with npm's ranges
	Go     Kind = "Go"  // Semantic Versioning, with npm's ranges; a leading v may be left out
)

// Example is a range in the form of the kind.
func (k Kind) Example() string {
	if k == Python {
		return ">=23,<28"
	}
	return "^1.2"
}

// IsRange says whether wanted is meant as a range, and not as one release. It may still be
// no valid one.
func (k Kind) IsRange(wanted string) bool {
	switch {
	case wanted == Latest || wanted != "" && strings.ContainsAny(wanted[:1], "<>=!~^*"):
		return true
	case k == Python:
		return false
	case k == Go:
		wanted = strings.TrimPrefix(wanted, "v")
	}
	_, err := semver.StrictNewVersion(wanted) // npm takes "1.2" for the newest 1.2.x
	return err != nil && (strings.ContainsAny(wanted, " |") || partial(wanted))
}

// partial says whether wanted has numbers, or an x for one, and nothing else: "1", "1.2.x".
func partial(wanted string) bool {
	return wanted != "" && strings.Trim(wanted, "0123456789.xX") == ""
}

// Range is a set of releases. Parse makes it.
type Range struct {
	kind Kind
	text string
	// in says whether a release is in the range. pre: the release is a pre-release, which
	// counts only if no other release is in the range, or if early is true.
	in    func(version string) (in, pre bool)
	early bool
}

// Parse reads a range.
func (k Kind) Parse(text string) (Range, error) {
	if k == Python {
		return pythonRange(text)
	}
	return semverRange(k, text)
}

// Before is the range of all releases before one.
func (k Kind) Before(version string) (Range, error) { return k.Parse("<" + version) }

// String is the range as it was written.
func (r Range) String() string { return r.text }

// Newest is the newest of the known releases that are in the range, "" = none is. A
// pre-release counts only if the range names one, or if no other release is in the range.
func (r Range) Newest(known []string) string {
	best := ""
	for _, version := range r.kind.Sorted(known) {
		switch in, pre := r.in(version); {
		case in && (!pre || r.early):
			return version
		case in && best == "":
			best = version
		}
	}
	return best
}

// Sorted returns those of the known releases that are valid, the newest first.
func (k Kind) Sorted(known []string) []string {
	valid := slices.DeleteFunc(slices.Clone(known), func(v string) bool { return !k.valid(v) })
	slices.SortStableFunc(valid, func(a, b string) int { return k.Compare(b, a) })
	return valid
}

func (k Kind) valid(version string) bool {
	if k == Python {
		_, ok := parsePython(version)
		return ok
	}
	_, err := semver.NewVersion(version)
	return err == nil
}

// Compare is below 0 if release a comes before b, 0 if they are the same, however they are
// written, and above 0 otherwise. A release that is not valid comes before all others.
func (k Kind) Compare(a, b string) int {
	if k == Python {
		one, okA := parsePython(a)
		two, okB := parsePython(b)
		if okA && okB {
			return one.compare(two)
		}
		return rank(okA) - rank(okB)
	}
	one, errA := semver.NewVersion(a)
	two, errB := semver.NewVersion(b)
	if errA == nil && errB == nil {
		return one.Compare(two)
	}
	return rank(errA == nil) - rank(errB == nil)
}

func rank(valid bool) int {
	if valid {
		return 1
	}
	return 0
}

func semverRange(k Kind, text string) (Range, error) {
	r := Range{kind: k, text: text}
	if text == Latest {
		r.in = func(version string) (in, pre bool) {
			v, err := semver.NewVersion(version)
			return err == nil, err == nil && v.Prerelease() != ""
		}
		return r, nil
	}
	c, err := semver.NewConstraint(text)
	if err != nil {
		return Range{}, fmt.Errorf("%q is not a range of versions", text)
	}
	r.in = func(version string) (in, pre bool) {
		v, err := semver.NewVersion(version)
		return err == nil && c.Check(v), false // a range without pre-releases has none
	}
	return r, nil
}
