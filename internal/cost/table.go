package cost

import (
	"fmt"
	"slices"
	"strings"

	"benchrun/internal/guide"
)

// Row is one line of the table: a figure, in words, and what it is held to.
type Row struct {
	What   string // "CPU of a victim request, 1,000/s"
	Figure string // "24.1 µs (23.8-25.0)"
	Beside string // what the other programs took, in the same run; "" = there is none
	Goal   string // "≤ 1.1 × vegeta"; "" = none
	Missed bool   // the goal
}

func (r Row) met() string {
	switch {
	case r.Goal == "":
		return ""
	case r.Missed:
		return "**no**"
	}
	return "yes"
}

// tableHead is what every table begins with.
const tableHead = "| what | benchrun | beside it | goal | met |\n|---|---|---|---|---|\n"

// Markdown draws the rows as a table.
func Markdown(rows []Row) string {
	var b strings.Builder
	b.WriteString(tableHead)
	for _, r := range rows {
		b.WriteString(r.line() + "\n")
	}
	return b.String()
}

func (r Row) line() string {
	line := "|"
	for _, text := range []string{r.What, r.Figure, r.Beside, r.Goal, r.met()} {
		line += fmt.Sprintf(" %s |", strings.NewReplacer("|", `\|`, "\n", " ").Replace(text))
	}
	return line
}

// renewed is the text of a table whose rows of some sections are replaced, or added in
// their places. when says when they were measured; the text keeps it below the table.
func renewed(text string, sections []Section, rows []Row, when string) string {
	old, below, _ := strings.Cut(strings.TrimPrefix(text, tableHead), "\n\n")
	var b strings.Builder
	b.WriteString(tableHead)
	for _, s := range Sections() {
		if slices.ContainsFunc(sections, func(of Section) bool { return of.Name == s.Name }) {
			for _, r := range rows {
				if s.has(r.line()) {
					b.WriteString(r.line() + "\n")
				}
			}
			continue
		}
		for line := range strings.Lines(old + "\n") {
			if s.has(line) {
				b.WriteString(line)
			}
		}
	}
	for _, s := range sections {
		about := fmt.Sprintf("The rows of `%s`: ", s.Name)
		var others []string
		for _, paragraph := range strings.Split(below, "\n\n") {
			if !strings.HasPrefix(paragraph, about) && paragraph != "" {
				others = append(others, paragraph)
			}
		}
		below = strings.Join(append(others, about+when), "\n\n")
	}
	return b.String() + "\n" + below + "\n"
}

// Table is the part of docs/method.md that has the rows.
var Table = guide.Part{
	Begin: "<!-- what scripts/cost --write puts here: begin -->",
	End:   "<!-- what scripts/cost --write puts here: end -->",
}
