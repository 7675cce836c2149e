package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"benchrun/internal/bench"
	"benchrun/internal/place"
	"benchrun/internal/plan"
	"benchrun/report"
	"benchrun/results"
)

// pasted runs a command line in a shell, as somebody who copied it would, with --dry-run, in
// a new folder. It returns stdout.
func pasted(t *testing.T, line string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-c", `benchrun() { "$SELF" "$@"; }; `+line+" --dry-run")
	cmd.Env = append(os.Environ(), asMain+"=1", "SELF="+self, "GITHUB_ACTIONS=", "BENCHRUN_CONFIG=")
	cmd.Dir = t.TempDir()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Errorf("%s: %v: %s", line, err, errs.String())
	}
	return out.String()
}

// pastedBesides does the same beside the test's other command lines.
func pastedBesides(t *testing.T, line string, check func(t *testing.T, stdout string)) {
	t.Helper()
	t.Run("pasted", func(t *testing.T) {
		t.Parallel()
		check(t, pasted(t, line))
	})
}

// oddServer writes a server file into a folder whose name could confuse a shell or a reader
// of flags.
func oddServer(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(writeServer(t, "own", `["{python}", "-m", "x", "{args}"]`))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir("it's a, $folder\n=\u202e", 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("it's a, $folder\n=\u202e", "-own.yaml")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Every printed command that measures again works when it is pasted elsewhere, however the
// run was asked for.
func TestWhatIsToldToDoAgainWorks(t *testing.T) {
	quietHome(t)
	file := oddServer(t)
	checkout := "check out"
	if err := os.Mkdir(checkout, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(checkout, "pyproject.toml"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	writeFiles(t, map[string]string{"my server": "#!/bin/sh\n"})
	for _, args := range [][]string{
		{"--server-file", file, "-p", "default", "-c", "wedge-1pct", "--full"},
		{"--server-file=" + file, "--server", "own", "--python", "/usr/bin/python3", "-c", "slow,segfault", "--seed=7", "--json", "x", "--junit=y", "-o", "z"},
		{"--server", "wsgiref", "--server", "waitress@path:" + checkout, "-c", "wedge-1pct", "--quick"},
		{"--server", "waitress@3.0.0", "-p", "default", "-c", "wedge"},
		{"--server", "gunicorn/equal8", "--args", `--config=conf.py --out="a b" 'it'\''s' -o x --seed=9`, "-c", "wedge-1pct"},
		{"--server-file", file, "--args=-x '$HOME *' \"a\nb\"", "-c", "wedge-1pct", "--seed", "5"},
		{"--server-cmd", `./my\ server --port {port} 'it is' --seed=9 "a,b" --server-file=x app:application`, "-c", "wedge-1pct"},
		{"--server", "waitress+runit,wsgiref", "-p", "default", "-c", "kill-master"},
		{"--server-file", file, "--args=-x", "--supervisor", "s6", "-c", "wedge-1pct,boot-crash"},
		{"--server-cmd=python3 -m x --port {port} {args}", "--supervisor=supervisord", "-c", "kill-master"},
		{"--server-cmd=python3 -m x --port {port} {args}", "--app-kind", "builtin", "--args", "--app-kind=x", "-c", "wedge-1pct", "--full"},
		{"--server", "gunicorn+nginx,wsgiref", "-p", "default", "-c", "wedge-1pct"},
		{"--server-file", file, "--front", "haproxy", "--args=-x", "-c", "slow-upload,graceful-stop"},
		{"--server-cmd=python3 -m x --port {port} {args}", "--front=apache", "-c", "wedge-1pct"},
	} {
		var s settings
		cmd := newRootCommand()
		cmd.ResetFlags()
		addFlags(cmd.Flags(), &s)
		if err := cmd.ParseFlags(args); err != nil {
			t.Fatal(err)
		}
		cells, err := s.selected()
		if err != nil {
			t.Fatal(err)
		}
		run := bench.Run{ID: "id", Args: s.fixed(args), Mode: s.mode(), Seed: s.seed, Environment: bench.Environment{Testbed: "t"}}
		for _, c := range cells {
			source, verdict := c.Source(s.python), bench.Failed
			if c.Unsupported != "" {
				verdict = bench.Unsupported
			}
			run.Cells = append(run.Cells, bench.Cell{
				Server: c.Server.Name, Version: c.Version, Profile: c.Profile, Scenario: c.Scenario.Name(), Seed: s.seed, Source: &source,
				Verdict: verdict,
			})
		}
		other := run
		other.ID = "other"
		other.Cells = nil
		merged, err := results.Merge(false, run, other)
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range run.Cells {
			for _, of := range []bench.Run{run, merged} {
				line := report.Again(of, c)
				if c.Verdict == bench.Unsupported {
					if line != "" {
						t.Errorf("what cannot be measured is to be measured again: %s", line)
					}
					continue
				}
				pastedBesides(t, line, func(t *testing.T, out string) {
					if len(c.Source.Args)+len(c.Source.ServerCmd) > 0 && !strings.Contains(out, "\n  command  "+commandOf(t, cells[i])+"\n") {
						t.Errorf("%s: not the command %s:\n%s", line, commandOf(t, cells[i]), out)
					}
					if want := cells[i].TargetWords(); !strings.Contains(out, strings.SplitN(want, "@", 2)[0]) || !strings.Contains(out, "  1  "+c.Scenario+" ") ||
						!strings.Contains(out, "\n1 cell, "+string(s.mode())+" mode, seed ") || strings.Contains(want, "@") && !strings.Contains(out, "@") {
						t.Errorf("%s:\n%s", line, out)
					}
				})
				var b bytes.Buffer
				if err := report.JUnit(&b, of, nil); err != nil || !strings.Contains(unescapeXML(b.String()), "measure again: "+line) {
					t.Errorf("%v: JUnit lacks %s", err, line)
				}
				if strings.ContainsFunc(line, bench.Unseen) {
					t.Errorf("%q", line)
				}
			}
		}
		whole := report.NewView(run).Reproduce
		pastedBesides(t, whole, func(t *testing.T, out string) {
			if !strings.Contains(out, plural(len(cells))+", "+string(s.mode())+" mode, seed ") {
				t.Errorf("%s:\n%s", whole, out)
			}
		})
	}
}

// commandOf is the command of a cell's target, as a dry run shows it.
func commandOf(t *testing.T, c plan.Cell) string {
	t.Helper()
	var b strings.Builder
	if err := (&place.Preview{}).Write(t.Context(), &b, c); err != nil {
		t.Fatal(err)
	}
	_, line, _ := strings.Cut(b.String(), "  command  ")
	if line, _, _ = strings.Cut(line, "\n  needs"); strings.HasSuffix(line, "\n") {
		line = strings.TrimSuffix(line, "\n")
	}
	return line
}

func plural(n int) string {
	if n == 1 {
		return "\n1 cell"
	}
	return "cells"
}

func unescapeXML(s string) string {
	return strings.NewReplacer("&#39;", "'", "&#34;", `"`, "&amp;", "&", "&lt;", "<", "&gt;", ">").Replace(s)
}

// The command for a cell whose harness was sabotaged is calibrate.
func TestASabotagedCellIsCalibratedAgain(t *testing.T) {
	c := bench.Cell{Server: bench.ReferenceServer, Profile: "sound", Scenario: "wedge-1pct+" + string(bench.SabotageTable[0].Sabotage), Seed: 3}
	if out := pasted(t, report.Again(bench.Run{}, c)); !strings.Contains(out, c.Scenario) {
		t.Error(out)
	}
}

// The command that judges again is below the table.
func TestJudgeAgainIsQuoted(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "it's a\nrun\x1b")
	if err := os.Rename(storedRun(t), dir); err != nil {
		t.Fatal(err)
	}
	stdout, _, err := spoken(t, "judge", dir)
	if err != nil {
		t.Fatal(err)
	}
	_, line, _ := strings.Cut(stdout, "\njudge again  ")
	line, _, _ = strings.Cut(line, "\n")
	self, _ := os.Executable()
	cmd := exec.CommandContext(t.Context(), "bash", "-c", `benchrun() { "$SELF" "$@"; }; `+line)
	cmd.Env = append(os.Environ(), asMain+"=1", "SELF="+self, "GITHUB_ACTIONS=")
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "judge again") {
		t.Errorf("%s: %v: %s", line, err, out)
	}
}
