package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"

	"benchrun/internal/bench"
	"benchrun/internal/console"
	"benchrun/report"
	"benchrun/results"
)

// hostileWord is a text that somebody may put into a file, a name or a flag that CI passes to
// benchrun. It is a possible file name.
const hostileWord = "x\n::error title=pwned::by\x1b[2J\x1b[31m\x1b]0;t\a\r\u202e\u200b\u2028##[add-mask]y##vso[task.x]z\n \u00a0::warning::w\x9b"

// spoken is what a command line prints to stdout and stderr, and its error.
func spoken(t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	var out, errs bytes.Buffer
	ow, ew := console.New(&out, 0), console.New(&errs, console.MostLineBytes)
	err = execute(t.Context(), args, ow, ew)
	_ = ew.Flush()
	return out.String(), errs.String(), err
}

// ownCommand matches the commands that benchrun itself sends to GitHub's runner.
var ownCommand = regexp.MustCompile(`^::(error|warning) title=[^:]*::`)

// harmless fails the test if a text would do something to a terminal or to CI.
func harmless(t *testing.T, what, text string, ownCommands bool) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Errorf("%.300q: no UTF-8", what)
	}
	for at, r := range text {
		if r != '\n' && r != '\t' && bench.Unseen(r) {
			t.Errorf("%.300q: %U after %q", what, r, text[max(0, at-60):at])
			return
		}
	}
	for line := range strings.Lines(text) {
		own := ownCommands && ownCommand.MatchString(line)
		if strings.HasPrefix(strings.TrimSpace(line), "::") && !own {
			t.Errorf("%.300q: a command to CI: %q", what, line)
		}
		if !own && regexp.MustCompile(`##\w*\[`).MatchString(line) {
			t.Errorf("%.300q: a command to CI: %q", what, line)
		}
	}
}

// speak runs a command line and checks its output.
func speak(t *testing.T, args ...string) string {
	t.Helper()
	stdout, stderr, _ := spoken(t, args...)
	what := fmt.Sprintf("benchrun %q", args)
	harmless(t, what+" stdout", stdout, report.OnGitHub())
	harmless(t, what+" stderr", stderr, report.OnGitHub())
	for line := range strings.Lines(stderr) {
		if len(line) > console.MostLineBytes+100 && !ownCommand.MatchString(line) {
			t.Errorf("%s: a line of %d bytes", what, len(line))
		}
	}
	if strings.Contains(stderr, "goroutine ") {
		t.Errorf("%s: %s", what, stderr)
	}
	return stdout + stderr
}

// speakTogether does the same with command lines that change nothing, some at a time. It
// returns how many bytes they said.
func speakTogether(t *testing.T, lines [][]string) int {
	t.Helper()
	var said atomic.Int64
	var all errgroup.Group
	all.SetLimit(8)
	for _, args := range lines {
		all.Go(func() error {
			said.Add(int64(len(speak(t, args...))))
			return nil
		})
	}
	_ = all.Wait() // there are no errors
	return int(said.Load())
}

// quietHome gives the test's commands a home folder of their own.
func quietHome(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(dir, "config"))
	t.Setenv("GITHUB_ACTIONS", "")
	return dir
}

// hostileFiles are files of each kind that benchrun reads: with hostile keys, with hostile
// values, and broken ones.
func hostileFiles(t *testing.T) []string {
	t.Helper()
	quoted := strings.ReplaceAll(yamlQuoted(hostileWord), "\n", "")
	server := func(title, profile string) string {
		return "schema: benchrun.server/v1\nname: own\ntitle: " + title + "\nhomepage: https://example.org\napp: wsgi\nversion: \"\"\n" +
			"version_command: [\"{python}\", \"--version\"]\ncommand: [\"{python}\", " + title + "]\nstop: {signal: TERM}\nprofiles:\n  default:\n    why: " +
			title + "\n    args: []\n    workers: 1\n    claims: {}\n" + profile + "sources: [\"https://example.org\"]\n"
	}
	files := map[string]string{
		"values.yaml":      server(quoted, ""),
		"profile.yaml":     server("t", "  "+quoted+":\n    why: w\n"),
		"name.yaml":        strings.Replace(server("t", ""), "name: own", "name: "+quoted, 1),
		"no\x1b[2Jyaml":    "{[\x1b[2J\u202e",
		"gate.txt":         hostileWord + ": verdict >= held\n",
		"rule.txt":         "verdict >= " + strings.ReplaceAll(hostileWord, "\n", " ") + "\n",
		"long.yaml":        "schema: " + strings.Repeat("very long ", 20_000) + "\n",
		"waiver.yaml":      "schema: benchrun.waivers/v1\nwaivers:\n  - cell: " + quoted + "\n    verdict: failed\n    reason: " + quoted + "\n    expires: 2099-01-01\n",
		"config-list.yaml": "schema: benchrun.config/v1\nservers: [" + quoted + "]\nrules: [" + quoted + "]\n",
	}
	for _, schema := range []string{"server", "config", "waivers"} {
		files[schema+"-key.yaml"] = "schema: benchrun." + schema + "/v1\n" + quoted + ": 1\n"
		files[schema+"-twice.yaml"] = "schema: benchrun." + schema + "/v1\n" + quoted + ": 1\n" + quoted + ": 1\n"
		files[schema+"-type.yaml"] = "schema: {" + quoted + ": " + quoted + "}\n"
	}
	folder := hostileWord + "-files"
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	var out []string
	for name, text := range files {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		out = append(out, path)
	}
	slices.Sort(out)
	return append(out, filepath.Join(folder, "none.yaml"), folder)
}

