package gate

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

func TestParseRule(t *testing.T) {
	for _, tt := range []struct {
		text, selector, measure, op string
		value                       float64
	}{
		{"*/hardened/wedge-*: time_to_recover <= 10s", "*/hardened/wedge-*", "time_to_recover", "<=", 10},
		{"time_to_recover<=10", "", "time_to_recover", "<=", 10},
		{"gunicorn: time_to_recover < 500ms", "gunicorn", "time_to_recover", "<", 0.5},
		{"time_to_collapse > 2 min", "", "time_to_collapse", ">", 120},
		{"h >= 97.5%", "", "h", ">=", 97.5},
		{"latency_p99 < 0.2 s", "", "latency_p99", "<", 200},
		{"memory_peak <= 1GiB", "", "memory_peak", "<=", 1024},
		{"survivors == 0", "", "survivors", "==", 0},
		{"needed_sigkill != 1", "", "needed_sigkill", "!=", 1},
		{"memory_growth <= -5 MiB", "", "memory_growth", "<=", -5},
		{"retention <= 100%", "", "retention", "<=", 100},
		{"retention >= 101", "", "retention", ">=", 101},
		{"memory_kept >= 120", "", "memory_kept", ">=", 120},
		{"stop_code == 143", "", "stop_code", "==", 143},
	} {
		r, err := ParseRule("--fail-on", tt.text)
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
			continue
		}
		if r.Selector != tt.selector || r.Measure != tt.measure || r.Op != tt.op || r.Value != tt.value {
			t.Errorf("%s: %+v", tt.text, r)
		}
	}
	r, err := ParseRule("--fail-on", "a/b/c: verdict >= degraded")
	if err != nil || r.Measure != Verdict || r.Least != bench.Degraded {
		t.Errorf("%+v, %v", r, err)
	}
}

// Rules that make no sense are refused before anything runs, and the error names them.
func TestParseRuleRefuses(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"", "not a rule"},
		{"time_to_recover", "not a rule"},
		{"time_to_recover <=", `"=" is not a figure`},
		{"<= 10s", "not a rule"},
		{"time_to_recover = 10s", "= is no comparison"},
		{"time_to_recovery <= 10s", `unknown measure "time_to_recovery"; did you mean "time_to_recover"?`},
		{"verdcit >= held", `unknown measure "verdcit"; did you mean "verdict"?`},
		{"speed >= 1", `unknown measure "speed"; benchrun list measures`},
		{"time_to_recover <= soon", `"soon" is not a figure`},
		{"time_to_recover <= 1e400", `is not a figure`},
		{"time_to_recover <= 10MiB", "time_to_recover is in s, not in MiB"},
		{"survivors <= 1s", "survivors is in processes, not in s"},
		{"port_freed == 1s", "port_freed is in plain numbers, not in s"},
		{"h > 100", "h is never so"},
		{"h >= 100.5", "h is never so"},
		{"h >= 0", "h is always so"},
		{"h <= 100", "h is always so"},
		{"time_to_recover < 0", "time_to_recover is never so"},
		{"time_to_recover >= 0", "time_to_recover is always so"},
		{"survivors == -1", "survivors is never so"},
		{"valid_seconds >= 100000", "valid_seconds is never so"},
		{"faults_delivered > 400000", "faults_delivered is never so"},
		{"survivors == 0.5", "survivors is never so"},
		{"port_freed == 0.5", "port_freed is never so"},
		{"valid_seconds == 1.5", "valid_seconds is never so"},
		{"needed_sigkill != 0.5", "needed_sigkill is always so"},
		{"port_freed <= 1", "port_freed is always so"},
		{"a/b/c/d: h > 95", "more than three parts"},
		{"[a: h > 95", "is not a glob"},
		{"verdict >= hold", `unknown verdict "hold"; did you mean "held"?`},
		{"verdict == failed", "held would break this one"},
		{"verdict <= degraded", "held would break this one"},
		{"verdict > held", "no verdict is ever so"},
		{"verdict < broken", "no verdict is ever so"},
		{"verdict >= broken", "every verdict is always so: the rule cannot be broken"},
		{"verdict <= held", "every verdict is always so"},
		{"stop_code > 255", "stop_code is never so"},
		{"stop_code <= 255", "stop_code is always so"},
		{"longest_outage <= 3600s", "longest_outage is always so"},
		{"lost_late <= 400000", "lost_late is always so"},
		{"lateness_p99 >= 0", "lateness_p99 is always so"},
		{"verdict != invalid", "no rule can ask for it"},
		{"verdict >= unsupported", "no rule can ask for it"},
	} {
		_, err := ParseRule("gate.txt:3", tt.text)
		var usage *bench.UsageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "gate.txt:3: rule ") {
			t.Errorf("%q: %v, want %q", tt.text, err, tt.want)
		}
	}
}

func TestSelects(t *testing.T) {
	for _, tt := range []struct {
		selector, cell string
		want           bool
	}{
		{"", "gunicorn/default/wedge-1pct", true},
		{"gunicorn", "gunicorn/default/wedge-1pct", true},
		{"gunicorn/hardened", "gunicorn/default/wedge-1pct", false},
		{"*/*/wedge-*", "gunicorn/default/wedge-1pct", true},
		{"*/*/wedge-*", "gunicorn/default/segfault-1pct", false},
		{"g*n/de*", "gunicorn/default/wedge-1pct", true},
		{"*", "gunicorn/default/wedge-1pct", true},
		{"*/*/*", "gunicorn", false},
	} {
		if got := (Rule{Selector: tt.selector}).Selects(tt.cell); got != tt.want {
			t.Errorf("%q selects %s: %v", tt.selector, tt.cell, got)
		}
	}
}

// FuzzParseRule: any text gives either a rule that can be kept and broken, or a
// usage error.
func FuzzParseRule(f *testing.F) {
	for _, seed := range []string{"h >= 95", "verdict >= held", "a/b/c: survivors == 0", "x: y <= 1e9", "[: h < 1", ": h > 2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ParseRule("p", text)
		var usage *bench.UsageError
		if err != nil && !errors.As(err, &usage) {
			t.Fatalf("%q: %v is no usage error", text, err)
		}
		if err == nil && r.Measure == "" {
			t.Fatalf("%q: %+v", text, r)
		}
	})
}

// The figures of real servers lie within bounds.
func TestFiguresOfRealServersAreWithinBounds(t *testing.T) {
	text, err := os.ReadFile("../../docs/results/run.json")
	if err != nil {
		t.Fatal(err)
	}
	var run bench.Run
	if err := json.Unmarshal(text, &run); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, c := range run.Cells {
		for _, spec := range bench.MeasureTable {
			m := c.Measures[spec.Name]
			if m.Value == nil {
				continue
			}
			seen++
			if low, high := bounds(spec); *m.Value < low || *m.Value > high {
				t.Errorf("%s: %s is %v, not between %v and %v", c.Name(), spec.Name, *m.Value, low, high)
			}
		}
	}
	if seen < len(run.Cells)*10 {
		t.Errorf("%d figures of %d cells", seen, len(run.Cells))
	}
}
