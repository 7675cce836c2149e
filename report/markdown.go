package report

import (
	"io"
	"strings"

	"benchrun/internal/bench"
)

// Markdown writes the run as GitHub-flavoured Markdown: the count of verdicts, a table with every
// column of the terminal's, the reasons of cells that did not hold, and where and how the run was
// measured. Text is escaped so that it appears unchanged and mentions nobody. It does not use
// tablewriter's Markdown, which leaves "|" unescaped.
func Markdown(w io.Writer, v View) error {
	var b strings.Builder
	b.WriteString("**" + v.tally() + "**\n\n")
	if len(v.Rows) > 0 {
		markdownTable(&b, v.Rows)
		markdownReasons(&b, v.Rows)
	}
	for _, f := range v.facts() {
		text := escaped(f.text)
		if f.command {
			text = code(f.text)
		}
		b.WriteString("- " + f.about + ": " + text + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func markdownTable(b *strings.Builder, rows []Row) {
	cols := tableColumns()
	rule := "|"
	for _, c := range cols {
		b.WriteString("| " + c.head + " ")
		if c.right {
			rule += "---:|"
		} else {
			rule += "---|"
		}
	}
	b.WriteString("|\n" + rule + "\n")
	for _, r := range rows {
		for _, c := range cols {
			b.WriteString("| " + escaped(c.text(r)) + " ")
		}
		b.WriteString("|\n")
	}
	b.WriteByte('\n')
}

func markdownReasons(b *strings.Builder, rows []Row) {
	for _, r := range rows {
		var texts []string
		if r.Verdict != bench.Held {
			texts = append(texts, r.Reasons...)
		}
		if len(r.Flags) > 0 {
			texts = append(texts, "flagged "+strings.Join(r.Flags, ", "))
		}
		if len(texts) == 0 {
			continue
		}
		b.WriteString("- **" + escaped(r.Target+", "+r.Scenario) + "**: " + escaped(Badge(r.Verdict)) + "\n")
		for _, t := range texts {
			b.WriteString("  - " + item(t) + "\n")
		}
	}
	b.WriteString("\n---\n\n")
}
