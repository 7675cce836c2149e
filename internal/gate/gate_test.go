package gate

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

var families = map[string]bench.Family{
	"wedge":       {ID: "wedge", Traits: bench.Traits{Proof: bench.ProofReceipt, Holds: bench.UntilEnded}},
	"slow-upload": {ID: "slow-upload", Traits: bench.Traits{Proof: bench.ProofBytes, Holds: 30e9}},
	"leak":        {ID: "leak", Traits: bench.Traits{LeakBytes: 1}},
}

func family(id string) (bench.Family, bool) { f, ok := families[id]; return f, ok }

func rule(t *testing.T, text string) Rule {
	t.Helper()
	r, err := ParseRule("--fail-on", text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestResolve(t *testing.T) {
	cells := []Selected{
		{Name: "a/default/wedge-1pct", Family: families["wedge"]},
		{Name: "a/hardened/slow-upload-1pct", Family: families["slow-upload"]},
		{Name: "b/default/wedge-1pct", Family: families["wedge"], Unsupported: true},
	}
	for _, tt := range []struct{ rule, want string }{
		{"verdict >= held", ""},
		{"*/*/wedge-*: reclaimed >= 90", ""},
		{"*/*/slow-*: h > 95", ""},
		{"c: h > 95", "selects no cell of this run; the run has a/default/wedge-1pct"},
		{"b: h > 95", "unsupported"},
		{"*/*/slow-*: reclaimed >= 90", "reclaimed is not measured in any cell"},
		{"memory_kept < 50", "memory_kept is not measured in any cell"},
		{"leak_kept < 50", "leak_kept is not measured in any cell"},
	} {
		err := Resolve([]Rule{rule(t, "verdict >= failed"), rule(t, tt.rule)}, cells)
		var usage *bench.UsageError
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: %v", tt.rule, err)
		case tt.want != "" && (!errors.As(err, &usage) || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), tt.rule)):
			t.Errorf("%s: %v, want %q", tt.rule, err, tt.want)
		}
	}
}

func TestEvaluate(t *testing.T) {
	value := func(v float64, censored string) bench.Measure {
		return bench.Measure{Value: &v, Unit: "s", Censored: censored}
	}
	cell := func(v bench.Verdict, m bench.Measure) bench.Cell {
		return bench.Cell{Server: "a", Profile: "default", Scenario: "wedge-1pct", Family: "wedge", Verdict: v,
			Measures: bench.Measures{"time_to_recover": m, "time_to_collapse": m}}
	}
	limited := func(v bench.Verdict) bench.Cell {
		c := cell(v, bench.Measure{})
		c.Flags = []string{bench.FlagWindowLimited}
		return c
	}
	for _, tt := range []struct {
		name, rule string
		cell       bench.Cell
		want       Outcome
		seen       string
	}{
		{"kept", "time_to_recover <= 10s", cell(bench.Held, value(10, "")), Kept, "10 s"},
		{"broken", "time_to_recover < 10s", cell(bench.Held, value(10, "")), Broken, "10 s"},
		{"censored is broken", "time_to_recover <= 10s", cell(bench.Failed, value(5, ">")), Broken, "> 5 s"},
		{"a bound that is enough", "time_to_collapse >= 5s", cell(bench.Held, value(5, ">")), Kept, "> 5 s"},
		{"a bound that is not enough", "time_to_collapse >= 10s", cell(bench.Held, value(5, ">")), Broken, "> 5 s"},
		{"equality needs the value", "time_to_collapse != 4s", cell(bench.Held, value(5, ">")), Broken, "> 5 s"},
		{"missing", "time_to_recover <= 10s", cell(bench.Held, bench.Measure{}), Unmeasured, "nothing to measure"},
		{"not there at all", "latency_p99 <= 10s", cell(bench.Degraded, bench.Measure{}), Unmeasured, "nothing to measure"},
		{"nobody was answered", "latency_p99 <= 10s", cell(bench.Failed, bench.Measure{}), Broken, "nothing to measure, for the cell is failed"},
		{"never served", "h >= 95", cell(bench.Broken, bench.Measure{}), Broken, "nothing to measure, for the cell is broken"},
		{"still within its grace", "survivors == 0", limited(bench.Held), Unmeasured, withinGrace},
		{"failed, and still within its grace", "needed_sigkill == 0", limited(bench.Failed), Unmeasured, withinGrace},
		{"what its grace does not matter for", "h >= 95", limited(bench.Failed), Broken, "nothing to measure, for the cell is failed"},
		{"missing, and neither good nor bad", "worker_deaths <= 3", cell(bench.Failed, bench.Measure{}), Unmeasured, "nothing to measure"},
		{"invalid", "time_to_recover <= 10s", cell(bench.Invalid, value(1, "")), Unmeasured, "invalid"},
		{"invalid verdict", "verdict >= failed", cell(bench.Invalid, value(1, "")), Unmeasured, "invalid"},
		{"verdict", "verdict >= degraded", cell(bench.Degraded, value(1, "")), Kept, "degraded"},
		{"worse verdict", "verdict >= degraded", cell(bench.Failed, value(1, "")), Broken, "failed"},
		{"broken server", "verdict != failed", cell(bench.Broken, value(1, "")), Kept, "broken"},
	} {
		checks := Evaluate([]Rule{rule(t, tt.rule)}, []bench.Cell{tt.cell}, family)
		if len(checks) != 1 || checks[0].Outcome != tt.want || checks[0].Seen != tt.seen {
			t.Errorf("%s: %+v, want %s, seen %q", tt.name, checks, tt.want, tt.seen)
		}
	}
}

