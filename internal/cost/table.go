package cost

import (
	"fmt"
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

// Table is the part of docs/method.md that has the rows.
var Table = guide.Part{
	Begin: "<!-- what scripts/cost --write puts here: begin -->",
	End:   "<!-- what scripts/cost --write puts here: end -->",
}
