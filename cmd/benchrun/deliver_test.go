package main

import (
	"bytes"
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"benchrun/internal/bench"
	"benchrun/results"
)

// testReport is the part of JUnit XML that its readers use.
type testReport struct {
	Tests    int `xml:"tests,attr"`
	Failures int `xml:"failures,attr"`
	Errors   int `xml:"errors,attr"`
	Cases    []struct {
		Class string `xml:"classname,attr"`
		Name  string `xml:"name,attr"`
		Out   string `xml:"system-out"`
	} `xml:"testsuite>testcase"`
}

func readJUnit(t *testing.T, path string) testReport {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var r testReport
	if err := xml.Unmarshal(text, &r); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return r
}

// storedAs is storedRun with another verdict in its run.json. merge believes it; judge
// reaches the record's own verdict again, which is invalid: the record is too short.
func storedAs(t *testing.T, verdict bench.Verdict) string {
	t.Helper()
	return storedRun(t, func(r *bench.Run) {
		r.Cells[0].Verdict, r.Cells[0].Reasons = verdict, []string{"100% lost: 5, 6"}
	})
}

// A test fails exactly if the exit code says so. But judging a stored run without a gate ends
// with exit code 0.
func TestJUnitAgreesWithTheExitCode(t *testing.T) {
	rule := []string{"--fail-on", "verdict >= held"}
	for _, tt := range []struct {
		command          string
		verdict          bench.Verdict
		args             []string
		code             int
		failures, errors int
	}{
		{"judge", bench.Failed, nil, bench.ExitOK, 0, 1},
		{"judge", bench.Failed, rule, bench.ExitUnmeasured, 0, 1},
		{"judge", bench.Failed, []string{"--strict"}, bench.ExitUnmeasured, 0, 1},
		{"merge", bench.Invalid, nil, bench.ExitOK, 0, 1},
		{"merge", bench.Invalid, []string{"--strict"}, bench.ExitUnmeasured, 0, 1},
		{"merge", bench.Failed, nil, bench.ExitOK, 0, 0},
		{"merge", bench.Failed, rule, bench.ExitCheckFailed, 1, 0},
		{"merge", bench.Failed, []string{"--fail-on", "verdict >= failed"}, bench.ExitOK, 0, 0},
		{"merge", bench.Held, rule, bench.ExitOK, 0, 0},
		{"merge", bench.Invalid, rule, bench.ExitUnmeasured, 0, 1},
	} {
		file, args := filepath.Join(t.TempDir(), "junit.xml"), tt.args
		if tt.command == "merge" {
			args = append([]string{"--out", t.TempDir()}, args...)
		}
		ends(t, tt.code, append([]string{tt.command, storedAs(t, tt.verdict), "--junit", file}, args...)...)
		r := readJUnit(t, file)
		if r.Tests != 1 || r.Failures != tt.failures || r.Errors != tt.errors || r.Cases[0].Class != "gunicorn.default" || r.Cases[0].Name != "wedge-1pct" {
			t.Errorf("%s of %s %v: %+v", tt.command, tt.verdict, tt.args, r)
		}
		if want := "verdict: " + tt.verdict.String(); tt.command == "merge" && !strings.HasPrefix(r.Cases[0].Out, want) {
			t.Errorf("%s of %s %v: the verdict is not told: %s", tt.command, tt.verdict, tt.args, r.Cases[0].Out)
		}
	}
}

