package release

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// This file is https://packaging.python.org/en/latest/specifications/version-specifiers/,
// formerly PEP 440.

// pythonVersion is a version of a Python package. A part that it lacks has a number that
// sorts it to the right place.
type pythonVersion struct {
	epoch    int
	numbers  []int // of the release: 23, 0, 1
	pre, num int   // the phase: alpha, beta, candidate, or one of the two below; and its number
	post     int   // -1 = no post-release
	dev      int   // math.MaxInt = no development release
	local    []string
}

// Phases of a release, in order.
const (
	phaseDev   = iota // only a development release
	phaseAlpha        // a
	phaseBeta         // b
	phaseRC           // rc
	phaseFinal        // none of them
)

var phases = map[string]int{
	"a": phaseAlpha, "alpha": phaseAlpha, "b": phaseBeta, "beta": phaseBeta,
	"c": phaseRC, "rc": phaseRC, "pre": phaseRC, "preview": phaseRC,
}

var pythonForm = regexp.MustCompile(`^v?(?:(\d+)!)?(\d+(?:\.\d+)*)` + // epoch and release
	`(?:[-_.]?(alpha|a|beta|b|preview|pre|rc|c)[-_.]?(\d*))?` +
	`(-\d+|[-_.]?(?:post|rev|r)[-_.]?\d*)?` +
	`([-_.]?dev[-_.]?\d*)?` +
	`(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?$`)

// parsePython reads a version in any of the spellings that pip accepts.
func parsePython(text string) (v pythonVersion, ok bool) {
	m := pythonForm.FindStringSubmatch(strings.ToLower(strings.TrimSpace(text)))
	if m == nil {
		return v, false
	}
	ok = true
	number := func(s string) int { // a missing number is 0
		if s = strings.TrimLeft(s, "abcdefghijklmnopqrstuvwxyz-_."); s == "" {
			return 0
		}
		n, err := strconv.Atoi(s)
		ok = ok && err == nil // too many digits
		return n
	}
	v = pythonVersion{epoch: number(m[1]), pre: phaseFinal, post: -1, dev: math.MaxInt}
	for n := range strings.SplitSeq(m[2], ".") {
		v.numbers = append(v.numbers, number(n))
	}
	if m[3] != "" {
		v.pre, v.num = phases[m[3]], number(m[4])
	}
	if m[5] != "" {
		v.post = number(m[5])
	}
	if m[6] != "" {
		v.dev = number(m[6])
		if m[3] == "" && m[5] == "" {
			v.pre = phaseDev
		}
	}
	if m[7] != "" {
		v.local = strings.FieldsFunc(m[7], func(r rune) bool { return strings.ContainsRune("-_.", r) })
	}
	return v, ok
}

// early says that the version is a pre-release.
func (v pythonVersion) early() bool { return v.pre < phaseFinal || v.dev < math.MaxInt }

// release has the numbers without zeros at the end, which mean nothing.
func (v pythonVersion) release() []int {
	end := len(v.numbers)
	for end > 0 && v.numbers[end-1] == 0 {
		end--
	}
	return v.numbers[:end]
}

// public is the version without its local part.
func (v pythonVersion) public() pythonVersion {
	v.local = nil
	return v
}

func (v pythonVersion) compare(w pythonVersion) int {
	return cmp.Or(v.compareBase(w), cmp.Compare(v.pre, w.pre), cmp.Compare(v.num, w.num),
		cmp.Compare(v.post, w.post), cmp.Compare(v.dev, w.dev), slices.CompareFunc(v.local, w.local, compareLocal))
}

// compareBase compares epoch and release.
func (v pythonVersion) compareBase(w pythonVersion) int {
	return cmp.Or(cmp.Compare(v.epoch, w.epoch), slices.Compare(v.release(), w.release()))
}

