package report

import (
	"bytes"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// besideRun has a cell that was made again alone, one with a neighbour, and one without.
func besideRun() bench.Run {
	run := sampleRun()
	first := run.Cells[0].Attempts[0]
	again := first
	first.Company, first.Disturbed, first.Published = 3, true, false
	again.Attempt = 2
	run.Cells[0].Attempts = []bench.Attempt{first, again}
	run.Cells[1].Attempts[0].Company = 1
	return run
}

// Reports say what ran beside an attempt, and that it was made again because of that.
func TestReportsTellWhatRanBeside(t *testing.T) {
	run := besideRun()
	const all = "other cells ran beside 2 of 8 attempts, up to 4 cells at once; 1 was made again alone, because they may have disturbed it"
	if got := NewView(run).Rows[0].Beside(1); got != "" {
		t.Errorf("beside an attempt alone: %q", got)
	}
	var table, markdown bytes.Buffer
	if err := Table(&table, NewView(run), TableOptions{Verbose: true}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"attempt 1 failed, H 0.0 %, 3 other cells at most ran beside it and may have disturbed it, so the next one ran alone, records/",
		"attempt 2 failed, H 0.0 %, published, records/",
		"attempt 1 held, H 99.2 %, published, 1 other cell ran beside it, records/",
		all,
	} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("no %q in\n%s", want, table.String())
		}
	}
	if err := Markdown(&markdown, NewView(run)); err != nil || !strings.Contains(markdown.String(), all) {
		t.Errorf("%v, no %q in\n%s", err, all, markdown.String())
	}
	// It was not made again if it held, or if no time was left.
	for _, after := range [][]bench.Attempt{nil, {{Attempt: 2, Note: "no time was left"}}} {
		run := besideRun()
		run.Cells[0].Attempts = append(run.Cells[0].Attempts[:1], after...)
		if got := NewView(run).Rows[0].Beside(0); got != "3 other cells at most ran beside it" {
			t.Errorf("without a repeat: %q", got)
		}
		if got := NewView(run).SideBySide(); got != "other cells ran beside 2 of 7 attempts, up to 4 cells at once; none was made again because of that" {
			t.Errorf("without a repeat: %q", got)
		}
	}
	if got := NewView(sampleRun()).SideBySide(); got != "" {
		t.Errorf("nothing ran beside anything: %q", got)
	}
}

// Reports name the cells that were measured while an attempt was disturbed.
func TestReportsNameWhatRanBeside(t *testing.T) {
	at := func(number int, start string, seconds float64, disturbed bool) bench.Attempt {
		a := bench.Attempt{Attempt: number, Verdict: bench.Failed, Record: "r", StartedAt: "2026-11-21T12:" + start + "Z", Seconds: seconds, Disturbed: disturbed}
		if disturbed {
			a.Company = 2
		}
		return a
	}
	cell := func(scenario string, attempts ...bench.Attempt) bench.Cell {
		return bench.Cell{Server: "s", Profile: "p", Scenario: scenario, Verdict: bench.Failed, Attempts: attempts}
	}
	run := bench.Run{Cells: []bench.Cell{
		cell("disturbed", at(1, "01:00", 30, true), at(2, "05:00", 30, false)),
		cell("longer", at(1, "00:00", 100, false)),
		cell("before", at(1, "00:30", 30, false)),
		cell("hardly", at(1, "00:31", 30, false)),
		cell("within\x1b[2J", at(1, "01:10", 5, false), at(2, "01:16", 5, false)),
		cell("later", at(1, "01:30", 30, false)),
		cell("not made", bench.Attempt{StartedAt: "2026-11-21T12:01:05Z", Seconds: 20}),
		cell("never said when", at(1, "99:99", 20, false)),
	}}
	const alone = "2 other cells at most ran beside it and may have disturbed it, so the next one ran alone; measured meanwhile: "
	row := NewView(run).Rows[0]
	if got, want := row.Beside(0), alone+`s/p/longer, s/p/within\x1b[2J`; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if got := row.Beside(1); got != "" {
		t.Errorf("the repeat, alone: %q", got)
	}
	run.Cells[4].Run = "another run, merged"
	if got := NewView(run).Rows[0].Beside(0); got != alone+"s/p/longer" {
		t.Errorf("beside a cell of another run: %q", got)
	}
	for range 9 {
		run.Cells = append(run.Cells, cell("many", at(1, "01:00", 30, false)))
	}
	if got := NewView(run).Rows[0].Beside(0); !strings.HasSuffix(got, strings.Repeat(", s/p/many", mostNamed-1)+" and 2 more") {
		t.Errorf("many: %q", got)
	}
}
