package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter/tw"

	"benchrun/internal/bench"
)

// DuelView is a duel, ready to be shown: one line for each scenario.
type DuelView struct {
	A, B   string // the two targets
	Same   bool   // A and B are the same target
	Target string // B, by a name that does not change with the version: "gunicorn.hardened"
	Bouts  []DuelRow
	Broke  string // what ended it early; "" = nothing did
}

// SameTarget explains a duel of a target against itself.
const SameTarget = "A and B are the same target (an A/A test): any difference is a false alarm"

// DuelRow is the duel under one scenario. A and B have the verdicts of the attempts and H, for
// example "held 100.0 %".
type DuelRow struct {
	Scenario, A, B, Loss string
	Answer               bench.Answer
	Pairs                int
	Seconds              float64 // how long its attempts took
	Reasons              []string
}

// NewDuelView makes the view of a duel and its run.
func NewDuelView(run bench.Run, d bench.Duel) DuelView {
	name := func(s bench.DuelSide) string { return fmt.Sprintf("%s %s %s", s.Server, s.Version, s.Profile) }
	v := DuelView{A: name(d.A), B: name(d.B), Target: d.B.Server + "." + d.B.Profile, Same: d.A == d.B}
	for _, b := range d.Bouts {
		row := DuelRow{Scenario: b.Scenario, Answer: b.Answer, Reasons: b.Reasons, Pairs: len(b.Pairs), Loss: None}
		sides := slices.DeleteFunc(slices.Clone(run.Cells), func(c bench.Cell) bool { return c.Scenario != b.Scenario })
		if len(sides) == 2 { // A's cell comes first
			row.A, row.B = outcome(sides[0]), outcome(sides[1])
			for _, c := range sides {
				for _, a := range c.Attempts {
					row.Seconds += a.Seconds
				}
			}
		}
		if len(b.Pairs) > 0 && b.Answer != bench.DuelInvalid { // the answer says something about B
			row.Loss = fmt.Sprintf("%+.1f %%", b.Loss)
		}
		v.Bouts = append(v.Bouts, row)
	}
	return v
}

// outcome is the result of a cell of a duel: "held 100.0 %", "invalid".
func outcome(c bench.Cell) string {
	c = shown(c)
	if h := Figure(c.Measures["h"]); h != None {
		return c.Verdict.String() + " " + h
	}
	return c.Verdict.String()
}

// Duel prints a duel for a terminal: one line for each scenario, with reasons below. Its errors
// are those of w.
func Duel(w io.Writer, v DuelView, width int) error {
	var b strings.Builder
	fmt.Fprintf(&b, "A  %s\nB  %s\n", clean(v.A), clean(v.B))
	if v.Same {
		for _, line := range wrap(SameTarget, narrower(width, 0)) {
			b.WriteString(line + "\n")
		}
	}
	b.WriteByte('\n')
	if len(v.Bouts) == 0 {
		b.WriteString("no scenario was measured\n")
		_, err := io.WriteString(w, b.String())
		return err
	}
	var rows [][]string
	for _, r := range v.Bouts {
		rows = append(rows, []string{clean(r.Scenario), duelBadge(r.Answer), clean(r.A), clean(r.B), clean(r.Loss), fmt.Sprint(r.Pairs)})
	}
	heads, rows, align := narrowed([]string{"scenario", "B is", "A", "B", "loss", "pairs"}, rows,
		[]tw.Align{tw.AlignLeft, tw.AlignLeft, tw.AlignLeft, tw.AlignLeft, tw.AlignRight, tw.AlignRight},
		[]int{0, 0, 3, 2, 1, 4}, width)
	lines, err := drawTexts(heads, rows, align...)
	if err != nil {
		return err
	}
	for i, line := range lines {
		b.WriteString(strings.TrimRight(line, " ") + "\n")
		if i < 2 {
			continue
		}
		for _, reason := range v.Bouts[i-2].Reasons {
			indent := "  └ "
			for _, part := range wrap(clean(reason), narrower(width, len("    "))) {
				b.WriteString(indent + part + "\n")
				indent = "    "
			}
		}
	}
	_, err = io.WriteString(w, b.String())
	return err
}

// duelBadge is an answer's glyph and word.
func duelBadge(answer bench.Answer) string {
	glyph := "?"
	switch answer {
	case bench.DuelSame:
		glyph = "="
	case bench.DuelWorse:
		glyph = "✗"
	case bench.DuelBetter:
		glyph = "✓"
	}
	return glyph + " " + string(answer)
}