// compareLocal compares two parts of local versions: words come before numbers.
func compareLocal(a, b string) int {
	n, errA := strconv.Atoi(a)
	m, errB := strconv.Atoi(b)
	switch {
	case errA == nil && errB == nil:
		return cmp.Compare(n, m)
	case errA != nil && errB != nil:
		return strings.Compare(a, b)
	}
	return rank(errA == nil) - rank(errB == nil)
}

// begins says whether the release begins with these numbers. Those that it lacks are 0.
func (v pythonVersion) begins(epoch int, numbers []int) bool {
	for i, n := range numbers {
		at := 0
		if i < len(v.numbers) {
			at = v.numbers[i]
		}
		if n != at {
			return false
		}
	}
	return v.epoch == epoch
}

var clauseForm = regexp.MustCompile(`^(===|==|~=|!=|<=|>=|<|>)\s*(\S+)$`)

// pythonRange reads a range: clauses with commas between them, all of which must hold.
func pythonRange(text string) (Range, error) {
	r := Range{kind: Python, text: text}
	var clauses []func(v pythonVersion, text string) bool
	if text != Latest {
		for word := range strings.SplitSeq(text, ",") {
			word = strings.TrimSpace(word)
			m := clauseForm.FindStringSubmatch(word)
			if m == nil {
				return Range{}, fmt.Errorf("%q is not a clause of a range", word)
			}
			holds, early, err := clause(m[1], m[2])
			if err != nil {
				return Range{}, fmt.Errorf("%q is not a clause of a range: %w", word, err)
			}
			clauses, r.early = append(clauses, holds), r.early || early
		}
	}
	r.in = func(version string) (in, pre bool) {
		v, ok := parsePython(version)
		if !ok {
			return false, false
		}
		for _, holds := range clauses {
			if !holds(v, version) {
				return false, false
			}
		}
		return true, v.early()
	}
	return r, nil
}

// clause is one comparison. early says that it names a pre-release, so that others may be
// in the range too.
func clause(op, text string) (holds func(v pythonVersion, text string) bool, early bool, err error) {
	if op == "===" {
		return func(_ pythonVersion, other string) bool { return strings.EqualFold(text, other) }, true, nil
	}
	plain, prefix := strings.CutSuffix(text, ".*")
	want, ok := parsePython(plain)
	equality := op == "==" || op == "!="
	switch {
	case !ok:
		return nil, false, fmt.Errorf("%q is not a version", text)
	case prefix && !equality:
		return nil, false, fmt.Errorf("only == and != take .*")
	case prefix && (want.early() || want.post >= 0 || want.local != nil):
		return nil, false, fmt.Errorf(".* comes after numbers only")
	case want.local != nil && !equality:
		return nil, false, fmt.Errorf("only == and != take a local version")
	case op == "~=" && len(want.numbers) < 2:
		return nil, false, fmt.Errorf("~= wants two numbers or more")
	}
	equals := func(v pythonVersion) bool {
		switch {
		case prefix:
			return v.begins(want.epoch, want.numbers)
		case want.local == nil:
			v = v.public()
		}
		return v.compare(want) == 0
	}
	from := func(v pythonVersion) bool { return v.public().compare(want) >= 0 }
	is := map[string]func(v pythonVersion) bool{
		"==": equals,
		"!=": func(v pythonVersion) bool { return !equals(v) },
		">=": from,
		"<=": func(v pythonVersion) bool { return v.public().compare(want) <= 0 },
		"~=": func(v pythonVersion) bool {
			return from(v) && v.begins(want.epoch, want.numbers[:len(want.numbers)-1])
		},
		// Neither a pre-release of the named release is below it, nor a post-release or a
		// local version above it, unless the clause names one.
		"<": func(v pythonVersion) bool {
			return v.compare(want) < 0 && (want.early() || !v.early() || v.compareBase(want) != 0)
		},
		">": func(v pythonVersion) bool {
			return v.compare(want) > 0 && (v.compareBase(want) != 0 || v.local == nil && (want.post >= 0 || v.post < 0))
		},
	}[op]
	return func(v pythonVersion, _ string) bool { return is(v) }, want.early() && op != "!=", nil
}