// yamlQuoted is a double-quoted text of YAML.
func yamlQuoted(s string) string {
	var b strings.Builder
	for _, r := range s {
		fmt.Fprintf(&b, `\U%08x`, r)
	}
	return `"` + b.String() + `"`
}

// readFlags are the flags that name a file to read. They get each of the hostile files.
var readFlags = []string{"server-file", "config", "gate", "waivers", "baseline", "resume", "file"}

// Every command prints the texts that it gets and obeys none of them: as an argument, as a
// flag, as each flag's value, and in files of each kind.
func TestNoCommandObeysWhatItIsGiven(t *testing.T) {
	quietHome(t)
	run := storedRun(t)
	values := append(hostileFiles(t), hostileWord, run)
	said := 0
	var dry, other [][]string // command lines
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		words := strings.Fields(cmd.CommandPath())[1:]
		try := func(more ...string) {
			args := slices.Concat(words, more)
			if cmd.Flags().Lookup("dry-run") != nil && !slices.Contains(args, "--resume") {
				dry = append(dry, append(args, "--dry-run")) // these commands must not measure
			} else {
				other = append(other, args)
			}
		}
		try("--" + hostileWord)
		try("-" + hostileWord)
		try("--help", hostileWord)
		try(hostileWord)
		try(hostileWord, hostileWord, hostileWord)
		for _, v := range values {
			if cmd.Name() != "cost" { // without an unknown name it would measure everything
				try(v)
			}
			if cmd.Name() == "duel" {
				try(v, "reference")
			}
			if cmd.Name() == "init" {
				try("ci", v)
			}
		}
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Value.Type() == "bool" {
				try("--"+f.Name+"="+hostileWord, hostileWord)
				return
			}
			given := []string{hostileWord}
			if slices.Contains(readFlags, f.Name) {
				given = values
			}
			for _, v := range given {
				switch {
				case cmd.Name() == "doctor" && f.Name == "out": // each check takes seconds, and --python makes one as well
				case cmd.Name() == "doctor" && f.Name == "python":
					if v == hostileWord {
						try("--"+f.Name, v, "--out", v)
					}
				case cmd.Name() == "judge", cmd.Name() == "merge", cmd.Name() == "update":
					try("--"+f.Name, v, run)
				case cmd.Name() == "cost":
					try("--"+f.Name, v, hostileWord)
				case cmd.Name() == "init":
					try("--"+f.Name, v, "ci", "--force")
				case cmd.Name() == "list":
					try("--"+f.Name, v, "servers")
					try("--"+f.Name, v, "profiles")
				case cmd.Name() == "check-server":
					try("--"+f.Name, v, "reference")
				case cmd.Name() == "duel":
					try("--"+f.Name, v, "reference", "reference")
				case f.Name == "resume":
					try("--"+f.Name, v, "--port", "70000") // an error before anything begins
				default:
					try("--"+f.Name, v)
				}
			}
		})
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	root := newRootCommand()
	root.InitDefaultCompletionCmd()
	root.InitDefaultHelpCmd()
	walk(root)
	said += speakTogether(t, dry) // each looks at the machine for half a second
	for _, args := range other {
		said += len(speak(t, args...))
	}
	for _, set := range sourced() {
		given := []string{hostileWord}
		if slices.Contains(readFlags, set.name) {
			given = values
		}
		for _, v := range given {
			t.Setenv(set.variable(), v)
			said += len(speak(t, "--dry-run"))
		}
		t.Setenv(set.variable(), "")
	}
	if said < 100_000 {
		t.Errorf("%d bytes were said: too few", said)
	}
}

