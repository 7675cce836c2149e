package stored

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"benchrun/internal/bench"
	"benchrun/internal/gate"
	"benchrun/report"
	"benchrun/scenarios"
)

// What a run came to depends on whether it was measured now: judging again is not
// measuring.
func TestDelivery(t *testing.T) {
	t.Setenv("GITHUB_ACTIONS", "")
	broke := errors.New("no network")
	rule, strict := gate.Demands{Rules: []string{"verdict >= held"}}, gate.Demands{Strict: true}
	for _, tt := range []struct {
		name         string
		verdict      bench.Verdict
		demands      gate.Demands
		broke        error
		damaged      []string
		fresh, again error
	}{
		{"held", bench.Held, gate.Demands{}, nil, nil, nil, nil},
		{"invalid", bench.Invalid, gate.Demands{}, nil, nil, bench.ErrUnmeasured, nil},
		{"invalid under a rule", bench.Invalid, rule, nil, nil, bench.ErrUnmeasured, bench.ErrUnmeasured},
		{"invalid under strict", bench.Invalid, strict, nil, nil, bench.ErrUnmeasured, bench.ErrUnmeasured},
		{"broken", bench.Failed, rule, nil, nil, bench.ErrCheckFailed, bench.ErrCheckFailed},
		{"incomplete", bench.Held, gate.Demands{}, broke, nil, broke, nil},
		{"incomplete under a rule", bench.Held, rule, broke, nil, broke, bench.ErrUnmeasured},
		{"incomplete, and a rule is broken", bench.Failed, rule, broke, nil, bench.ErrCheckFailed, bench.ErrCheckFailed},
		{"damaged", bench.Held, gate.Demands{}, nil, []string{"records/x"}, nil, bench.ErrUnmeasured},
		{"damaged, and a rule is broken", bench.Failed, rule, nil, []string{"records/x"}, bench.ErrCheckFailed, bench.ErrCheckFailed},
	} {
		run := bench.Run{ID: "r", Cells: []bench.Cell{{Server: "s", Profile: "p", Scenario: "wedge-1pct", Family: "wedge", FamilyVer: 1, Verdict: tt.verdict, Flags: []string{}}}}
		tt.demands.StrictFlags, tt.demands.Family = []string{bench.FlagFlaky}, scenarios.Family
		g, err := tt.demands.Resolve(t.Context(), Selected(run), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		var stdout, stderr bytes.Buffer
		out := report.Outlets{Stdout: &stdout, Stderr: &stderr, Format: "csv"}
		d := Delivery{Run: run, Folder: "folder", Gate: g, Damaged: tt.damaged, Broke: tt.broke}
		if got := d.Fresh(out); !errors.Is(got, tt.fresh) || tt.fresh == nil && got != nil {
			t.Errorf("%s, measured now: %v, want %v", tt.name, got, tt.fresh)
		}
		told := stdout.String() + stderr.String()
		if got := d.Again(out); !errors.Is(got, tt.again) || tt.again == nil && got != nil {
			t.Errorf("%s, judged again: %v, want %v", tt.name, got, tt.again)
		}
		if again := stdout.String() + stderr.String(); len(again) != 2*len(told) || !strings.Contains(told, "wedge-1pct") {
			t.Errorf("%s: told %q, then %q", tt.name, told, again)
		}
		if asked := strings.Contains(stderr.String(), "gate: "); asked != (len(tt.demands.Rules) > 0) {
			t.Errorf("%s: stderr %q", tt.name, stderr.String())
		}
	}
}

// A run, a duel or a ladder that measured nothing prints nothing.
func TestDeliveryOfNothing(t *testing.T) {
	t.Setenv("GITHUB_ACTIONS", "")
	var stdout, stderr bytes.Buffer
	out, broke := report.Outlets{Stdout: &stdout, Stderr: &stderr}, errors.New("no network")
	if err := (Delivery{Run: bench.Run{ID: "r"}, Broke: broke}).Fresh(out); err != broke { //nolint:errorlint // this very value
		t.Error(err)
	}
	if err := FreshDuel(out, bench.Run{}, bench.Duel{}, "", broke); err != broke { //nolint:errorlint // this very value
		t.Error(err)
	}
	if err := FreshLadder(out, bench.Run{ID: "r"}, bench.Ladder{}, "", broke); err != broke { //nolint:errorlint // this very value
		t.Error(err)
	}
	if told := stdout.String() + stderr.String(); told != "" {
		t.Errorf("told %q", told)
	}
	duel := bench.Duel{Bouts: []bench.Bout{{Scenario: "wedge-1pct", Answer: bench.DuelWorse}}}
	if err := FreshDuel(out, bench.Run{ID: "r"}, duel, "folder", broke); !errors.Is(err, bench.ErrCheckFailed) || !errors.Is(err, broke) {
		t.Error(err)
	}
	if told := stdout.String(); !strings.Contains(told, "wedge-1pct") || !strings.HasSuffix(told, "\nresults  folder\n") {
		t.Errorf("told %q", told)
	}
}
