package guide

import (
	"fmt"
	"strings"

	"benchrun/internal/bench"
	"benchrun/scenarios"
)

// ScenariosPage is docs/scenarios.md.
func ScenariosPage() string {
	var b strings.Builder
	b.WriteString("# Scenarios\n\n" + banner)
	b.WriteString("A scenario is a family of misbehaviour at a ratio: `wedge-1pct` is one request in a hundred. " +
		"A bare family name means the family's own ratio; the other ratios are " + ladder() + " %. " +
		"`--mix wedge=1%,segfault=0.5%` has several families at once, each at its share; " +
		"that scenario is called `mix_wedge-1pct_segfault-0.5pct`. " +
		"`benchrun explain FAMILY` shows this in the terminal. [contract.md](contract.md#faults-and-their-magnitudes) has the exact magnitudes.\n")
	b.WriteString(table("family", "version", "own ratio", "in short"))
	for _, f := range scenarios.All() {
		b.WriteString(row(fmt.Sprintf("[%s](#%s)", f.ID, f.ID), fmt.Sprint(f.Version), cadence(f.Cadence), f.Title))
	}
	b.WriteString(deploys())
	for _, s := range scenarios.Sets() {
		b.WriteString(setSection(s))
	}
	for _, f := range scenarios.All() {
		b.WriteString(familySection(f))
	}
	return b.String()
}

// deploys says which families fit what happens to servers in operation.
func deploys() string {
	var b strings.Builder
	b.WriteString("\n## Which family fits a deploy or a crash\n" + table("what happens", "families", "they ask"))
	for _, k := range scenarios.Deploys {
		var links []string
		for _, f := range k.Families {
			links = append(links, fmt.Sprintf("[%s](#%s)", f, f))
		}
		b.WriteString(row(k.What, strings.Join(links, ", "), k.Ask))
	}
	return b.String()
}

func setSection(s scenarios.Set) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n## %s\n\n%s %s\n", s.Name, sentence(s.Title), s.Why)
	if s.Chosen() {
		b.WriteString(table("scenario", "is in it because of"))
		for i, sc := range s.Scenarios() {
			b.WriteString(row(code(sc.Name()), s.Members[i].Why))
		}
	} else {
		fmt.Fprintf(&b, "\n%s.\n", codes(names(s)))
	}
	b.WriteString(console(SetCommands(s)))
	return b.String()
}

// names are the names of a set's scenarios.
func names(s scenarios.Set) []string {
	var out []string
	for _, sc := range s.Scenarios() {
		out = append(out, sc.Name())
	}
	return out
}

func familySection(known scenarios.Fault) string {
	f := known.Family
	var b strings.Builder
	fmt.Fprintf(&b, "\n## %s\n\n%s\n", f.ID, sentence(f.Title))
	fmt.Fprintf(&b, "\n**Why it matters.** %s\n", sentence(f.Why))
	fmt.Fprintf(&b, "\n**A good server** %s\n", strings.TrimSuffix(f.Good, ".")+".")
	fmt.Fprintf(&b, "\n**%s:** %s\n", who(f), strings.TrimSuffix(f.Magnitude, ".")+".")
	if len(f.Mix) > 0 {
		b.WriteString(table("part", "share", "in short"))
		for _, p := range f.Mix {
			b.WriteString(row(fmt.Sprintf("[%s](#%s)", p.Family.ID, p.Family.ID), fmt.Sprintf("%g %%", p.Ratio.Percent()), p.Family.Title))
		}
	}
	if lines := lackingLines(f, code); len(lines) > 0 {
		fmt.Fprintf(&b, "\n**[App kinds](contract.md#app-kinds) without it**, whose cells are `unsupported`:\n\n- %s.\n", strings.Join(lines, ".\n- "))
	}
	if len(known.Searched) > 0 {
		fmt.Fprintf(&b, "\n**People report it as:** %s.\n", strings.Join(known.Searched, ", "))
	}
	b.WriteString("\n**What decides the verdict:**\n\n")
	for _, d := range decisions(f) {
		fmt.Fprintf(&b, "- %s ([rule](method.md#%s))\n", d.text, d.section)
	}
	fmt.Fprintf(&b, "\n**Measured** beside the verdict: %s.\n", codes(MeasuresOf(f)))
	fmt.Fprintf(&b, "\n**Proved by calibration:** %s\n", provenBy(f))
	fmt.Fprintf(&b, "\n**Public reports:** %s.\n", strings.Join(f.References, ", "))
	b.WriteString(console(Commands(f.Scenario())))
	return b.String()
}

func ladder() string {
	var out []string
	for _, r := range bench.RatioLadder {
		out = append(out, strings.TrimSuffix(r.String(), "pct"))
	}
	return strings.Join(out, ", ")
}

// cadence says when faults come.
func cadence(c bench.Cadence) string {
	switch {
	case c.Every == bench.Once:
		return "once"
	case c.Every > 0:
		return fmt.Sprintf("every %g s", c.Every.Seconds())
	}
	return strings.TrimSuffix(c.Share.String(), "pct") + " %"
}

func codes(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = code(w)
	}
	return strings.Join(out, ", ")
}

// MeasuresPage is docs/measures.md: verdicts, flags and measures.
func MeasuresPage() string {
	var b strings.Builder
	b.WriteString("# Verdicts, flags and measures\n\n" + banner)
	b.WriteString("The words of tables, `run.json` and CSV. [method.md](method.md) has the rules and the formulas; " +
		"`benchrun explain WORD` explains any of them in the terminal.\n")
	b.WriteString("\n## Verdicts\n" + table("verdict", "says"))
	for _, v := range bench.VerdictTable {
		b.WriteString(row(code(v.Verdict.String()), sentence(v.Text)))
	}
	b.WriteString("\n## Flags\n\nFlags qualify a verdict.\n" + table("flag", "says"))
	for _, f := range bench.FlagTable {
		b.WriteString(row(code(f.Name), sentence(f.Text)))
	}
	b.WriteString("\n## Measures\n\nEvery cell carries every measure in run.json. If the verdict is `invalid` or `unsupported`, they are no result, and reports do not show them. `>` before a value means that the true value is above.\n" +
		table("measure", "unit", "better", "is"))
	for _, m := range bench.MeasureTable {
		better := string(m.Better)
		if m.Better == bench.Neither {
			better = ""
		}
		b.WriteString(row(code(m.Name), m.Unit, better, sentence(m.Text)))
	}
	b.WriteString("\n## Other words\n\nColumns, labels and progress lines use these words too.\n" + table("word", "is", "shows"))
	for _, w := range bench.WordTable {
		measure := ""
		if w.Measure != "" {
			measure = code(w.Measure)
		}
		b.WriteString(row(strings.Join(append([]string{w.Name}, w.Also...), ", "), sentence(w.Text), measure))
	}
	return b.String()
}
