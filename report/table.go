package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/tw"

	"benchrun/internal/bench"
	"benchrun/internal/console"
)

// The rules for output to the terminal, for this file and progress.go:
//
//   - stdout has results and nothing else; progress, notes and errors go to stderr. A pipe gets
//     the same results as a terminal, without colour.
//   - Nothing depends on colour alone: each verdict has its word and a glyph. Only verdicts are
//     coloured, and only if colour is wanted.
//   - Below a cell that did not hold, a line gives the whole reason. A cell that held has no such
//     line, unless it has a caveat (a flag).
//   - A table never breaks its own rows: columns that do not fit are left out, the least important
//     first, and the last lines say which.
//   - Texts of servers, apps and files are shown and never obeyed (see clean).
//   - There are no exclamation marks, bars or boxes, and no animation except the status line, which
//     is removed at the end.

// TableOptions says how Table draws.
type TableOptions struct {
	Color   bool
	Width   int  // columns of the terminal; 0 = no limit
	Verbose bool // reasons also for held rows, and the attempts of every row
}

// Table prints the run for a terminal: one line for each cell with its reasons below, then where and
// how it was measured. Its errors are those of w.
func Table(w io.Writer, v View, opts TableOptions) error {
	var out bytes.Buffer
	var short bool
	var left []string
	if len(v.Rows) > 0 {
		var cols []column
		cols, short, left = fit(v.Rows, opts.Width)
		lines, err := draw(v.Rows, cols, opts)
		if err != nil {
			return err
		}
		// The heading and the rule below it, then one line for each row.
		out.WriteString(lines[0] + "\n" + lines[1] + "\n")
		for i, row := range v.Rows {
			out.WriteString(lines[i+2] + "\n")
			for _, line := range remarks(row, opts) {
				out.WriteString(line + "\n")
			}
		}
		out.WriteByte('\n')
	}
	for _, line := range footer(v, short, left, opts.Width) {
		out.WriteString(line + "\n")
	}
	return opts.write(w, out.String())
}

// write writes the drawing, with its colours if there are any.
func (o TableOptions) write(w io.Writer, text string) error {
	if o.Color {
		w = console.Drawn(w)
	}
	_, err := io.WriteString(w, text)
	return err
}

// remarks are the lines below a row.
func remarks(row Row, opts TableOptions) []string {
	var texts []string
	if row.Verdict != bench.Held || opts.Verbose {
		texts = append(texts, row.Reasons...)
	}
	if len(row.Flags) > 0 {
		texts = append(texts, "flagged "+strings.Join(row.Flags, ", "))
	}
	if opts.Verbose {
		texts = append(texts, attempts(row)...)
	}
	var out []string
	for _, text := range texts {
		indent := "  └ "
		for _, line := range wrap(text, narrower(opts.Width, len("    "))) {
			out = append(out, indent+line)
			indent = "    "
		}
	}
	return out
}

// attempts lists the result of each attempt of a cell, and its record.
func attempts(r Row) []string {
	var out []string
	for i, a := range r.Cell.Attempts {
		text := fmt.Sprintf("attempt %d %s", a.Attempt, a.Verdict)
		if a.H != nil {
			text += ", H " + Percent(*a.H)
		}
		if a.Published {
			text += ", published"
		}
		if beside := r.Beside(i); beside != "" {
			text += ", " + beside
		}
		if a.Record != "" {
			text += ", " + a.Record
		} else if a.Note != "" {
			text += ", " + a.Note
		}
		out = append(out, text)
	}
	return out
}

// draw lays out the rows with tablewriter: two lines of heading, then one line for each row.
func draw(rows []Row, cols []column, opts TableOptions) ([]string, error) {
	var heads []string
	var texts [][]string
	for _, c := range cols {
		heads = append(heads, c.head)
	}
	for _, row := range rows {
		var cells []string
		for _, c := range cols {
			text := c.text(row)
			if c.colored && opts.Color {
				text = paint(text, row.Verdict)
			}
			cells = append(cells, text)
		}
		texts = append(texts, cells)
	}
	cutTexts(heads, texts, []int{0, 1}, opts.Width) // target and scenario
	return drawTexts(heads, texts, aligned(cols)...)
}

// drawTexts lays out rows of clean texts below heads: two lines of heading, then one line for each
// row. Columns are left-aligned by default.
func drawTexts(heads []string, rows [][]string, align ...tw.Align) ([]string, error) {
	var buf bytes.Buffer
	table := tablewriter.NewTable(&buf, tableLook(align)...)
	table.Header(heads)
	for _, cells := range rows {
		if err := table.Append(cells); err != nil {
			return nil, fmt.Errorf("table: %w", err)
		}
	}
	if err := table.Render(); err != nil {
		return nil, fmt.Errorf("table: %w", err)
	}
	lines := strings.Split(strings.TrimSuffix(buf.String(), "\n"), "\n")
	if len(lines) != len(rows)+2 {
		return nil, fmt.Errorf("table: %d lines drawn for %d rows", len(lines), len(rows))
	}
	lines[1] = head(lines[1], columns(lines[1])-len(gutter)) // it extends beyond the last gutter
	for i := range lines {
		lines[i] = trimGutter(lines[i])
	}
	return lines, nil
}

// trimGutter removes the spaces that end a line: the terminal would break the line because of them.
// tablewriter adds one more uncolour after those of a coloured text.
func trimGutter(line string) string {
	if painted := strings.TrimRight(strings.TrimSuffix(line, uncolour), " "); strings.HasSuffix(painted, uncolour) {
		return painted
	}
	return strings.TrimRight(line, " ")
}

// aligned are the alignments of the columns.
func aligned(cols []column) []tw.Align {
	var align []tw.Align
	for _, c := range cols {
		if c.right {
			align = append(align, tw.AlignRight)
		} else {
			align = append(align, tw.AlignLeft)
		}
	}
	return align
}

// tableLook is a table without boxes: two spaces between columns, one rule below the heading, nothing
// wrapped or rewritten.
func tableLook(align []tw.Align) []tablewriter.Option {
	gap := tw.Padding{Left: "", Right: gutter, Overwrite: true}
	cell := tw.CellConfig{
		Formatting: tw.CellFormatting{AutoWrap: tw.WrapNone, AutoFormat: tw.Off},
		Alignment:  tw.CellAlignment{Global: tw.AlignLeft, PerColumn: align},
		Padding:    tw.CellPadding{Global: gap},
	}
	return []tablewriter.Option{
		tablewriter.WithEastAsian(tw.Off),
		tablewriter.WithHeaderConfig(cell),
		tablewriter.WithRowConfig(cell),
		tablewriter.WithRendition(tw.Rendition{
			Borders: tw.BorderNone,
			Symbols: tw.NewSymbols(tw.StyleLight),
			Settings: tw.Settings{
				Separators: tw.Separators{BetweenColumns: tw.Off, BetweenRows: tw.Off, ShowHeader: tw.On},
				Lines:      tw.Lines{ShowHeaderLine: tw.On},
			},
		}),
	}
}

// narrower is a width minus n, if it has a limit. Below twenty columns nothing is readable, so the
// terminal may break the lines.
func narrower(width, n int) int {
	if width <= 0 {
		return 0
	}
	return max(width-n, 20)
}
