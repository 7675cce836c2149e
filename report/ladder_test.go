package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

func ladderOf(change func(*bench.Ladder)) bench.Ladder {
	at := func(x float64) *float64 { return &x }
	l := bench.Ladder{
		Run: "20261130-100000-0000", Server: "gunicorn", Version: "27.0.1", Profile: "hardened", Family: "wedge",
		Rungs: []bench.Rung{
			{Scenario: "wedge-1pct", Ratio: 1, Verdict: bench.Held, H: at(99.94)},
			{Scenario: "wedge-2pct", Ratio: 2, Verdict: bench.Invalid, Reason: "the host | stalled"},
			{Scenario: "wedge-5pct", Ratio: 5, Verdict: bench.Failed, H: at(34), Reason: "8 of 8 slots held"},
		},
		Holds: at(1), Fails: at(5), Between: []string{"wedge-2pct"},
		Theory: &bench.Theory{Slots: 8, Hold: 3, Below: 8.0 / 3},
		Honest: bench.LongestHonest{Watchdog: 3, Serves: 2.8, Ends: 3.3},
	}
	if change != nil {
		change(&l)
	}
	return l
}

func TestLadderWords(t *testing.T) {
	none := func(l *bench.Ladder) { l.Between = nil }
	for name, tt := range map[string]struct {
		change func(*bench.Ladder)
		want   []string
	}{
		"all of it": {nil, []string{
			"holds 1 %, fails 5 %; in between, nothing can be said of wedge-2pct",
			"theory: R·p·τ < slots: 8 slots, each held for 3.0 s, last an hour of ratios below 2.67 %",
			"longest honest request: 2.8 s is served, 3.3 s is not; the documented watchdog is 3 s",
		}},
		"nothing fails, no watchdog": {func(l *bench.Ladder) {
			none(l)
			l.Fails, l.Theory = nil, &bench.Theory{Slots: 1, Below: 1.0 / 3600}
			l.Honest = bench.LongestHonest{Serves: 30}
		}, []string{
			"holds 1 %, and no higher ratio was seen to fail",
			"theory: R·p·τ < slots: 1 slot, held without end, lasts an hour of ratios below 0.000278 %",
			"longest honest request: at least 30.0 s, the longest tried; no watchdog is documented",
		}},
		"nothing holds": {func(l *bench.Ladder) {
			none(l)
			l.Holds, l.Theory = nil, nil
			l.Honest = bench.LongestHonest{Watchdog: 3, Ends: 0.4}
		}, []string{
			"fails 5 %, and no lower ratio was seen to hold",
			"longest honest request: less than 0.4 s; the documented watchdog is 3 s",
		}},
		"broken": {func(l *bench.Ladder) { l.Rungs[0].Verdict, l.Theory, l.Honest.Note = bench.Broken, nil, "not measured" }, []string{
			"the server does not serve properly even without faults", "longest honest request: not measured",
		}},
	} {
		if got := strings.Join(LadderWords(ladderOf(tt.change)), "\n"); got != strings.Join(tt.want, "\n") {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, strings.Join(tt.want, "\n"))
		}
	}
}

func TestLadderIsPrinted(t *testing.T) {
	for format, want := range map[string][]string{
		"table":    {"gunicorn 27.0.1 hardened, wedge\n", "wedge-1pct  ✓ held     99.9 %", "wedge-2pct  ? invalid       –\n  └ the host | stalled\n", "\nresults  here\n"},
		"markdown": {"**gunicorn 27.0.1 hardened, wedge**", "| wedge-5pct | ✗ failed | 34.0 % | 8 of 8 slots held |", "the host \\| stalled |\n", "- theory: "},
		"json":     {`"schema": "benchrun.ladder/v1"`, `"holds": 1`, `"longest_honest": {`},
	} {
		var out bytes.Buffer
		if err := (Outlets{Stdout: &out, Format: format}).Ladder(ladderOf(nil), "here"); err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(out.String(), w) {
				t.Errorf("%s: %q is missing in\n%s", format, w, out.String())
			}
		}
		if format == "json" && !json.Valid(out.Bytes()) {
			t.Error("not JSON")
		}
	}
}

// What says nothing is never told as an answer, by the exit code either.
func TestLadderErr(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*bench.Ladder)
		fails  bool
	}{
		"something in between says nothing": {nil, true},
		"a bracket":                         {func(l *bench.Ladder) { l.Between = nil }, false},
		"no ratio says anything":            {func(l *bench.Ladder) { l.Between, l.Holds, l.Fails = nil, nil, nil }, true},
		"no honest request":                 {func(l *bench.Ladder) { l.Between, l.Honest.Note = nil, "not measured" }, true},
	} {
		if got := ladderOf(tt.change).Err() != nil; got != tt.fails {
			t.Errorf("%s: an error: %v", name, got)
		}
	}
}
