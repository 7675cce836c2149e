package gate

import (
	"fmt"
	"strings"

	"benchrun/internal/bench"
	"benchrun/internal/intake"
	"benchrun/internal/strictyaml"
)

// MostRules is how many rules a run may have.
const MostRules = 1000

// ReadFile reads a file of rules: one a line; empty lines, and what follows a #
// that begins a line or a word, are for people. Its errors are those of intake,
// and bench.UsageErrors that name file and line.
func ReadFile(path string) ([]Rule, error) {
	all, err := intake.ReadSmall("--gate", path)
	if err != nil {
		return nil, err
	}
	var rules []Rule
	n := 0
	for line := range strings.Lines(strings.TrimPrefix(string(all), "\ufeff")) { // some editors' mark of UTF-8
		n++
		if !strictyaml.IsText([]byte(line)) {
			return nil, bench.Usagef("--gate %s:%d: not a text file", path, n)
		}
		text, _, _ := strings.Cut(" "+strings.TrimRight(line, "\r\n"), " #")
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		place := fmt.Sprintf("%s:%d", path, n)
		if len(rules) == MostRules {
			return nil, tooManyRules(place)
		}
		r, err := ParseRule(place, text)
		if err != nil {
			return nil, err
		}
		rules = append(rules, r)
	}
	if len(rules) == 0 {
		return nil, bench.Usagef("--gate %s: the file has no rules", path)
	}
	return rules, nil
}

func tooManyRules(place string) error {
	return &bench.UsageError{
		Problem: fmt.Sprintf("%s: more than %d rules", place, MostRules),
		Hint:    "write one rule with globs for many cells: '*/hardened/wedge-*: verdict >= degraded'",
	}
}