// The texts of a stored run are printed and never obeyed, whichever of them is changed.
func TestNoCommandObeysAStoredRun(t *testing.T) {
	quietHome(t)
	clean := storedRun(t)
	text, err := os.ReadFile(filepath.Join(clean, results.RunFile))
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; ; n++ {
		var run any
		if err := json.Unmarshal(text, &run); err != nil {
			t.Fatal(err)
		}
		at := n
		if run = doctored(run, &at); at >= 0 { // all texts have been changed once
			if n < 30 {
				t.Errorf("only %d texts", n)
			}
			return
		}
		changed, err := json.Marshal(run)
		if err != nil {
			t.Fatal(err)
		}
		dir := storedRun(t)
		if err := os.WriteFile(filepath.Join(dir, results.RunFile), changed, 0o600); err != nil {
			t.Fatal(err)
		}
		commands := [][]string{{"judge", dir, "--verbose", "--format", report.Formats[n%len(report.Formats)]}, {"merge", dir}, {"waivers", "update", dir}, {"repro", dir + "/reference/default/wedge-1pct"},
			{"judge", clean, "--baseline", dir, "--baseline-anyway"}, {"--resume", dir, "--port", "70000"}}
		t.Setenv("GITHUB_ACTIONS", []string{"", "true"}[n%2])
		for _, args := range commands {
			speak(t, args...)
		}
		if file, err := os.ReadFile(filepath.Join(dir, results.CellsFile)); err == nil {
			if err := os.WriteFile(filepath.Join(dir, results.CellsFile), append(file, hostileWord+"\n{}\n"...), 0o600); err != nil {
				t.Fatal(err)
			}
			speak(t, "judge", dir)
		}
	}
}

// doctored changes the text number *n of a JSON value, and makes *n -1 when it did.
func doctored(v any, n *int) any {
	switch v := v.(type) {
	case string:
		*n--
		if *n == -1 {
			return hostileWord
		}
	case []any:
		for i := range v {
			if *n >= 0 {
				v[i] = doctored(v[i], n)
			}
		}
	case map[string]any:
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			if *n >= 0 {
				v[k] = doctored(v[k], n)
			}
		}
	}
	return v
}

// The same holds for cells.ndjson of a killed run without a run.json.
func TestNoCommandObeysAKilledRun(t *testing.T) {
	quietHome(t)
	line, err := os.ReadFile(filepath.Join(storedRun(t), results.CellsFile))
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; ; n++ {
		var cell any
		if err := json.Unmarshal(line, &cell); err != nil {
			t.Fatal(err)
		}
		at := n
		if cell = doctored(cell, &at); at >= 0 {
			if n < 10 {
				t.Errorf("only %d texts", n)
			}
			return
		}
		text, err := json.Marshal(cell)
		if err != nil {
			t.Fatal(err)
		}
		dir := storedRun(t)
		err = errors.Join(os.WriteFile(filepath.Join(dir, results.CellsFile), append(text, '\n'), 0o600), os.Remove(filepath.Join(dir, results.RunFile)))
		if err != nil {
			t.Fatal(err)
		}
		speak(t, "judge", dir)
		speak(t, "judge", dir, "--format", report.Formats[n%len(report.Formats)])
	}
}

// The text of a panic is as harmless as that of an error.
func TestPanicsAreShown(t *testing.T) {
	var b bytes.Buffer
	w := console.New(&b, console.MostLineBytes)
	func() {
		defer func() { tellPanic(w, recover()) }()
		panic(errors.New(hostileWord + strings.Repeat("long ", 10_000)))
	}()
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	harmless(t, "panic", b.String(), false)
	if !strings.HasPrefix(b.String(), "benchrun: internal error: x\n") || !strings.Contains(b.String(), "goroutine ") || !strings.Contains(b.String(), "[cut: ") {
		t.Error(b.String())
	}
}

// JSON on stdout is escaped, and its values stay the same.
func TestJSONOfHostileTextsKeepsThem(t *testing.T) {
	quietHome(t)
	dir := storedRun(t, func(r *bench.Run) {
		r.Environment.Hostname, r.Args = hostileWord[:len(hostileWord)-1], []string{"\u202e\U000e0041##[x]"}
	})
	stdout, _, _ := spoken(t, "judge", dir, "--format", "json")
	harmless(t, "JSON", stdout, false)
	if !strings.Contains(stdout, `\u202e\udb40\udc41#\u0023[x]`) {
		t.Errorf("%s", stdout)
	}
	var run bench.Run
	if err := json.Unmarshal([]byte(stdout), &run); err != nil || run.Environment.Hostname != hostileWord[:len(hostileWord)-1] || run.Args[0] != "\u202e\U000e0041##[x]" {
		t.Errorf("%v: %q", err, run.Environment.Hostname)
	}
}
