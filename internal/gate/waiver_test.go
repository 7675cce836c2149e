package gate

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"benchrun/internal/bench"
)

func day(text string) time.Time {
	t, err := time.Parse(dayForm, text)
	if err != nil {
		panic(err)
	}
	return t
}

const today = "2026-11-21"

func waiver(cell string, v bench.Verdict) Waiver {
	return Waiver{Cell: cell, Verdict: v, Reason: "no watchdog", Expires: day("2027-01-31"), Place: "w.yaml:4"}
}

func TestWaive(t *testing.T) {
	const name = "s/p/wedge-1pct"
	for _, tt := range []struct {
		name    string
		rules   []string
		verdict bench.Verdict
		waivers []Waiver
		want    Outcome
		told    string
	}{
		{"no waiver", []string{"verdict >= held"}, bench.Failed, nil, Broken, ""},
		{"as expected", []string{"verdict >= held"}, bench.Failed, []Waiver{waiver(name, bench.Failed)}, Waived, ""},
		{"by a glob", []string{"verdict >= held"}, bench.Failed, []Waiver{waiver("*/p/wedge-*", bench.Failed)}, Waived, ""},
		{"of another cell", []string{"verdict >= held"}, bench.Failed, []Waiver{waiver("*/q", bench.Failed)}, Broken, ""},
		{"worse", []string{"verdict >= held"}, bench.Broken, []Waiver{waiver(name, bench.Failed)}, Broken, name + ": broken is worse than w.yaml:4 expects failed (no watchdog)"},
		{"better, but still broken", []string{"verdict >= held"}, bench.Degraded, []Waiver{waiver(name, bench.Failed)}, Waived, "unexpected pass: degraded, where w.yaml:4 expects failed"},
		{"an unexpected pass", []string{"verdict >= held"}, bench.Held, []Waiver{waiver(name, bench.Failed)}, Kept, name + ": unexpected pass: held"},
		{"a figure in a cell as expected", []string{"h >= 98"}, bench.Failed, []Waiver{waiver(name, bench.Failed)}, Waived, ""},
		{"a figure in a cell that held", []string{"h >= 98"}, bench.Held, []Waiver{waiver(name, bench.Held)}, Waived, ""},
		{"nothing to waive in a cell that held", []string{"h >= 10"}, bench.Held, []Waiver{waiver(name, bench.Held)}, Kept, "breaks nothing that w.yaml:4 would waive"},
		{"a rule that is kept", []string{"verdict >= failed"}, bench.Failed, []Waiver{waiver(name, bench.Failed)}, Kept, ""},
		{"invalid", []string{"verdict >= held"}, bench.Invalid, []Waiver{waiver(name, bench.Broken)}, Unmeasured, ""},
		{"no figure, for it failed", []string{"reclaimed >= 50"}, bench.Failed, []Waiver{waiver(name, bench.Failed)}, Waived, ""},
		{"no figure", []string{"reclaimed >= 50"}, bench.Degraded, []Waiver{waiver(name, bench.Degraded)}, Unmeasured, ""},
		{"the laxer of two waives, the stricter is asked", []string{"verdict >= held"}, bench.Failed, []Waiver{waiver("*", bench.Degraded), waiver(name, bench.Failed)}, Waived, ""},
		{"better than the laxer of two", []string{"verdict >= held"}, bench.Degraded, []Waiver{waiver(name, bench.Failed), waiver("*", bench.Degraded)}, Waived, ""},
	} {
		var rules []Rule
		for _, r := range tt.rules {
			rules = append(rules, rule(t, r))
		}
		h := 50.0
		cell := measuredCell(tt.verdict, h)
		cell.Measures = bench.Measures{"h": {Value: &h, Unit: "%"}}
		cells := []bench.Cell{with(cell, func(c *bench.Cell) { c.Server = "first" }), cell}
		checks := Evaluate(rules, cells[1:], family)
		for i := range checks {
			checks[i].Index++
		}
		before := slices.Clone(checks)
		got, told := Waive(checks, cells, tt.waivers, day(today))
		if got[0].Outcome != tt.want || (got[0].Waiver != nil) != (tt.want == Waived) {
			t.Errorf("%s: %+v, want %s", tt.name, got[0], tt.want)
		}
		if !slices.Equal(checks, before) {
			t.Errorf("%s: what was given has changed", tt.name)
		}
		told = slices.DeleteFunc(told, func(s string) bool { return strings.HasPrefix(s, "first/") })
		if s := strings.Join(told, "\n"); !strings.Contains(s, tt.told) || tt.told == "" && s != "" {
			t.Errorf("%s: told %q, want %q", tt.name, told, tt.told)
		}
	}
}

