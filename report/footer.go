package report

import (
	"fmt"
	"slices"
	"strings"

	"benchrun/internal/bench"
)

// fact is one line below a table: its subject and its text.
type fact struct {
	about, text string
	command     bool // for copying, so it is never broken into lines
}

// facts say where and how a run was measured, and what the user can do next.
func (v View) facts() []fact {
	run := fmt.Sprintf("%s: %s, seed %d", v.ID, v.Mode, v.Seed)
	run += v.Begun()
	if v.Benchrun != "" {
		run += ", benchrun " + v.Benchrun
	}
	if len(v.MergedFrom) > 0 {
		run += ", merged from " + strings.Join(v.MergedFrom, ", ")
	}
	if v.Interrupted {
		run += "; interrupted: this is what was measured until then"
	}
	machine := v.Machine
	if v.Testbed != "" {
		machine += " (testbed " + v.Testbed + ")"
	}
	facts := []fact{
		{about: "unconfirmed", text: v.Unconfirmed()}, {about: "versions", text: v.Resolved()}, {about: "run", text: run}, {about: "machine", text: machine},
		{about: "supervision", text: v.Supervision}, {about: "side by side", text: v.SideBySide()}, {about: "mixed", text: v.Mixed},
	}
	if v.Folder != "" {
		facts = append(facts, fact{"results", clean(v.Folder), true},
			fact{"judge again", Shell("benchrun", "judge", v.Folder), true})
	}
	facts = append(facts, fact{"reproduce", v.Reproduce, true})
	return slices.DeleteFunc(facts, func(f fact) bool { return f.text == "" })
}

// Begun is ", begun <time>, resumed <time>": when the run was begun and continued, as far as
// known; "" = unknown.
func (v View) Begun() string {
	if v.StartedAt == "" {
		return ""
	}
	out := ", begun " + v.StartedAt
	for _, at := range v.Resumed {
		out += ", resumed " + Clean(at)
	}
	return out
}

// Unconfirmed says which verdicts against a server rest on one attempt, so that nobody trusts
// them too much: "2 verdicts that are not held rest on one attempt each: …"; "" = none.
func (v View) Unconfirmed() string {
	n := 0
	for _, r := range v.Rows {
		if r.Cell.OnOneAttempt() {
			n++
		}
	}
	const so = "nothing has confirmed %s, and an attempt on a quieter machine may differ (--attempts 2 measures again)"
	switch n {
	case 0:
		return ""
	case 1:
		return "1 verdict other than held rests on one attempt: " + fmt.Sprintf(so, "it")
	}
	return bench.Grouped(n) + " verdicts other than held rest on one attempt each: " + fmt.Sprintf(so, "them")
}

// Resolved says which releases the ranges of versions stood for that were asked for:
// "gunicorn@>=23,<28 is 27.0.1"; "" = none was asked for.
func (v View) Resolved() string {
	var out []string
	for _, r := range v.Rows {
		from := r.Cell.Source
		if from == nil || from.Resolved == "" {
			continue
		}
		text := fmt.Sprintf("%s@%s is %s", r.Cell.Server, from.Version, from.Resolved)
		if from.Unasked != "" {
			text += ", the newest that was installed (" + from.Unasked + ")"
		}
		if text = Clean(text); !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return strings.Join(out, "; ")
}

// versions is, for example, "gunicorn 23.0.0, waitress 3.0.2", each once.
func (v View) versions() string {
	var out []string
	for _, r := range v.Rows {
		if s := words(r.Cell.Server, r.Cell.Version); !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return strings.Join(out, ", ")
}

// footer is the text below a terminal's table. short says that targets have no version in the
// table; left names the columns that did not fit.
func footer(v View, short bool, left []string, width int) []string {
	lines := append(wrap(v.tally(), narrower(width, 0)), "")
	var facts []fact
	if short {
		facts = append(facts, fact{about: "servers", text: v.versions()})
	}
	if len(left) > 0 {
		facts = append(facts, fact{about: "left out", text: fmt.Sprintf("%s (no room in %d columns)", strings.Join(left, ", "), width)})
	}
	return append(lines, factLines(append(facts, v.facts()...), width)...)
}

// factLines puts facts one below the other.
func factLines(facts []fact, width int) []string {
	var lines []string
	margin := 0
	for _, f := range facts {
		margin = max(margin, len(f.about)+len(gutter))
	}
	for _, f := range facts {
		room := narrower(width, margin)
		if f.command {
			room = 0
		}
		label := f.about
		for _, line := range wrap(f.text, room) {
			lines = append(lines, fmt.Sprintf("%-*s%s", margin, label, line))
			label = ""
		}
	}
	return lines
}
