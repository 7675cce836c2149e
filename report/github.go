package report

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"benchrun/internal/bench"
)

// MostAnnotations is how many errors, and how many warnings, GitHub shows for one step. It
// silently drops the others.
const MostAnnotations = 10

// MostSummaryBytes is how long a step's summary gets. GitHub refuses summaries of more than
// 1 MiB completely.
const MostSummaryBytes = 900_000

// Annotations writes the results of a run as workflow commands of GitHub Actions: an error for
// each cell that keeps the run from passing, and a warning for each other cell that is flaky or
// did not hold, and for each note. If there are more than GitHub shows, the last one says how
// many.
func Annotations(w io.Writer, run bench.Run, findings []bench.Finding, notes []string) error {
	var failing, warnings []string
	for _, n := range notes {
		warnings = append(warnings, annotation("warning", "benchrun", clean(n)))
	}
	if whole := found(findings, bench.WholeRun); len(whole) > 0 {
		failing = append(failing, annotation("error", "benchrun", whole[0].Text))
	}
	for i, c := range run.Cells {
		c = shown(c)
		var texts []string
		for _, f := range found(findings, i) {
			texts = append(texts, f.Text)
		}
		level := "error"
		if len(texts) == 0 {
			level = "warning"
			if slices.Contains(c.Flags, bench.FlagFlaky) {
				texts = append(texts, "flaky: its attempts disagree")
			}
			if c.Verdict == bench.Broken || c.Verdict == bench.Failed || c.Verdict == bench.Degraded {
				texts = append(texts, c.Verdict.String()+"; no gate fails because of it")
			}
			if len(texts) == 0 {
				continue
			}
		}
		if len(c.Reasons) > 0 {
			texts = append(texts, c.Reasons[0])
		}
		line := annotation(level, c.Name(), strings.Join(texts, "\n"))
		if level == "error" {
			failing = append(failing, line)
		} else {
			warnings = append(warnings, line)
		}
	}
	for _, kind := range []struct {
		level string
		lines []string
	}{{"error", failing}, {"warning", warnings}} {
		if more := len(kind.lines) - MostAnnotations + 1; more > 1 {
			kind.lines = append(kind.lines[:MostAnnotations-1:MostAnnotations-1],
				annotation(kind.level, "benchrun", fmt.Sprintf("%d more; the step's summary has them all", more)))
		}
		for _, line := range kind.lines {
			if _, err := io.WriteString(w, line+"\n"); err != nil {
				return err
			}
		}
	}
	return nil
}

// annotation is one workflow command. A property ends at ':' or ',', so these are escaped in
// properties and not in the message (docs.github.com, "Workflow commands for GitHub Actions").
func annotation(level, title, text string) string {
	const mostBytes = 4 << 10
	data := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	return fmt.Sprintf("::%s title=%s::%s", level, property.Replace(shortText(title, mostBytes)), data.Replace(shortText(text, mostBytes)))
}

// StepSummary writes the summary of a run for a step of GitHub Actions: what keeps it from
// passing, notes, then everything that Markdown writes. It takes at most room bytes. A longer
// one is cut at the end of a line, and says so.
func StepSummary(w io.Writer, v View, findings []bench.Finding, notes []string, room int) error {
	var b bytes.Buffer
	b.WriteString("## benchrun\n\n")
	for i := range v.Rows {
		for _, f := range found(findings, i) {
			b.WriteString("- " + summaryMark(f) + escaped(words(v.Rows[i].Target, v.Rows[i].Scenario)+": "+f.Text) + "\n")
		}
	}
	for _, f := range found(findings, bench.WholeRun) {
		b.WriteString("- " + summaryMark(f) + escaped(f.Text) + "\n")
	}
	for _, n := range notes {
		b.WriteString("- " + escaped(clean(n)) + "\n")
	}
	if len(findings)+len(notes) > 0 {
		b.WriteByte('\n')
	}
	if err := Markdown(&b, v); err != nil {
		return err
	}
	text := b.Bytes()
	if len(text) > room {
		text = cutSummary(text, room)
	}
	_, err := w.Write(text)
	return err
}

func summaryMark(f bench.Finding) string {
	if f.Broken {
		return "**broken** "
	}
	return "**not measured** "
}

// cutSummary keeps whole lines. It returns nothing if there is not even room to say that
// something is missing.
func cutSummary(text []byte, room int) []byte {
	note := fmt.Sprintf("\n**Cut here:** GitHub accepts no more than %s bytes. The run's folder has everything.\n", bench.Grouped(len(text)))
	if len(note) > room {
		return nil
	}
	kept := text[:room-len(note)]
	return slices.Concat(kept[:bytes.LastIndexByte(kept, '\n')+1], []byte(note))
}
