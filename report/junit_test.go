package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// node is an element of the file.
type node struct {
	name     string
	attrs    map[string]string
	children []*node
	text     string
}

func parse(t *testing.T, text []byte) *node {
	t.Helper()
	dec := xml.NewDecoder(bytes.NewReader(text))
	root := &node{}
	stack := []*node{root}
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("not XML: %v", err)
		}
		top := stack[len(stack)-1]
		switch e := token.(type) {
		case xml.StartElement:
			n := &node{name: e.Name.Local, attrs: map[string]string{}}
			for _, a := range e.Attr {
				n.attrs[a.Name.Local] = a.Value
			}
			top.children = append(top.children, n)
			stack = append(stack, n)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			top.text += string(e)
		}
	}
	return root.children[0]
}

// The attributes and children that Jenkins' schema (junit-10.xsd of jenkinsci/xunit-plugin) allows
// for an element; "!" marks a required attribute.
var junitForm = map[string]struct{ attrs, children []string }{
	"testsuites":   {[]string{"name", "time", "tests", "failures", "errors"}, []string{"testsuite"}},
	"testsuite":    {[]string{"name!", "tests!", "failures!", "errors!", "group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"}, []string{"testsuite", "properties", "testcase", "system-out", "system-err"}},
	"properties":   {nil, []string{"property"}},
	"property":     {[]string{"name!", "value!"}, nil},
	"testcase":     {[]string{"name!", "time", "classname", "group"}, []string{"skipped", "error", "failure", "rerunFailure", "rerunError", "flakyFailure", "flakyError", "system-out", "system-err"}},
	"failure":      {[]string{"type", "message"}, nil},
	"error":        {[]string{"type", "message"}, nil},
	"skipped":      {[]string{"type", "message"}, nil},
	"rerunFailure": {[]string{"type!", "message"}, []string{"stackTrace", "system-out", "system-err"}},
	"flakyFailure": {[]string{"type!", "message"}, []string{"stackTrace", "system-out", "system-err"}},
	"system-out":   {nil, nil},
}

var junitSeconds = regexp.MustCompile(`^[0-9]+\.[0-9]{3}$`)

// checkForm checks an element against the schema, its counts against its tests, and that names
// are unique.
func checkForm(t *testing.T, n *node, names map[string]bool) {
	t.Helper()
	form, ok := junitForm[n.name]
	if !ok {
		t.Fatalf("element %s is not in the schema", n.name)
	}
	for _, a := range form.attrs {
		if must, ok := strings.CutSuffix(a, "!"); ok {
			if _, has := n.attrs[must]; !has {
				t.Errorf("%s has no %s", n.name, must)
			}
		}
	}
	for a, v := range n.attrs {
		if !slices.Contains(form.attrs, a) && !slices.Contains(form.attrs, a+"!") {
			t.Errorf("%s must have no attribute %s", n.name, a)
		}
		if a == "time" && !junitSeconds.MatchString(v) {
			t.Errorf("%s: time %q", n.name, v)
		}
	}
	if len(form.children) > 0 && n.name != "rerunFailure" && n.name != "flakyFailure" && strings.TrimSpace(n.text) != "" {
		t.Errorf("%s has text %q", n.name, n.text)
	}
	counts := map[string]int{}
	for _, c := range n.children {
		if !slices.Contains(form.children, c.name) {
			t.Errorf("%s must not contain %s", n.name, c.name)
		}
		counts[c.name]++
		checkForm(t, c, names)
	}
	switch n.name {
	case "testcase":
		if counts["failure"]+counts["error"]+counts["skipped"] > 1 {
			t.Errorf("%v has more than one outcome", n.attrs)
		}
		name := n.attrs["classname"] + "\n" + n.attrs["name"]
		if names[name] {
			t.Errorf("%q stands there twice: GitLab would ignore the second", name)
		}
		names[name] = true
	case "testsuite":
		for attr, element := range map[string]string{"failures": "failure", "errors": "error", "skipped": "skipped"} {
			if got := len(find(n, element)); n.attrs[attr] != fmt.Sprint(got) {
				t.Errorf("suite %s: %s %s, counted %d", n.attrs["name"], attr, n.attrs[attr], got)
			}
		}
		if n.attrs["tests"] != fmt.Sprint(counts["testcase"]) {
			t.Errorf("suite %s: tests %s, counted %d", n.attrs["name"], n.attrs["tests"], counts["testcase"])
		}
	}
}

