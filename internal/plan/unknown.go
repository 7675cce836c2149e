package plan

import (
	"fmt"
	"strings"

	"benchrun/internal/bench"
	"benchrun/scenarios"
)

// check fails on a value that names nothing, such as a variable of a script that is not
// set: benchrun would take it as if the flag were not there.
func (sel Selection) check() error {
	for _, l := range []struct {
		kind   string
		values []string
		split  func([]string) []string
	}{{"server", sel.Servers, SplitList}, {"profile", sel.Profiles, SplitList}, {"scenario", sel.Scenarios, splitWords}} {
		for _, v := range l.values {
			if len(l.split([]string{v})) == 0 {
				return &bench.UsageError{
					Problem: fmt.Sprintf("--%s %q names no %s", l.kind, v, l.kind),
					Hint:    fmt.Sprintf("benchrun list %ss lists them; leave out --%s for the default", l.kind, l.kind),
				}
			}
		}
	}
	return nil
}

func unknownSet(word string) error {
	var names []string
	for _, s := range scenarios.Sets() {
		names = append(names, s.Name)
	}
	return unknown("set of scenarios", word, names)
}

func unknownScenario(word string, own []bench.Scenario) error {
	if strings.ContainsRune(word, '=') {
		return &bench.UsageError{
			Problem: fmt.Sprintf("unknown scenario %q", word),
			Hint:    "families with shares are a mix: --mix wedge=1%,segfault=0.5%",
		}
	}
	if set, ok := scenarios.SetByName("@" + word); ok {
		return &bench.UsageError{
			Problem: fmt.Sprintf("unknown scenario %q", word),
			Hint:    fmt.Sprintf("--scenario %s selects %s (see benchrun explain %s)", set.Name, set.Title, set.Name),
		}
	}
	var names []string
	if len(scenarios.Named(word)) > 0 {
		return searched(word, names)
	}
	for _, s := range own {
		if suffix, ok := strings.CutPrefix(word, s.Family.ID+"-"); ok {
			if _, err := bench.ParseRatio(suffix); err == nil && s.Ratio == 0 {
				return &bench.UsageError{
					Problem: fmt.Sprintf("unknown scenario %q: its faults are not a share of the requests", word),
					Hint:    "it is called " + s.Name(),
				}
			}
			if _, err := bench.ParseRatio(suffix); err != nil {
				return &bench.UsageError{Problem: fmt.Sprintf("unknown scenario %q: %v", word, err)}
			}
		}
		names = append(names, s.Name())
	}
	for _, s := range own { // a family's name will do
		if bench.Nearest(word, []string{s.Family.ID}) != "" {
			return unknown("scenario", word, append([]string{s.Family.ID}, names...))
		}
	}
	if err := searched(word, names); err != nil {
		return err
	}
	return unknown("scenario", word, names)
}

// searched is the error for a word by which people search a family, or for one that is
// nearer to such a word than to any scenario's name; nil if it is neither.
func searched(word string, names []string) error {
	meant := word
	if len(scenarios.Searched(word)) == 0 {
		number := strings.Trim(word, "0123456789") == "" // a status is not another one
		if bench.Nearest(word, names) != "" || number {
			return nil
		}
		meant = bench.Nearest(word, scenarios.SearchWords())
	}
	var ids []string
	for _, f := range scenarios.Searched(meant) {
		ids = append(ids, f.ID)
	}
	if len(ids) == 0 || isGlob(word) && !strings.Contains(word, " ") { // a line of a log may look like a pattern
		return nil
	}
	hint := fmt.Sprintf("--scenario %s reproduces it (see benchrun explain %s)", strings.Join(ids, ","), scenarios.OneWord(meant))
	if meant != word {
		hint = fmt.Sprintf("did you mean %q? %s", meant, hint)
	}
	return &bench.UsageError{Problem: fmt.Sprintf("unknown scenario %q", word), Hint: hint}
}

// unknown names the nearest known word, or lists them all. A pattern that
// matches nothing selects nothing, which is an exit code of its own.
func unknown(kind, word string, known []string) error {
	if isGlob(word) {
		return fmt.Errorf("%w: --%s %s matches nothing; known: %s", bench.ErrNothingSelected, kind, word, strings.Join(known, ", "))
	}
	return &bench.UsageError{Problem: fmt.Sprintf("unknown %s %q", kind, word), Hint: bench.DidYouMean(word, known)}
}

func badGlob(kind, word string) error {
	return &bench.UsageError{Problem: fmt.Sprintf("--%s %s: bad pattern", kind, word), Hint: "patterns can use * ? and [a-z]"}
}
