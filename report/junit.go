package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"benchrun/internal/bench"
)

// The elements and attributes of JUnit XML in Jenkins' schema junit-10.xsd
// (jenkinsci/xunit-plugin), and no others: GitLab, Jenkins and readers of Surefire reports all
// understand them.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Time     string       `xml:"time,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name       string           `xml:"name,attr"`
		Tests      int              `xml:"tests,attr"`
		Failures   int              `xml:"failures,attr"`
		Errors     int              `xml:"errors,attr"`
		Skipped    int              `xml:"skipped,attr"`
		Time       string           `xml:"time,attr"`
		Timestamp  string           `xml:"timestamp,attr,omitempty"`
		Hostname   string           `xml:"hostname,attr,omitempty"`
		Properties *junitProperties `xml:"properties"`
		Cases      []junitCase      `xml:"testcase"`
	}
	junitProperties struct {
		List []junitProperty `xml:"property"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Class   string        `xml:"classname,attr"`
		Name    string        `xml:"name,attr"`
		Time    string        `xml:"time,attr"`
		Failure *junitResult  `xml:"failure"`
		Error   *junitResult  `xml:"error"`
		Skipped *junitResult  `xml:"skipped"`
		Rerun   []junitResult `xml:"rerunFailure"`
		Flaky   []junitResult `xml:"flakyFailure"`
		Out     string        `xml:"system-out,omitempty"`
	}
	junitResult struct {
		Type    string `xml:"type,attr"`
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// GitLab reads files of less than 30 MB, and its parser rejects a text of 10 MB. So the texts of
// tests are cut until a file is smaller than two thirds of that. Escaping turns a byte into at
// most five.
const (
	junitBytes     = 20_000_000
	junitTestBytes = 16 << 10
	junitTexts     = 3 // of a test: message, body, system-out
	junitEscape    = 5
)

// JUnit writes a run as JUnit XML: one testsuite for each target, one testcase for each cell. It
// agrees with the exit code: a cell has a failure if a finding says that something about it is
// broken, and an error if there is only another finding about it. An unsupported cell is skipped.
// Any other cell passed, whatever its verdict; the output has the verdict. Attempts of a flaky
// cell that did worse are flakyFailures, which readers count as passed; those of a cell that
// failed anyway are rerunFailures.
func JUnit(w io.Writer, run bench.Run, findings []bench.Finding) error {
	all := junitSuites{Name: "benchrun"}
	room := min(junitTestBytes, junitBytes/junitTexts/junitEscape/max(len(run.Cells), 1))
	targets, scenarios := cellNames(run.Cells)
	place := map[string]int{} // the index of a target's suite
	total, seconds := 0.0, []float64{}
	for i, c := range run.Cells {
		at, ok := place[targets[i]]
		if !ok {
			at = len(all.Suites)
			place[targets[i]] = at
			all.Suites = append(all.Suites, newJUnitSuite(targets[i], run, c))
			seconds = append(seconds, 0)
		}
		for _, a := range c.Attempts {
			seconds[at] += a.Seconds
			total += a.Seconds
		}
		all.Suites[at].add(newJUnitCase(targets[i], scenarios[i], run, c, found(findings, i), room))
	}
	for i := range all.Suites {
		all.Suites[i].Time = junitTime(seconds[i])
	}
	if whole := found(findings, bench.WholeRun); len(whole) > 0 {
		s := junitSuite{Name: "benchrun", Time: junitTime(0)}
		c := junitCase{Class: "benchrun", Name: "whole-run", Time: junitTime(0)}
		c.judge(whole, nil, room)
		s.add(c)
		all.Suites = append(all.Suites, s)
	}
	all.Time = junitTime(total)
	return all.write(w)
}

// write counts and writes the suites.
func (all junitSuites) write(w io.Writer) error {
	for _, s := range all.Suites {
		all.Tests, all.Failures, all.Errors = all.Tests+s.Tests, all.Failures+s.Failures, all.Errors+s.Errors
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func newJUnitSuite(name string, run bench.Run, c bench.Cell) junitSuite {
	e := run.Environment
	s := junitSuite{Name: name, Timestamp: strings.TrimSuffix(clean(run.StartedAt), "Z"), Hostname: clean(e.Hostname), Properties: &junitProperties{}}
	for _, p := range []junitProperty{
		{"run", run.ID}, {"benchrun", run.Benchrun}, {"mode", string(run.Mode)}, {"seed", fmt.Sprint(run.Seed)},
		{"testbed", e.Testbed}, {"server", c.Server}, {"version", c.Version}, {"profile", c.Profile},
	} {
		s.Properties.List = append(s.Properties.List, junitProperty{p.Name, clean(p.Value)})
	}
	for _, m := range e.Mixed {
		s.Properties.List = append(s.Properties.List, junitProperty{"mixed", clean(m)})
	}
	return s
}

func (s *junitSuite) add(c junitCase) {
	s.Cases = append(s.Cases, c)
	s.Tests++
	switch {
	case c.Failure != nil:
		s.Failures++
	case c.Error != nil:
		s.Errors++
	case c.Skipped != nil:
		s.Skipped++
	}
}

func newJUnitCase(target, scenario string, run bench.Run, c bench.Cell, findings []bench.Finding, room int) junitCase {
	seconds := 0.0
	for _, a := range c.Attempts {
		seconds += a.Seconds
	}
	var again []string
	if line := Again(run, c); line != "" {
		again = []string{"measure again: " + line}
	}
	t := junitCase{Class: target, Name: scenario, Time: junitTime(seconds)}
	c = shown(c)
	if c.Verdict == bench.Unsupported && len(findings) == 0 {
		t.Skipped = &junitResult{Type: "unsupported", Message: shortText(strings.Join(c.Reasons, "; "), room)}
		return t
	}
	why := append([]string{"verdict: " + c.Verdict.String()}, c.Reasons...)
	if len(c.Flags) > 0 {
		why = append(why, "flagged: "+strings.Join(c.Flags, ", "))
	}
	t.judge(findings, slices.Concat(why, again), room)
	if len(c.Attempts) > 1 {
		t.attempts(c)
		for _, a := range c.Attempts {
			why = append(why, attemptText(a))
		}
	}
	t.Out = shortText(strings.Join(append(why, again...), "\n"), room)
	return t
}

// judge makes a failure or an error of findings, broken ones first, because the exit code is 10 if
// there are both kinds. why follows below them.
func (t *junitCase) judge(findings []bench.Finding, why []string, room int) {
	if len(findings) == 0 {
		return
	}
	first := findings[0]
	var lines []string
	for _, f := range findings {
		lines = append(lines, f.By+": "+f.Text)
	}
	message := first.Text
	if more := len(findings) - 1; more > 0 {
		message += fmt.Sprintf(" (and %d more)", more)
	}
	const messageBytes = 1 << 10
	r := &junitResult{Type: first.By, Message: shortText(message, min(room, messageBytes)), Text: shortText(strings.Join(append(lines, why...), "\n"), room)}
	if first.Broken {
		t.Failure = r
	} else {
		t.Error = r
	}
}

// attempts lists the attempts that are worse than the cell and so were not confirmed. Invalid ones
// confirm nothing and do not count.
func (t *junitCase) attempts(c bench.Cell) {
	for _, a := range c.Attempts {
		if a.Verdict == bench.Invalid || a.Verdict >= c.Verdict {
			continue
		}
		r := junitResult{Type: a.Verdict.String(), Message: attemptText(a)}
		if t.Failure == nil && t.Error == nil {
			t.Flaky = append(t.Flaky, r)
		} else {
			t.Rerun = append(t.Rerun, r)
		}
	}
}

func attemptText(a bench.Attempt) string {
	text := fmt.Sprintf("attempt %d: %s", a.Attempt, a.Verdict)
	if a.H != nil {
		text += ", H " + Percent(*a.H)
	}
	return text
}

// junitTime is in seconds, without an exponent, which the schema's pattern does not allow.
func junitTime(seconds float64) string { return fmt.Sprintf("%.3f", max(seconds, 0)) }

// shortText cuts a text to at most room bytes, between characters, and says so.
func shortText(s string, room int) string {
	if len(s) <= room {
		return s
	}
	const mark = " [cut]"
	end := max(room-len(mark), 0)
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + mark
}
