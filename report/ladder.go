package report

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/olekukonko/tablewriter/tw"

	"benchrun/internal/bench"
	"benchrun/internal/console"
)

// LadderFormats lists the ways to print a ladder.
var LadderFormats = []string{"table", "markdown", "json"}

// Ladder prints a ladder and writes it as JSON. folder is where its run lies.
func (o Outlets) Ladder(l bench.Ladder, folder string) error {
	return o.print(func() error {
		switch o.Format {
		case "json":
			return l.Encode(console.Data(o.Stdout))
		case "markdown":
			return ladderMarkdown(o.Stdout, l, folder)
		default:
			columns, _ := console.Size(o.Stdout)
			return ladderTable(o.Stdout, l, folder, columns)
		}
	}, l.Encode)
}

// ladderTable prints a ladder for a terminal: a line for each rung with its reason below,
// and what all of them say.
func ladderTable(w io.Writer, l bench.Ladder, folder string, width int) error {
	var b strings.Builder
	b.WriteString(LadderTitle(l) + "\n\n")
	if len(l.Rungs) > 0 {
		var rows [][]string
		for _, r := range l.Rungs {
			rows = append(rows, ladderRow(r))
		}
		lines, err := drawTexts(ladderHeads, rows, tw.AlignLeft, tw.AlignLeft, tw.AlignRight)
		if err != nil {
			return err
		}
		for i, line := range lines {
			b.WriteString(strings.TrimRight(line, " ") + "\n")
			if i >= 2 && l.Rungs[i-2].Reason != "" {
				indent := "  └ "
				for _, part := range wrap(clean(l.Rungs[i-2].Reason), narrower(width, len("    "))) {
					b.WriteString(indent + part + "\n")
					indent = "    "
				}
			}
		}
		b.WriteByte('\n')
	}
	for _, line := range LadderWords(l) {
		b.WriteString(strings.Join(wrap(line, narrower(width, 0)), "\n") + "\n")
	}
	fmt.Fprintf(&b, "\nresults  %s\n", clean(folder))
	_, err := io.WriteString(w, b.String())
	return err
}

// ladderMarkdown writes the same as Markdown.
func ladderMarkdown(w io.Writer, l bench.Ladder, folder string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "**%s**\n\n", escaped(LadderTitle(l)))
	if len(l.Rungs) > 0 {
		fmt.Fprintf(&b, "| %s | reason |\n|---|---|---:|---|\n", strings.Join(ladderHeads, " | "))
	}
	for _, r := range l.Rungs {
		for _, text := range append(ladderRow(r), r.Reason) {
			b.WriteString("| " + escaped(text) + " ")
		}
		b.WriteString("|\n")
	}
	b.WriteByte('\n')
	for _, line := range LadderWords(l) {
		b.WriteString("- " + escaped(line) + "\n")
	}
	b.WriteString("- results: " + escaped(folder) + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// LadderTitle is the target and the family of a ladder.
func LadderTitle(l bench.Ladder) string {
	return clean(fmt.Sprintf("%s %s %s, %s", l.Server, l.Version, l.Profile, l.Family))
}

var ladderHeads = []string{"scenario", "verdict", "H"}

func ladderRow(r bench.Rung) []string {
	verdict, h := Badge(r.Verdict), None
	if r.Flaky {
		verdict += ", flaky"
	}
	if r.H != nil {
		h = figure(*r.H, "%")
	}
	return []string{clean(r.Scenario), verdict, h}
}

// LadderWords says what the rungs came to, what the theory foretells, and how long honest
// requests may be.
func LadderWords(l bench.Ladder) []string {
	lines := []string{bracketWords(l)}
	if t := l.Theory; t != nil {
		slots, last := fmt.Sprintf("%d slots, each", t.Slots), "last"
		if t.Slots == 1 {
			slots, last = "1 slot,", "lasts"
		}
		until := fmt.Sprintf("held for %.1f s", t.Hold)
		if t.Hold == 0 {
			until = "held without end"
		}
		lines = append(lines, fmt.Sprintf("theory: R·p·τ < slots: %s %s, %s an hour of ratios below %s %%", slots, until, last, Digits(t.Below)))
	}
	return append(lines, HonestWords(l.Honest))
}

func bracketWords(l bench.Ladder) string {
	var text string
	switch broken := slices.ContainsFunc(l.Rungs, func(r bench.Rung) bool { return r.Verdict == bench.Broken }); {
	case broken:
		return "the server does not serve properly even without faults"
	case l.Holds != nil && l.Fails != nil:
		text = fmt.Sprintf("holds %s %%, fails %s %%", Digits(*l.Holds), Digits(*l.Fails))
	case l.Holds != nil:
		text = fmt.Sprintf("holds %s %%, and no higher ratio was seen to fail", Digits(*l.Holds))
	case l.Fails != nil:
		text = fmt.Sprintf("fails %s %%, and no lower ratio was seen to hold", Digits(*l.Fails))
	default:
		text = "no ratio says anything"
	}
	if len(l.Between) > 0 {
		text += "; in between, nothing can be said of " + clean(strings.Join(l.Between, ", "))
	}
	return text
}

// HonestWords says how long honest requests may be.
func HonestWords(h bench.LongestHonest) string {
	const about = "longest honest request: "
	watchdog := "no watchdog is documented"
	if h.Watchdog > 0 {
		watchdog = fmt.Sprintf("the documented watchdog is %s s", Digits(h.Watchdog))
	}
	switch {
	case h.Note != "":
		return about + clean(h.Note)
	case h.Ends == 0:
		return fmt.Sprintf("%sat least %.1f s, the longest tried; %s", about, h.Serves, watchdog)
	case h.Serves == 0:
		return fmt.Sprintf("%sless than %.1f s; %s", about, h.Ends, watchdog)
	}
	return fmt.Sprintf("%s%.1f s is served, %.1f s is not; %s", about, h.Serves, h.Ends, watchdog)
}

// Digits writes a number with at most three digits that count.
func Digits(x float64) string { return strconv.FormatFloat(x, 'g', 3, 64) }
