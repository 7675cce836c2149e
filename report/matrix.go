package report

import (
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"benchrun/internal/bench"
)

// Matrix writes the run as one table of GitHub-flavoured Markdown, for publishing: one line for each
// target, one column for each scenario. Each cell has the verdict's glyph and the percentage of
// served victims, cut to an integer. If service collapsed, it has the time until the collapse
// instead: the fault phase of such a cell ends early, so its percentage would depend on when
// benchrun stopped looking. Everything else about the run is in its folder.
func Matrix(w io.Writer, v View) error {
	scenarios := matrixScenarios(v)
	var b strings.Builder
	b.WriteString("| target | held |")
	for _, s := range scenarios {
		b.WriteString(" " + escaped(s) + " |")
	}
	b.WriteString("\n|---|---:|" + strings.Repeat("---|", len(scenarios)) + "\n")
	unserved := false
	for _, target := range matrixTargets(v) {
		held, all := 0, 0
		line := ""
		for _, s := range scenarios {
			var texts []string
			for _, r := range v.Rows {
				if r.Target != target || r.Scenario != s {
					continue
				}
				text, other := matrixCell(r)
				unserved = unserved || other
				texts = append(texts, text)
				if r.Verdict.Claims() {
					all++
				}
				if r.Verdict == bench.Held {
					held++
				}
			}
			line += " " + strings.Join(texts, "<br>") + " |"
		}
		share := None // there are no cells
		if all > 0 {
			share = strconv.Itoa(held) + "/" + strconv.Itoa(all)
		}
		b.WriteString("| " + escaped(target) + " | " + share + " |" + line + "\n")
	}
	b.WriteString("\n" + matrixLegend(v, unserved) + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func matrixScenarios(v View) (out []string) {
	for _, r := range v.Rows {
		if !slices.Contains(out, r.Scenario) {
			out = append(out, r.Scenario)
		}
	}
	return out
}

// matrixTargets lists the targets, benchrun's own last.
func matrixTargets(v View) (out []string) {
	for _, own := range []bool{false, true} {
		for _, r := range v.Rows {
			if r.Own == own && !slices.Contains(out, r.Target) {
				out = append(out, r.Target)
			}
		}
	}
	return out
}

// matrixCell is, for example, "✓ 100%", "✗ 8.5 min", "✗ 41%" or "⊘ broken". other says that it
// failed for another reason than lost victims.
func matrixCell(r Row) (text string, other bool) {
	glyph, word, _ := strings.Cut(Badge(r.Verdict), " ")
	h := r.Cell.Measures["h"].Value
	switch {
	case r.Verdict == bench.Unsupported:
		return glyph, false
	case r.Verdict == bench.Invalid || r.Verdict == bench.Broken || h == nil || math.IsNaN(*h) || math.IsInf(*h, 0):
		return glyph + " " + word, false
	}
	text = glyph + " " + strconv.Itoa(int(*h)) + "%"
	if r.Other != "" {
		return text + " †", true
	}
	collapse := r.Cell.Measures["time_to_collapse"]
	if r.Verdict == bench.Failed && collapse.Value != nil && collapse.Censored == "" {
		if *collapse.Value < 1 {
			return glyph + " at once", false
		}
		return glyph + " " + Figure(collapse), false
	}
	return text, false
}

func matrixLegend(v View, unserved bool) string {
	badges := func(list []Tally) string {
		var parts []string
		for _, t := range list {
			parts = append(parts, Badge(t.Verdict)+" "+bench.Grouped(t.Cells))
		}
		return strings.Join(parts, ", ")
	}
	text := badges(v.Tally)
	if len(v.Reference) > 0 {
		text += "; counted apart, benchrun's own reference: " + badges(v.Reference)
	}
	text += ". %: ordinary requests that were served during the faults. A time: how long after the first fault fewer than half of them were served, at this ratio."
	if unserved {
		text += " † Failed for another reason than lost requests: it kept memory, filled its disk, sent a wrong body, or cut off honest requests."
	}
	if once := v.Unconfirmed(); once != "" {
		text += " Unconfirmed: " + escaped(once) + "."
	}
	if resolved := v.Resolved(); resolved != "" {
		text += " Versions: " + escaped(resolved) + "."
	}
	if v.Mode != "" {
		text += " Mode " + escaped(v.Mode) + "."
	}
	if v.Mixed != "" {
		text += " Mixed: " + escaped(v.Mixed) + "."
	}
	return text + " " + escaped(v.Hardware) + "."
}
