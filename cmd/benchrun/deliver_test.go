package main

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// testReport is what readers of JUnit look at.
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

// A test fails where the exit code says so, and only there.
func TestJUnitAgreesWithTheExitCode(t *testing.T) {
	run := storedRun(t)
	judged, _, err := judgeAgain(run)
	if err != nil {
		t.Fatal(err)
	}
	if v := judged.Cells[0].Verdict; v == bench.Held || v == bench.Invalid {
		t.Fatalf("the stored cell is %s: no rule about verdicts can break it", v)
	}
	for _, tt := range []struct {
		command  string
		args     []string
		code     int
		failures int
	}{
		{"judge", nil, bench.ExitOK, 0},
		{"judge", []string{"--fail-on", "verdict >= held"}, bench.ExitCheckFailed, 1},
		{"judge", []string{"--fail-on", "survivors == 0"}, bench.ExitOK, 0},
		{"merge", []string{"--out", t.TempDir()}, bench.ExitOK, 0},
		{"merge", []string{"--out", t.TempDir(), "--fail-on", "verdict >= held"}, bench.ExitCheckFailed, 1},
	} {
		file := filepath.Join(t.TempDir(), "junit.xml")
		ends(t, tt.code, append([]string{tt.command, run, "--junit", file}, tt.args...)...)
		r := readJUnit(t, file)
		if r.Tests != 1 || r.Failures != tt.failures || r.Errors != 0 || r.Cases[0].Class != "gunicorn.default" || r.Cases[0].Name != "wedge-1pct" {
			t.Errorf("%s %v: %+v", tt.command, tt.args, r)
		}
		if !strings.HasPrefix(r.Cases[0].Out, "verdict: "+judged.Cells[0].Verdict.String()) {
			t.Errorf("%s %v: the verdict is not told: %s", tt.command, tt.args, r.Cases[0].Out)
		}
	}
}

// What an earlier run has left never passes for a run that ends early.
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