func TestEvaluateSkips(t *testing.T) {
	cells := []bench.Cell{
		{Server: "a", Profile: "p", Scenario: "slow-upload-1pct", Family: "slow-upload", Verdict: bench.Held},
		{Server: "b", Profile: "p", Scenario: "wedge-1pct", Family: "wedge", Verdict: bench.Unsupported},
		{Server: "c", Profile: "p", Scenario: "odd-1pct", Family: "odd", Verdict: bench.Held},
	}
	checks := Evaluate([]Rule{rule(t, "reclaimed > 50")}, cells, family)
	if len(checks) != 1 || checks[0].Cell != "c/p/odd-1pct" {
		t.Errorf("%v", checks)
	}
	text := Check{Rule: rule(t, "*/*/*: h >= 98"), Cell: "c/p/odd-1pct", Seen: "12 %"}.String()
	if text != "c/p/odd-1pct: want h >= 98, seen 12 %" {
		t.Error(text)
	}
}

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	file := func(text string) string {
		path := filepath.Join(dir, "gate.txt")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	rules, err := ReadFile(file("# what we block on\n\n  verdict >= degraded # for a start\n*/hardened/*: survivors == 0\n"))
	if err != nil || len(rules) != 2 || rules[1].Place != filepath.Join(dir, "gate.txt")+":4" {
		t.Errorf("%+v, %v", rules, err)
	}
	for _, tt := range []struct{ path, want string }{
		{file("verdict >= degraded\nspeed > 9\n"), "gate.txt:2: rule"},
		{filepath.Join(dir, "none.txt"), "no such file"},
		{dir, "is a directory"},
	} {
		if _, err := ReadFile(tt.path); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.path, err)
		}
	}
	if _, err := ReadFile(file("# nothing\n")); err == nil || !strings.Contains(err.Error(), "no rule") {
		t.Errorf("%v", err)
	}
}

// Worst is the outcome of all checks together: broken before unmeasured before
// kept. Waived checks count as kept. Without any check it is unmeasured.
func Worst(checks []Check) Outcome {
	has := func(o Outcome) bool {
		return slices.ContainsFunc(checks, func(c Check) bool { return c.Outcome == o })
	}
	switch {
	case has(Broken):
		return Broken
	case has(Unmeasured), len(checks) == 0:
		return Unmeasured
	}
	return Kept
}

// Measures of what stays apply to families whose clients vanish; nothing is replaced there.
func TestMeasuresOfWhatStays(t *testing.T) {
	vanishes := bench.Family{ID: "x", Traits: bench.Traits{Vanishes: true}}
	renews := bench.Family{ID: "x", Traits: bench.Traits{Expects: bench.ExpectsRenewal}}
	for _, m := range []string{"fds_per_fault", "threads_per_fault", "memory_per_fault", "close_wait_per_fault", "files_per_fault", "cpus_kept"} {
		if !Applies(m, vanishes) || Applies(m, families["wedge"]) {
			t.Errorf("%s: of clients that vanish %v, of a wedge %v", m, Applies(m, vanishes), Applies(m, families["wedge"]))
		}
	}
	if Applies("time_to_replace", vanishes) || Applies("cpus_kept", renews) {
		t.Error("a measure applies where nothing can be measured")
	}
}

// Measures about replaced workers apply only to families that replace workers.
func TestMeasuresOfRenewal(t *testing.T) {
	renews := bench.Family{ID: "x", Traits: bench.Traits{Expects: bench.ExpectsRenewal}}
	for _, m := range []string{"time_to_replace", "fds_per_fault", "threads_per_fault", "memory_per_fault"} {
		if !Applies(m, renews) || Applies(m, families["wedge"]) {
			t.Errorf("%s: of a renewal %v, of a wedge %v", m, Applies(m, renews), Applies(m, families["wedge"]))
		}
	}
}

// A measure tells of a mix what it tells of any of its families.
func TestMeasuresOfMixes(t *testing.T) {
	mix := bench.Family{ID: "a-mix", Mix: []bench.Scenario{
		{Family: bench.Family{ID: "holds", Traits: bench.Traits{Proof: bench.ProofReceipt, Holds: bench.UntilEnded}}},
		{Family: bench.Family{ID: "honest", Traits: bench.Traits{MustComplete: true}}},
	}}
	for measure, want := range map[string]bool{"h": true, "reclaimed": true, "honest_lost": true, "memory_kept": false, "cpus_kept": false} {
		if Applies(measure, mix) != want {
			t.Errorf("%s applies: %v", measure, !want)
		}
	}
}