func find(n *node, name string) []*node {
	var out []*node
	for _, c := range n.children {
		if c.name == name {
			out = append(out, c)
		}
		out = append(out, find(c, name)...)
	}
	return out
}

// junitOf writes, checks and parses a run. It returns the tests by class and name.
func junitOf(t *testing.T, run bench.Run, findings ...bench.Finding) (root *node, tests map[string]*node) {
	t.Helper()
	var b bytes.Buffer
	if err := JUnit(&b, run, findings); err != nil {
		t.Fatal(err)
	}
	if b.Len() > 30_000_000 {
		t.Fatalf("%d bytes: GitLab does not read that", b.Len())
	}
	root = parse(t, b.Bytes())
	checkForm(t, root, map[string]bool{})
	tests = map[string]*node{}
	for _, c := range find(root, "testcase") {
		tests[c.attrs["classname"]+" "+c.attrs["name"]] = c
	}
	return root, tests
}

func has(n *node, element string) bool { return len(find(n, element)) > 0 }

// sampleFindings are the findings of a gate of "verdict >= degraded" and --strict in sampleRun.
func sampleFindings() []bench.Finding {
	return []bench.Finding{
		{Cell: 4, By: "invalid", Text: "the host stalled"},
		{Cell: 0, Broken: true, By: "rule", Text: "want verdict >= degraded, seen failed"},
		{Cell: 0, By: "rule", Text: "want reclaimed >= 90, seen nothing to measure"},
		{Cell: 4, By: "rule", Text: "want verdict >= degraded, seen invalid"},
		{Cell: 2, Broken: true, By: "strict", Text: "flagged flaky"},
	}
}

// xmllint has validated the golden file against junit-10.xsd.
func TestJUnitGolden(t *testing.T) {
	golden(t, "run.junit.xml", func(w io.Writer) error { return JUnit(w, sampleRun(), sampleFindings()) })
}

func TestJUnit(t *testing.T) {
	root, tests := junitOf(t, sampleRun(), sampleFindings()...)
	if root.attrs["tests"] != "7" || root.attrs["failures"] != "2" || root.attrs["errors"] != "1" {
		t.Errorf("%v", root.attrs)
	}
	broken := tests["gunicorn.default wedge-1pct"]
	if f := find(broken, "failure"); len(f) != 1 || f[0].attrs["type"] != "rule" ||
		!strings.Contains(f[0].attrs["message"], "seen failed (and 1 more)") || !strings.Contains(f[0].text, "seen nothing to measure") ||
		!strings.Contains(f[0].text, "lost 1,200 of 1,200") || !strings.Contains(f[0].text, "benchrun --server gunicorn --profile default --scenario wedge-1pct --seed") {
		t.Errorf("%+v", f)
	}
	for name, element := range map[string]string{
		"waitress.default wedge-1pct": "failure", "mod_wsgi.default segfault-1pct": "error", "bjoern.hardened segfault-1pct": "skipped",
	} {
		if !has(tests[name], element) {
			t.Errorf("%s is no %s", name, element)
		}
	}
	// The cell is broken, but no rule is about it: the exit code is 0, so the test passes.
	quiet := tests["mod_wsgi.hardened segfault-1pct"]
	if len(quiet.children) != 1 || !strings.HasPrefix(quiet.children[0].text, "verdict: broken\n") {
		t.Errorf("%+v", quiet.children)
	}
	// Without findings nothing fails.
	root, _ = junitOf(t, sampleRun())
	if has(root, "failure") || has(root, "error") {
		t.Error("a test fails that nothing was found about")
	}
}

