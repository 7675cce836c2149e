package report

import (
	"io"
	"strings"

	"benchrun/internal/bench"
)

// DuelJUnit writes a duel as JUnit XML: one testcase for each scenario. It has a failure if B is
// worse, and an error if nothing can be said about B. That agrees with the exit code.
func DuelJUnit(w io.Writer, v DuelView) error {
	target := "duel." + clean(v.Target)
	s := junitSuite{Name: target, Properties: &junitProperties{List: []junitProperty{{"a", clean(v.A)}, {"b", clean(v.B)}}}}
	total := 0.0
	add := func(name string, seconds float64, answer bench.Answer, why string) {
		c := junitCase{Class: target, Name: clean(name), Time: junitTime(seconds), Out: shortText(why, junitTestBytes)}
		first, _, _ := strings.Cut(why, "\n")
		switch result := (&junitResult{Type: clean(string(answer)), Message: shortText(first, 1<<10), Text: c.Out}); answer {
		case bench.DuelWorse:
			c.Failure = result
		case bench.DuelSame, bench.DuelBetter:
		default:
			c.Error = result
		}
		total += seconds
		s.add(c)
	}
	for _, r := range v.Bouts {
		add(r.Scenario, r.Seconds, r.Answer, r.text())
	}
	if v.Broke != "" {
		add("whole-run", 0, "run", "the run did not finish: "+clean(v.Broke))
	}
	s.Time = junitTime(total)
	return junitSuites{Name: "benchrun", Time: s.Time, Suites: []junitSuite{s}}.write(w)
}

// text describes the result of a scenario, in lines.
func (r DuelRow) text() string {
	lines := []string{"B is " + clean(string(r.Answer)) + ": A " + clean(r.A) + ", B " + clean(r.B) + ", loss " + clean(r.Loss)}
	return strings.Join(append(lines, cleanAll(r.Reasons)...), "\n")
}

// DuelAnnotations writes the results of a duel as workflow commands of GitHub Actions: an error
// for each scenario in which B is worse, or in which nothing can be said about B.
func DuelAnnotations(w io.Writer, v DuelView) error {
	var lines []string
	for _, r := range v.Bouts {
		if r.Answer != bench.DuelSame && r.Answer != bench.DuelBetter {
			lines = append(lines, annotation("error", "duel "+clean(v.Target)+" "+clean(r.Scenario), r.text()))
		}
	}
	if v.Broke != "" {
		lines = append(lines, annotation("error", "benchrun", "the run did not finish: "+clean(v.Broke)))
	}
	_, err := io.WriteString(w, strings.Join(append(firstOf(lines), ""), "\n"))
	return err
}

// firstOf keeps as many annotations as GitHub shows.
func firstOf(lines []string) []string { return lines[:min(len(lines), MostAnnotations)] }

// DuelSummary writes a duel for the summary of a step of GitHub Actions, in at most room bytes.
func DuelSummary(w io.Writer, v DuelView, room int) error {
	var b strings.Builder
	b.WriteString("## benchrun duel\n\n| scenario | B is | A | B | loss | why |\n|---|---|---|---|---:|---|\n")
	for _, r := range v.Bouts {
		var cells []string
		for _, text := range []string{r.Scenario, duelBadge(r.Answer), r.A, r.B, r.Loss, strings.Join(r.Reasons, "; ")} {
			cells = append(cells, escaped(clean(text)))
		}
		b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
	}
	b.WriteString("\nA: " + escaped(clean(v.A)) + ". B: " + escaped(clean(v.B)) + ".\n")
	text := []byte(b.String())
	if len(text) > room {
		text = cutSummary(text, room)
	}
	_, err := w.Write(text)
	return err
}
