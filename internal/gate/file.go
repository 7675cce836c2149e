package gate

import (
	"fmt"
	"strings"

	"benchrun/internal/bench"
	"benchrun/internal/intake"
	"benchrun/internal/strictyaml"
)

// MostRules is the most rules that a run may have.
const MostRules = 1000

// ReadFile reads a file with one rule on each line. It skips empty lines and
// comments: a # at the beginning of a line or word, and what follows. Errors are
// those of intake, and bench.UsageErrors that name file and line.
func ReadFile(path string) ([]Rule, error) {
	all, err := intake.ReadSmall("--gate", path)
	if err != nil {
		return nil, err
	}
	var rules []Rule
	n := 0
	for line := range strings.Lines(strings.TrimPrefix(string(all), "\ufeff")) { // some editors write this mark of UTF-8
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