func TestJUnitFlaky(t *testing.T) {
	cell := sampleRun().Cells[1]
	low := 12.5
	cell.Attempts = []bench.Attempt{{Attempt: 1, Verdict: bench.Invalid, Seconds: 1}, {Attempt: 2, Verdict: bench.Failed, H: &low, Seconds: 30.25}, {Attempt: 3, Verdict: bench.Held, Seconds: 2000}}
	run := bench.Run{Cells: []bench.Cell{cell}}
	_, tests := junitOf(t, run)
	test := tests["gunicorn.hardened wedge-1pct"]
	if f := find(test, "flakyFailure"); len(f) != 1 || f[0].attrs["type"] != "failed" || f[0].attrs["message"] != "attempt 2: failed, H 12.5 %" {
		t.Errorf("%+v", f)
	}
	if test.attrs["time"] != "2031.250" {
		t.Error(test.attrs["time"])
	}
	_, tests = junitOf(t, run, bench.Finding{Cell: 0, Broken: true, By: "strict", Text: "flagged flaky"})
	if test = tests["gunicorn.hardened wedge-1pct"]; has(test, "flakyFailure") || !has(test, "rerunFailure") || !has(test, "failure") {
		t.Errorf("%+v", test.children)
	}
}

// Names contain neither versions nor paths, unless needed to distinguish tests.
func TestJUnitNames(t *testing.T) {
	run := sampleRun()
	run.Cells = slices.Concat(run.Cells[:1], run.Cells[:1])
	run.Cells[1].Version = "22.0.0"
	_, tests := junitOf(t, run)
	for _, want := range []string{"gunicorn@23.0.0.default wedge-1pct", "gunicorn@22.0.0.default wedge-1pct"} {
		if tests[want] == nil {
			t.Errorf("no %s", want)
		}
	}
	run.Cells = run.Cells[1:]
	if _, tests = junitOf(t, run); tests["gunicorn.default wedge-1pct"] == nil {
		t.Errorf("%v", tests)
	}
}

// A run that ended early does not pass.
func TestJUnitWholeRun(t *testing.T) {
	_, tests := junitOf(t, bench.Run{}, bench.Finding{Cell: bench.WholeRun, By: "run", Text: "disk full"})
	if test := tests["benchrun whole-run"]; test == nil || !has(test, "error") {
		t.Errorf("%v", tests)
	}
}

// XML 1.0 forbids most control characters even as references, and readers have limits.
func TestJUnitHostile(t *testing.T) {
	run := sampleRun()
	run.Environment.Hostname = "a\x00b\ufffe"
	c := &run.Cells[0]
	c.Reasons = []string{"]]>&lt;\x00\x1b[31m\uffff\xff<failure/>", strings.Repeat("ä\"", 1<<16)}
	c.Flags = []string{"<!--"}
	_, tests := junitOf(t, run, bench.Finding{Cell: 0, Broken: true, By: "ru\x01le", Text: "a\nb \u2028" + strings.Repeat("&", 1<<16)})
	test := tests["gunicorn.default wedge-1pct"]
	for _, n := range test.children {
		for _, text := range []string{n.text, n.attrs["message"]} {
			if len(text) > 17<<10 || strings.ContainsAny(text, "\x00\x01\x1b\uffff") {
				t.Errorf("%s: %d bytes, %.80q", n.name, len(text), text)
			}
		}
	}
	if !strings.Contains(test.children[len(test.children)-1].text, `]]>&lt;\x00\x1b[31m`) {
		t.Errorf("%.200q", test.children[len(test.children)-1].text)
	}
	c.Reasons[1] = strings.Repeat("ä\"", 10<<10)
	run.Cells = slices.Repeat(run.Cells[:1], 300)
	for i := range run.Cells {
		run.Cells[i].Scenario = fmt.Sprintf("s-%d", i)
	}
	junitOf(t, run)
}
