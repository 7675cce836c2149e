package report

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"

	"benchrun/internal/bench"
)

// CSV writes one row for each cell (RFC 4180, with line feeds): what the cell is, its verdict,
// then every measure of bench.MeasureTable under its name, as a plain number in the table's
// unit, or empty if there was nothing to measure. Where and how the cell was measured comes
// from its own run, also in a merged run; "mixed" says in what ways the merged runs differ.
// The column "censored" names the measures whose true value is above the number, so that the
// numbers stay numbers. Lists are joined with "; ". Text that a spreadsheet would take for a
// formula gets a ' before it. What a CI runner would obey is escaped.
func CSV(w io.Writer, v View) error {
	out := csv.NewWriter(w)
	head := []string{"run", "testbed", "mode", "measured_in", "benchrun", "kernel", "supervision", "limits", "python", "mixed", "server", "version", "profile", "front", "scenario", "family", "family_version",
		"group", "ratio_pct", "seed", "schedule_hash", "attempts", "verdict", "flags", "reasons", "censored"}
	for _, m := range bench.MeasureTable {
		head = append(head, m.Name)
	}
	_ = out.Write(head) // Error reports it below
	for _, r := range v.Rows {
		c, o := r.Cell, r.Origin
		cells := []string{
			text(v.ID), text(o.Testbed), text(o.Mode), text(o.Run), text(o.Benchrun), text(o.Kernel), text(o.Supervision), text(o.Limits), text(o.Python), text(v.Mixed), text(c.Server), text(c.Version), text(c.Profile), text(c.Front), text(c.Scenario),
			text(c.Family), strconv.Itoa(c.FamilyVer), text(string(c.Group)), plain(c.Ratio), strconv.FormatUint(c.Seed, 10),
			text(c.ScheduleHash), strconv.Itoa(len(c.Attempts)), c.Verdict.String(),
			text(strings.Join(c.Flags, "; ")), text(strings.Join(c.Reasons, "; ")), censored(c.Measures),
		}
		for _, m := range bench.MeasureTable {
			value := ""
			if figure := c.Measures[m.Name].Value; figure != nil {
				value = plain(*figure)
			}
			cells = append(cells, value)
		}
		_ = out.Write(cells)
	}
	out.Flush()
	return out.Error()
}

// censored lists the measures that are lower bounds, in the table's order.
func censored(m bench.Measures) string {
	var names []string
	for _, spec := range bench.MeasureTable {
		if m[spec.Name].Censored != "" {
			names = append(names, spec.Name)
		}
	}
	return strings.Join(names, "; ")
}

// text keeps a spreadsheet from running a text as a formula. NewView has removed tabs and line
// ends, which some spreadsheets skip at the beginning.
func text(s string) string {
	s = bench.HarmlessLine(s)
	if strings.IndexAny(s, "=+-@＝＋－＠") == 0 {
		return "'" + s
	}
	return s
}

func plain(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
