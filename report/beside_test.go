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
	if got := Beside(run.Cells[0], 1); got != "" {
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
		if got := Beside(run.Cells[0], 0); got != "3 other cells at most ran beside it" {
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