// A waiver also covers a check against a baseline, but not a cell that is missing
// from the run.
func TestWaiveBaseline(t *testing.T) {
	gap := with(measuredCell(bench.Held, 99), func(c *bench.Cell) { c.Profile = "q" })
	now := runOf(measuredCell(bench.Failed, 1), with(gap, func(c *bench.Cell) { c.Server = "t" }))
	checks := Compare(runOf(measuredCell(bench.Held, 99), gap), now).Checks
	got, _ := Waive(checks, now.Cells, []Waiver{waiver("s", bench.Failed)}, day(today))
	if len(got) != 2 || got[0].Outcome != Waived || got[1].Outcome != Unmeasured || Worst(got[:1]) == Broken || Worst(got) != Unmeasured {
		t.Errorf("%+v", got)
	}
	if s := got[0].String(); !strings.HasSuffix(s, "; expected until 2027-01-31: no watchdog (w.yaml:4)") {
		t.Error(s)
	}
}

// A waiver is valid through its last day in UTC, whatever the clock's zone. After it
// expires, it still waives, and a note says so.
func TestExpiry(t *testing.T) {
	cells := []bench.Cell{measuredCell(bench.Failed, 1)}
	checks := Evaluate([]Rule{rule(t, "verdict >= held")}, cells, family)
	west := time.FixedZone("west", -8*3600)
	for _, tt := range []struct {
		now  time.Time
		told bool
	}{
		{day("2027-01-01"), false},
		{day("2027-01-31").Add(24*time.Hour - 1), false},
		{day("2027-02-01"), true},
		{time.Date(2027, 1, 31, 15, 59, 0, 0, west), false},
		{time.Date(2027, 1, 31, 16, 0, 0, 0, west), true},
		{day("2999-01-01"), true},
	} {
		got, told := Waive(checks, cells, []Waiver{waiver("s", bench.Failed), waiver("elsewhere", bench.Failed)}, tt.now)
		if got[0].Outcome != Waived {
			t.Errorf("%s: %s", tt.now, got[0].Outcome)
		}
		if (len(told) == 1) != tt.told || tt.told && !strings.Contains(told[0], "w.yaml:4: s: expired on 2027-01-31 and still waives") {
			t.Errorf("%s: %q", tt.now, told)
		}
	}
}

func TestResolveWaivers(t *testing.T) {
	told := ResolveWaivers([]Waiver{waiver("s/*/wedge-*", bench.Failed), waiver("t", bench.Failed)}, []Selected{{Name: "s/p/wedge-1pct"}})
	if len(told) != 1 || told[0] != "w.yaml:4: t matches no cell of this run" {
		t.Errorf("%q", told)
	}
}

const waiverText = `schema: benchrun.waivers/v1
waivers:
  - cell: s/default/wedge-*   # stock
    verdict: failed
    reason: no watchdog
    link: https://example.org/1
    expires: 2027-01-31
  - {cell: "t/*", verdict: degraded, reason: "it: slow", expires: "2026-12-31"}
`

