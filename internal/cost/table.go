package cost

import (
	"bytes"
	"fmt"
	"strings"

	"benchrun/internal/bench"
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

// Markdown draws the rows as a table.
func Markdown(rows []Row) string {
	var b strings.Builder
	b.WriteString("| what | benchrun | beside it | goal | met |\n|---|---|---|---|---|\n")
	for _, r := range rows {
		b.WriteString("|")
		for _, text := range []string{r.What, r.Figure, r.Beside, r.Goal, r.met()} {
			fmt.Fprintf(&b, " %s |", strings.NewReplacer("|", `\|`, "\n", " ").Replace(text))
		}
		b.WriteString("\n")
	}
	return b.String()
}

// Begin and End are the lines between which a page carries the table.
const (
	Begin = "<!-- what scripts/cost --write puts here: begin -->"
	End   = "<!-- what scripts/cost --write puts here: end -->"
)

// Replace gives the page with text between its markers. It fails with a
// bench.UsageError on a page that does not have both, once and in order.
func Replace(page []byte, text string) ([]byte, error) {
	before, rest, ok := bytes.Cut(page, []byte(Begin+"\n"))
	_, after, ended := bytes.Cut(rest, []byte(End+"\n"))
	if !ok || !ended || bytes.Contains(after, []byte(End)) || bytes.Contains(rest, []byte(Begin)) {
		return nil, bench.Usagef("the page does not have the lines %q and %q, once each", Begin, End)
	}
	return fmt.Appendf(nil, "%s%s\n\n%s\n%s\n%s", before, Begin, strings.TrimSpace(text), "\n"+End, after), nil
}