// Only in GitHub Actions does benchrun write annotations and a summary. stdout stays the
// same.
func TestGitHub(t *testing.T) {
	run := storedAs(t, bench.Failed)
	merge := func(env []string, args ...string) (stdout, stderr string) {
		cmd := benchrunCommand(t.Context(), t, append([]string{"merge", run, "--out", t.TempDir(), "--json", "-"}, args...)...)
		cmd.Env = append(cmd.Env, env...)
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		_ = cmd.Run() // the exit code is tested elsewhere
		return out.String(), errs.String()
	}
	summary := filepath.Join(t.TempDir(), "summary.md")
	if err := os.WriteFile(summary, []byte("earlier\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{"GITHUB_ACTIONS=true", "GITHUB_STEP_SUMMARY=" + summary}
	stdout, stderr := merge(env, "--fail-on", "verdict >= held")
	if !strings.HasPrefix(stdout, "{") || !strings.Contains(stderr, "\n::error title=gunicorn/default/wedge-1pct::want verdict >= held, seen failed%0A100%25 lost: 5, 6\n") {
		t.Errorf("%.80s\n%s", stdout, stderr)
	}
	text, err := os.ReadFile(summary)
	if err != nil || !strings.HasPrefix(string(text), "earlier\n## benchrun\n\n- **broken** gunicorn") || !strings.Contains(string(text), "| wedge-1pct |") {
		t.Errorf("%v: %s", err, text)
	}
	if _, stderr = merge(env); !strings.Contains(stderr, "::warning title=gunicorn/default/wedge-1pct::failed; no gate fails because of it") {
		t.Error(stderr)
	}
	// A text for people never becomes a command to GitHub's runner, whoever wrote it, and an
	// error names its argument.
	cmd := benchrunCommand(t.Context(), t, "merge", "##[add-mask]held")
	cmd.Env = append(cmd.Env, "GITHUB_ACTIONS=true")
	if out, _ := cmd.CombinedOutput(); strings.Contains(string(out), "##[") || !strings.Contains(string(out), `#\x23[add-mask]held`) {
		t.Errorf("%q", out)
	}
	pipe := filepath.Join(t.TempDir(), "pipe") // nobody reads it
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, stderr = merge([]string{"GITHUB_ACTIONS=true", "GITHUB_STEP_SUMMARY=" + pipe}); !strings.Contains(stderr, "no annotations or summary for GitHub") {
		t.Error(stderr)
	}
	if _, stderr = merge([]string{"GITHUB_ACTIONS=true", "GITHUB_STEP_SUMMARY=" + t.TempDir()}); !strings.Contains(stderr, "no annotations or summary for GitHub") {
		t.Error(stderr)
	}
	if _, stderr = merge([]string{"GITHUB_ACTIONS=", "GITHUB_STEP_SUMMARY=" + summary}, "--fail-on", "verdict >= held"); strings.Contains(stderr, "::") {
		t.Error(stderr)
	}
}

// Files of an earlier run are not mistaken for those of a run that ends early.
func TestJUnitOfARunThatNeverWas(t *testing.T) {
	file := filepath.Join(t.TempDir(), "junit.xml")
	if err := os.WriteFile(file, []byte(`<testsuites tests="1" failures="0" errors="0"/>`), 0o600); err != nil {
		t.Fatal(err)
	}
	ends(t, bench.ExitUsage, "judge", t.TempDir(), "--junit", file)
	if r := readJUnit(t, file); r.Errors != 1 || r.Cases[0].Name != "whole-run" {
		t.Errorf("%+v", r)
	}
	stderr := ends(t, bench.ExitEnvironment, "judge", storedRun(t), "--junit", filepath.Join(t.TempDir(), "none", "junit.xml"))
	if !strings.Contains(stderr, "--junit ") {
		t.Error(stderr)
	}
}

// An interrupted run is not reported as passed, also when it is judged again.
func TestJUnitOfAnInterruptedRun(t *testing.T) {
	dir := storedRun(t)
	run, err := results.ReadRun(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	run.Interrupted = true
	var text bytes.Buffer
	if err := run.Encode(&text); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, results.RunFile), text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "junit.xml")
	ends(t, bench.ExitOK, "judge", dir, "--junit", file)
	if r := readJUnit(t, file); r.Tests != 2 || r.Cases[1].Class != "benchrun" || r.Cases[1].Name != "whole-run" {
		t.Errorf("%+v", r)
	}
}
