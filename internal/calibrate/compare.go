package calibrate

import (
	"slices"
	"strings"

	"benchrun/internal/bench"
	"benchrun/report"
)

// Compare sets the cells of a run against the cases that they were run for, which have
// different names. A run that broke off has only some of them.
func Compare(cases []Case, run bench.Run) []report.CalibrationRow {
	rows := make([]report.CalibrationRow, len(cases))
	for i, c := range cases {
		row := report.CalibrationRow{
			Scenario: c.Cell.Scenario.Name(), Profile: c.Cell.Profile, Planted: c.Planted, Null: c.Null,
			Expected: c.Expected, Cause: c.Cause,
			Outcome: report.NotMeasured, Reason: "not run",
		}
		if at := slices.IndexFunc(run.Cells, func(seen bench.Cell) bool { return seen.Name() == c.Cell.Name() }); at >= 0 {
			seen := run.Cells[at]
			row.Seen, row.Outcome, row.Flags = seen.Verdict, outcome(c, seen), seen.Flags
			if row.Reason = ""; len(seen.Reasons) > 0 {
				row.Reason = seen.Reasons[0]
			}
		}
		rows[i] = row
	}
	return rows
}

// outcome says what a verdict is worth. Invalid and unsupported claim nothing and so
// are never wrong; but where another verdict was due, or another cause, they leave
// the question open.
func outcome(c Case, seen bench.Cell) report.CalibrationOutcome {
	switch {
	case seen.Verdict == bench.Unsupported, seen.Verdict == bench.Invalid && c.Expected != bench.Invalid:
		return report.NotMeasured
	case seen.Verdict != c.Expected:
		return report.WrongVerdict
	case !strings.Contains(strings.Join(seen.Reasons, "\n"), c.Cause):
		if c.Planted && c.Expected == bench.Failed { // it failed, and the flaw was not found
			return report.WrongVerdict
		}
		return report.NotMeasured
	}
	return report.AsExpected
}
