package guide

import (
	"fmt"
	"strings"
)

// banner begins every generated page.
const banner = "<!-- Written by scripts/docs from the code. Edit the code, then run it again. -->\n\n"

// cell makes text fit for a cell of a table.
func cell(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", `\|`)
}

// row is a line of a table.
func row(cells ...string) string {
	for i := range cells {
		cells[i] = cell(cells[i])
	}
	return "| " + strings.Join(cells, " | ") + " |\n"
}

// table is a head and the line below it; rows follow.
func table(heads ...string) string {
	return "\n" + row(heads...) + "|" + strings.Repeat("---|", len(heads)) + "\n"
}

func code(text string) string { return "`" + text + "`" }

// console is a block of command lines.
func console(lines []string) string {
	return "\n```console\n$ " + strings.Join(lines, "\n$ ") + "\n```\n"
}

// sentence ends text with a full stop, where it has none. Its
// first letter stays: many begin with a name.
func sentence(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if text == "" {
		return ""
	}
	return strings.TrimSuffix(text, ".") + "."
}

// seconds is, for example, "3 s"; other for 0.
func seconds(s float64, other string) string {
	if s == 0 {
		return other
	}
	return fmt.Sprintf("%g s", s)
}
