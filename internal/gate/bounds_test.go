package gate

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// A gate refuses to check more rules than anybody can read.
func TestRulesAreBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gate.txt")
	for name, tt := range map[string]struct {
		text string
		want string // "" = it is good
	}{
		"as many as may be": {strings.Repeat("survivors == 0\n", MostRules), ""},
		"one more":          {strings.Repeat("survivors == 0\n", MostRules+1), fmt.Sprintf("gate.txt:%d: more than %d rules", MostRules+1, MostRules)},
		"millions":          {strings.Repeat("survivors == 0\n", 1_000_000), "gate.txt: more than 1 MiB"},
		"a huge line":       {"survivors == 0\nsurvivors == " + strings.Repeat("0", 500_000), "gate.txt:2: 500013 bytes are too long for a rule"},
		"a huge comment":    {"survivors == 0 #" + strings.Repeat("x", 500_000), ""},
		"other line ends":   {"\ufeffsurvivors == 0\r\n\r\nverdict >= held\r\n", ""},
	} {
		if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := ReadFile(path)
		var usage *bench.UsageError
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case tt.want != "" && (!errors.As(err, &usage) || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: %.200v; want a usage error with %q", name, err, tt.want)
		}
	}
	many := make([]Rule, MostRules)
	for i := range many {
		many[i] = rule(t, "survivors == 0")
	}
	cells := make([]Selected, 201)
	for i := range cells {
		cells[i] = Selected{Name: fmt.Sprintf("s/p/c%d", i)}
	}
	if err := Resolve(many, cells[:200]); err != nil {
		t.Error(err)
	}
	if err := Resolve(many, cells); err == nil || !strings.Contains(err.Error(), "1000 rules about 201 cells are more than 200000 checks") {
		t.Error(err)
	}
	if err := Resolve(append(many, many[0]), nil); err == nil || !strings.Contains(err.Error(), "more than 1000 rules") {
		t.Error(err)
	}
}

func TestWaiversAreBounded(t *testing.T) {
	text := func(n int) []byte {
		var b strings.Builder
		b.WriteString("schema: " + WaiverSchema + "\nwaivers:\n")
		for i := range n {
			fmt.Fprintf(&b, "  - {cell: s/p/c%d, verdict: failed, reason: known, expires: 2027-01-31}\n", i)
		}
		return []byte(b.String())
	}
	if list, err := ParseWaivers("w.yaml", text(MostWaivers)); err != nil || len(list) != MostWaivers {
		t.Errorf("%d entries, %v", len(list), err)
	}
	if _, err := ParseWaivers("w.yaml", text(MostWaivers+1)); err == nil || !strings.Contains(err.Error(), "w.yaml:1003: waivers[1000]: more than 1000") {
		t.Error(err)
	}
	// An entry that could not be read again is not drafted.
	cells := []bench.Cell{{Server: "other", Profile: "p", Scenario: "c", Verdict: bench.Failed}}
	checks := Evaluate([]Rule{rule(t, "verdict >= held")}, cells, func(string) (bench.Family, bool) { return bench.Family{}, false })
	if _, err := DraftWaivers("w.yaml", text(MostWaivers), checks, cells, "run", day("2026-11-21")); err == nil || !strings.Contains(err.Error(), "1001 entries would be more than 1000") {
		t.Error(err)
	}
}
