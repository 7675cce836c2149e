package calibrate

import (
	"testing"

	"benchrun/internal/bench"
	"benchrun/report"
)

// Each verdict that may come, against each that must.
func TestOutcomes(t *testing.T) {
	sound, flawed, spoiled := cases(t, "wedge")[0], cases(t, "wedge")[1], cases(t, "dead-control")[1]
	told := cases(t, "legit-slow")[1]
	for _, tt := range []struct {
		name   string
		c      Case
		seen   bench.Verdict
		reason string
		want   report.CalibrationOutcome
	}{
		{"sound and held", sound, bench.Held, "served all", report.AsExpected},
		{"sound and failed", sound, bench.Failed, "collapses", report.WrongVerdict},
		{"sound and broken", sound, bench.Broken, "", report.WrongVerdict},
		{"sound on a busy host", sound, bench.Invalid, "the generator was late", report.NotMeasured},
		{"flawed and failed", flawed, bench.Failed, "collapses", report.AsExpected},
		{"flawed and held", flawed, bench.Held, "served all", report.WrongVerdict},
		{"flawed and no more than degraded", flawed, bench.Degraded, "", report.WrongVerdict},
		{"flawed on a busy host", flawed, bench.Invalid, "", report.NotMeasured},
		{"flawed, and the flaw not found", told, bench.Failed, "collapses", report.WrongVerdict},
		{"flawed, and the flaw found", told, bench.Failed, "honest requests lost: 9 of 9", report.AsExpected},
		{"noticed", spoiled, bench.Invalid, "the whole record is in doubt: control-dead (x)", report.AsExpected},
		{"not noticed", spoiled, bench.Failed, "collapses", report.WrongVerdict},
		{"not noticed, and held", spoiled, bench.Held, "", report.WrongVerdict},
		{"something else was noticed", spoiled, bench.Invalid, "the generator was late", report.NotMeasured},
		{"not for this machine", flawed, bench.Unsupported, "this machine cannot do it", report.NotMeasured},
		{"spoiled, and not for this machine", spoiled, bench.Unsupported, "", report.NotMeasured},
		{"nothing was said", spoiled, bench.Invalid, "", report.NotMeasured},
	} {
		cell := bench.Cell{Server: "reference", Profile: tt.c.Cell.Profile, Scenario: tt.c.Cell.Scenario.Name(), Verdict: tt.seen}
		if tt.reason != "" {
			cell.Reasons = []string{tt.reason, "and more"}
		}
		row := Compare([]Case{tt.c}, bench.Run{Cells: []bench.Cell{cell}})[0]
		if row.Outcome != tt.want || row.Seen != tt.seen || row.Reason != tt.reason || row.Expected != tt.c.Expected {
			t.Errorf("%s: %+v, want %s", tt.name, row, tt.want)
		}
	}
}

// What a run that broke off did not come to is not measured, and a cell that is
// another's never counts.
func TestRunThatBrokeOff(t *testing.T) {
	pair := cases(t, "wedge")
	run := bench.Run{Cells: []bench.Cell{{Server: "reference", Profile: "default", Scenario: "wedge-1pct", Verdict: bench.Held}}}
	rows := Compare(pair, run)
	if rows[0].Outcome != report.AsExpected || rows[1].Outcome != report.NotMeasured || rows[1].Reason != "not run" {
		t.Errorf("%+v", rows)
	}
	run.Cells[0].Profile, run.Cells[0].Verdict = "no-watchdog", bench.Failed // the second one ended first
	if rows := Compare(pair, run); rows[0].Outcome != report.NotMeasured || rows[1].Outcome != report.AsExpected {
		t.Errorf("with the second cell alone: %+v", rows)
	}
	run.Cells[0].Scenario = "segfault-1pct"
	if rows := Compare(pair, run); rows[1].Outcome != report.NotMeasured {
		t.Errorf("another's cell counts: %+v", rows[1])
	}
}