func TestParseWaivers(t *testing.T) {
	got, err := ParseWaivers("w.yaml", []byte(waiverText))
	want := []Waiver{
		{"s/default/wedge-*", bench.Failed, "no watchdog", "https://example.org/1", day("2027-01-31"), "w.yaml:3"},
		{"t/*", bench.Degraded, "it: slow", "", day("2026-12-31"), "w.yaml:8"},
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	for _, text := range []string{"schema: benchrun.waivers/v1\n", "schema: benchrun.waivers/v1\nwaivers:\n", "schema: benchrun.waivers/v1\nwaivers: []\n"} {
		if got, err := ParseWaivers("w.yaml", []byte(text)); err != nil || len(got) != 0 {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

// Every error names file, line and field.
func TestParseWaiversRefuses(t *testing.T) {
	for _, tt := range []struct{ old, new, want string }{
		{waiverText, "", "w.yaml:1: the file is empty"},
		{waiverText, "# nothing\n", "w.yaml:1: the file is empty"},
		{waiverText, "[1, 2]", "w.yaml:1: file: want a mapping (field: value), found a list"},
		{waiverText, "a: [", "w.yaml:1: not YAML"},
		{waiverText, waiverText + "---\na: 1\n", "w.yaml: more than one YAML document"},
		{"waivers/v1", "waivers/v2", `w.yaml:1: schema: "benchrun.waivers/v2" is not`},
		{"schema: benchrun.waivers/v1", "# none", "w.yaml:1: schema: missing"},
		{"waivers:\n", "waiver:\n", "w.yaml:2: waiver: unknown field; did you mean \"waivers\"? known: schema, waivers"},
		{"  - cell: s/default/wedge-*   # stock", "  - cel: s", "w.yaml:3: waivers[0].cel: unknown field"},
		{"    verdict: failed\n", "", "w.yaml:3: waivers[0].verdict: missing"},
		{"    reason: no watchdog\n", "", "w.yaml:3: waivers[0].reason: missing"},
		{"    expires: 2027-01-31\n", "", "w.yaml:3: waivers[0].expires: missing"},
		{"verdict: failed", "verdict: fail", `w.yaml:4: waivers[0].verdict: "fail" is not one of broken failed degraded held`},
		{"verdict: failed", "verdict: invalid", `"invalid" is not one of`},
		{"verdict: failed", "verdict: [failed]", "w.yaml:4: waivers[0].verdict: want text, found a list"},
		{"link: https://example.org/1", "link:", "w.yaml:6: waivers[0].link: want a text"},
		{"link: https://example.org/1", "verdict: held", "w.yaml:6: waivers[0].verdict: appears twice"},
		{"2027-01-31", "2027-02-30", `w.yaml:7: waivers[0].expires: "2027-02-30" is not a day`},
		{"2027-01-31", "soon", `"soon" is not a day`},
		{`"t/*"`, `"a/b/c/d"`, "w.yaml:8: waivers[1].cell: selector \"a/b/c/d\" has more than three parts"},
		{`"t/*"`, `"[t"`, "is not a glob"},
		{`"t/*"`, `"s/default/wedge-*"`, "w.yaml:8: waivers[1].cell: s/default/wedge-* appears here twice, first at w.yaml:3"},
		{"  - {cell", "  - t\n  - {cell", "w.yaml:8: waivers[1]: want a mapping"},
	} {
		text := strings.Replace(waiverText, tt.old, tt.new, 1)
		if text == waiverText {
			t.Fatalf("%q is not in the example", tt.old)
		}
		_, err := ParseWaivers("w.yaml", []byte(text))
		var usage *bench.UsageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q for %q: %v, want %q", tt.new, tt.old, err, tt.want)
		}
	}
	if _, err := ReadWaivers(t.TempDir()); err == nil || !strings.Contains(err.Error(), "is a directory") {
		t.Errorf("%v", err)
	}
}

// FuzzParseWaivers: any text gives either complete waivers or a usage error.
func FuzzParseWaivers(f *testing.F) {
	f.Add(waiverText)
	f.Add("a: &x [*x]\n")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := ParseWaivers("w", []byte(text))
		var usage *bench.UsageError
		if err != nil && !errors.As(err, &usage) {
			t.Fatalf("%v is no usage error", err)
		}
		for _, w := range got {
			if w.Cell == "" || w.Verdict < bench.Broken || w.Place == "" {
				t.Fatalf("%+v", w)
			}
		}
	})
}
