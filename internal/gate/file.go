package gate

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"benchrun/internal/bench"
)

// ReadFile reads a file of rules: one a line; empty lines, and what follows a #
// that begins a line or a word, are for people. Its errors are
// bench.UsageErrors that name file and line.
func ReadFile(path string) ([]Rule, error) {
	f, err := os.Open(path)
	if err != nil {
		var p *fs.PathError
		if errors.As(err, &p) {
			err = p.Err
		}
		return nil, bench.Usagef("--gate %s: %v", path, err)
	}
	defer func() { _ = f.Close() }() // only read
	var rules []Rule
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		if n == 1 {
			line = strings.TrimPrefix(line, "\ufeff") // some editors' mark of UTF-8
		}
		text, _, _ := strings.Cut(" "+line, " #")
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		r, err := ParseRule(fmt.Sprintf("%s:%d", path, n), text)
		if err != nil {
			return nil, err
		}
		rules = append(rules, r)
	}
	if err := lines.Err(); err != nil {
		return nil, bench.Usagef("--gate %s: %v", path, err)
	}
	if len(rules) == 0 {
		return nil, bench.Usagef("--gate %s: no rule stands in it", path)
	}
	return rules, nil
}
