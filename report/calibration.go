package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter/tw"

	"benchrun/internal/bench"
)

// CalibrationOutcome says whether a verdict was the known one.
type CalibrationOutcome string

// The outcomes, as the table shows them.
const (
	AsExpected   CalibrationOutcome = "as expected"
	WrongVerdict CalibrationOutcome = "WRONG"
	NotMeasured  CalibrationOutcome = "not measured"
)

// CalibrationRow is a cell with a known verdict.
type CalibrationRow struct {
	Scenario string // "wedge-1pct", "wedge-1pct+dead-control"
	Profile  string // of the reference server
	Planted  bool   // the profile is the flaw that the family must find
	Null     bool   // the fault does nothing
	Expected bench.Verdict
	Cause    string // what a reason must mention if the harness was sabotaged; "" = it was not
	Seen     bench.Verdict
	Outcome  CalibrationOutcome
	Reason   string // the first reason
	Flags    []string
}

// Calibration is a run of such cells, with what a report needs.
type Calibration struct {
	Run      bench.Run
	Folder   string // of the run; "" = unknown
	Attempts int    // k: how many attempts a verdict other than held needs
	Repeat   string // the command line that repeats it, for the page
	Rows     []CalibrationRow
}

// Count is how many rows have an outcome.
func (c Calibration) Count(o CalibrationOutcome) int {
	n := 0
	for _, r := range c.Rows {
		if r.Outcome == o {
			n++
		}
	}
	return n
}

// Err is nil if everything is as expected. A wrong verdict has priority over cells that could
// not be measured.
func (c Calibration) Err() error {
	switch {
	case c.Count(WrongVerdict) > 0:
		return bench.ErrCheckFailed
	case c.Count(AsExpected) < len(c.Rows):
		return bench.ErrUnmeasured
	}
	return nil
}

// tally is, for example, "23 of 24 as expected, 1 WRONG".
func (c Calibration) tally() string {
	s := fmt.Sprintf("%d of %d as expected", c.Count(AsExpected), len(c.Rows))
	for _, o := range []CalibrationOutcome{WrongVerdict, NotMeasured} {
		if n := c.Count(o); n > 0 {
			s += fmt.Sprintf(", %d %s", n, o)
		}
	}
	return s
}

// reference is the server of the cell: "default (sound)" or "no-watchdog (flaw)".
func (r CalibrationRow) reference() string {
	if r.Planted {
		return clean(r.Profile) + " (flaw)"
	}
	return clean(r.Profile) + " (sound)"
}

// because is the verdict's reason and, if that lacks it, the cause that it should mention.
func (r CalibrationRow) because() string {
	why := clean(r.Reason)
	if r.Outcome != AsExpected && r.Cause != "" {
		why = words(why, "(expected cause: "+clean(r.Cause)+")")
	}
	return why
}

// CalibrationTable prints a calibration for a terminal: one line for each cell, with its reason
// below, then the count, and where and how it was measured.
func CalibrationTable(w io.Writer, c Calibration, opts TableOptions) error {
	var texts [][]string
	for _, r := range c.Rows {
		texts = append(texts, []string{clean(r.Scenario), r.reference(), r.Expected.String(), r.seen(opts.Color), string(r.Outcome)})
	}
	heads, texts, align := narrowed([]string{"scenario", "reference", "expected", "seen", "result"}, texts,
		slices.Repeat([]tw.Align{tw.AlignLeft}, 5), []int{0, 1, 2, 3, 0}, opts.Width)
	lines, err := drawTexts(heads, texts, align...)
	if err != nil {
		return err
	}
	var b strings.Builder
	for i, line := range lines {
		b.WriteString(line + "\n")
		if i < 2 { // heading and rule
			continue
		}
		indent := "  └ "
		for _, text := range wrap(c.Rows[i-2].because(), narrower(opts.Width, len("    "))) {
			b.WriteString(indent + text + "\n")
			indent = "    "
		}
	}
	b.WriteByte('\n')
	for _, line := range wrap(c.tally(), narrower(opts.Width, 0)) {
		b.WriteString(line + "\n")
	}
	b.WriteByte('\n')
	v := NewView(c.Run)
	v.Folder = c.Folder
	for _, line := range factLines(v.facts(), opts.Width) {
		b.WriteString(line + "\n")
	}
	return opts.write(w, b.String())
}

// seen is the verdict's badge; None if the cell did not run.
func (r CalibrationRow) seen(color bool) string {
	text := Badge(r.Seen)
	if color {
		return paint(text, r.Seen)
	}
	return text
}

// CalibrationPage writes a calibration as a page of the documentation. The page names no host,
// and the same run gives the same page.
func CalibrationPage(w io.Writer, c Calibration) error {
	c.Run.Environment.Hostname = ""
	v := NewView(c.Run)
	var b strings.Builder
	b.WriteString("# Calibration\n\n<!-- Written by `benchrun calibrate --write`. Run it again rather than edit. -->\n\n" +
		"These cells have known verdicts and run like any others. For each family, the sound reference server must be held, " +
		"and the one with the flaw that the family should find must be failed. A null fault goes the whole way of a fault and does nothing, so it must be held. " +
		"A harness that was sabotaged on purpose must say `invalid` and name the cause. " +
		"[method.md](method.md#calibration-who-judges-the-judge) says what that proves.\n\n")
	b.WriteString("**" + escaped(c.tally()) + ".**\n\n")
	for _, f := range []fact{
		{about: "date", text: v.StartedAt},
		{about: "benchrun", text: v.Benchrun},
		{about: "machine", text: v.Machine},
		{about: "supervision", text: v.Supervision},
		{about: "attempts", text: fmt.Sprintf("k = %d, %s mode, seed %d", c.Attempts, v.Mode, v.Seed)},
		{about: "repeat", text: clean(c.Repeat), command: true},
	} {
		text := escaped(f.text)
		if f.command {
			text = code(f.text)
		}
		b.WriteString("- " + f.about + ": " + text + "\n")
	}
	sabotaged := func(r CalibrationRow) bool { return r.Expected == bench.Invalid }
	c.pageTable(&b, "Families", func(r CalibrationRow) bool { return !r.Null && !sabotaged(r) })
	c.pageTable(&b, "Null faults", func(r CalibrationRow) bool { return r.Null })
	c.pageTable(&b, "Sabotages of the harness", sabotaged)
	c.pageSabotages(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

// pageTable writes the rows that belong to a table, if there are any.
func (c Calibration) pageTable(b *strings.Builder, title string, belongs func(CalibrationRow) bool) {
	begun := false
	for _, r := range c.Rows {
		if !belongs(r) {
			continue
		}
		if !begun {
			begun = true
			b.WriteString("\n## " + title + "\n\n| scenario | reference server | expected | seen | result | reason |\n|---|---|---|---|---|---|\n")
		}
		for _, text := range []string{clean(r.Scenario), r.reference(), r.Expected.String(), Badge(r.Seen), string(r.Outcome), r.because()} {
			b.WriteString("| " + escaped(text) + " ")
		}
		b.WriteString("|\n")
	}
}

// pageSabotages describes each sabotage on the page.
func (c Calibration) pageSabotages(b *strings.Builder) {
	b.WriteString("\n")
	for _, s := range bench.SabotageTable {
		for _, r := range c.Rows {
			if strings.HasSuffix(r.Scenario, "+"+string(s.Sabotage)) {
				b.WriteString("- " + code(string(s.Sabotage)) + ": " + escaped(s.Text) + "\n")
				break
			}
		}
	}
}
