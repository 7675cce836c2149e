package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"benchrun/internal/bench"
)

func readYAML(t *testing.T, path string, into any) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return string(text)
}

// flagsExist checks that every flag that a text gives to benchrun exists in the main
// command.
func flagsExist(t *testing.T, where, text string) {
	t.Helper()
	flags := newRootCommand().Flags()
	found := regexp.MustCompile(`(?:^|[\s("'])--([a-z][a-z-]*)`).FindAllStringSubmatch(text, -1)
	for _, m := range found {
		if flags.Lookup(m[1]) == nil {
			t.Errorf("%s: benchrun has no --%s", where, m[1])
		}
	}
	if len(found) == 0 {
		t.Errorf("%s: no flag in %q", where, text)
	}
}

type actionStep struct {
	Uses string
	Run  string
	Env  map[string]string
	With map[string]string
}

type action struct {
	Inputs map[string]struct {
		Description string
		Default     string
	}
	Runs struct {
		Using string
		Steps []actionStep
	}
}

var pinned = regexp.MustCompile(`^actions/[a-z-]+@[0-9a-f]{40}$`)

// runStep is the step of action.yml that runs benchrun.
func runStep(t *testing.T) (action, actionStep) {
	t.Helper()
	var a action
	readYAML(t, "../../action.yml", &a)
	at := slices.IndexFunc(a.Runs.Steps, func(s actionStep) bool { return s.Env["SERVER"] != "" })
	if a.Runs.Using != "composite" || at < 0 {
		t.Fatalf("%+v", a)
	}
	return a, a.Runs.Steps[at]
}

func TestActionFile(t *testing.T) {
	a, step := runStep(t)
	flagsExist(t, "action.yml", step.Run+" "+a.Inputs["args"].Default)
	if strings.Contains(step.Run, "${{") {
		t.Error("an input goes into the script itself, where it would be run")
	}
	used := ""
	for _, s := range a.Runs.Steps {
		for _, v := range s.Env {
			used += v
		}
		used += s.With["name"]
		if s.Uses != "" && !pinned.MatchString(s.Uses) {
			t.Errorf("%s is not pinned to a commit", s.Uses)
		}
	}
	for name, input := range a.Inputs {
		if input.Description == "" || !strings.Contains(used, "inputs."+name+" ") {
			t.Errorf("input %s: %q, used: %v", name, input.Description, strings.Contains(used, "inputs."+name))
		}
	}
}

// The action's script passes its arguments to benchrun unchanged.
func TestActionScript(t *testing.T) {
	_, step := runStep(t)
	dir := t.TempDir()
	fake := "#!/bin/bash\nprintf '%s\\n' \"$@\" > \"$RUNNER_TEMP/words\"\nexit 10\n"
	if err := os.WriteFile(filepath.Join(dir, "benchrun"), []byte(fake), 0o700); err != nil {
		t.Fatal(err)
	}
	words := func(env ...string) []string {
		cmd := exec.Command("bash", "-eo", "pipefail", "-c", step.Run) // as GitHub does for shell: bash
		cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "RUNNER_TEMP=" + dir, "GITHUB_OUTPUT=" + filepath.Join(dir, "output"),
			"SERVER=", "SERVER_FILE=", "PROFILE=", "SCENARIO=", "RULES=", "GATE=", "ARGS="}, env...)
		out, _ := cmd.CombinedOutput()
		if cmd.ProcessState.ExitCode() != 10 {
			t.Fatalf("exit %d, not benchrun's own: %s", cmd.ProcessState.ExitCode(), out)
		}
		text, err := os.ReadFile(filepath.Join(dir, "words"))
		if err != nil {
			t.Fatal(err)
		}
		return strings.Split(strings.TrimSpace(string(text)), "\n")
	}
	own := []string{"--out", dir + "/benchrun-out", "--junit", dir + "/benchrun.xml"}
	if got := words(); !slices.Equal(got, own) {
		t.Errorf("%q", got)
	}
	got := words("SERVER=a,b", "RULES=*/x/*: h >= 95\n\n survivors == 0 $(id)\n", "ARGS=--ci\n  --full\n", "GATE=my gate", "SERVER_FILE=f", "PROFILE=p", "SCENARIO=s")
	want := slices.Concat(own, []string{"--server", "a,b", "--server-file", "f", "--profile", "p", "--scenario", "s", "--gate", "my gate",
		"--fail-on", "*/x/*: h >= 95", "--fail-on", " survivors == 0 $(id)", "--ci", "--full"})
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// ciFiles are the files that init writes, by kind of CI.
var ciFiles = map[string]string{"github": ".github/workflows/benchrun.yml", "gitlab": ".gitlab/benchrun.yml"}

func TestInitCI(t *testing.T) {
	dir := t.TempDir()
	initCI := func(code int, args ...string) string {
		cmd := benchrunCommand(t.Context(), t, append([]string{"init", "ci", "--dir", dir}, args...)...)
		out, _ := cmd.CombinedOutput()
		if got := cmd.ProcessState.ExitCode(); got != code {
			t.Errorf("%v: exit %d, want %d: %s", args, got, code, out)
		}
		return string(out)
	}
	path := filepath.Join(dir, ".github/workflows/benchrun.yml")
	if out := initCI(bench.ExitUsage); !strings.Contains(out, "give its repository and a tag or commit: --from some-owner/benchrun@v1") {
		t.Error(out)
	}
	if out := initCI(bench.ExitOK, "--from", "me/benchrun@main"); !strings.Contains(out, "wrote "+path) || !strings.Contains(out, "pin benchrun: main is a branch") {
		t.Error(out)
	}
	if out := initCI(bench.ExitUsage, "github", "--from", "me/benchrun@v1.2"); !strings.Contains(out, "already exists; --force overwrites it") {
		t.Error(out)
	}
	if out := initCI(bench.ExitOK, "github", "--force", "--from", "me/benchrun@v1.2"); strings.Contains(out, "is a branch") {
		t.Error(out)
	}
	var w struct {
		Jobs map[string]struct{ Steps []actionStep }
	}
	if text := readYAML(t, path, &w); strings.Contains(text, "FROM") || strings.Contains(text, "RULES") {
		t.Errorf("a placeholder is left in\n%s", text)
	}
	a, _ := runStep(t)
	steps := w.Jobs["benchrun"].Steps
	if len(steps) != 2 || !pinned.MatchString(steps[0].Uses) || steps[1].Uses != "me/benchrun@v1.2" {
		t.Fatalf("%+v", steps)
	}
	for input := range steps[1].With {
		if _, ok := a.Inputs[input]; !ok {
			t.Errorf("the action has no input %s", input)
		}
	}
	flagsExist(t, path, steps[1].With["args"])
	checkRules(t, strings.Split(strings.TrimSpace(steps[1].With["rules"]), "\n"))

	initCI(bench.ExitOK, "gitlab", "--from", "https://git.example.org/x/benchrun.git@v1")
	type job struct {
		Extends   string
		Script    []string
		Variables map[string]string
		Artifacts struct{ Reports map[string]string }
	}
	var g map[string]job
	readYAML(t, filepath.Join(dir, ".gitlab/benchrun.yml"), &g)
	base, own := g[".benchrun"], g["benchrun"]
	if base.Variables["BENCHRUN_REPOSITORY"] != "https://git.example.org/x/benchrun.git" || base.Variables["BENCHRUN_REVISION"] != "v1" ||
		len(base.Script) != 1 || !strings.Contains(base.Script[0], "--junit "+base.Artifacts.Reports["junit"]) {
		t.Errorf("%+v", g)
	}
	for _, text := range append(base.Script, base.Variables["BENCHRUN_FLAGS"], own.Variables["BENCHRUN_FLAGS"]) {
		flagsExist(t, "gitlab-ci.yml", text)
	}
	var rules []string
	for _, m := range regexp.MustCompile(`--fail-on '(.*?)'`).FindAllStringSubmatch(own.Variables["BENCHRUN_FLAGS"], -1) {
		rules = append(rules, m[1])
	}
	checkRules(t, rules)

	// If a project's benchrun.yaml says what to measure, the job does not repeat it.
	if err := os.WriteFile(filepath.Join(dir, "benchrun.yaml"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if out := initCI(bench.ExitOK, "github", "--force", "--from", "me/benchrun@v1.2"); !strings.Contains(out, "benchrun --ci --dry-run") || strings.Contains(out, "benchrun.server.yaml") {
		t.Error(out)
	}
	w.Jobs = nil
	readYAML(t, path, &w)
	if steps := w.Jobs["benchrun"].Steps; len(steps) != 2 || len(steps[1].With) != 1 || steps[1].With["args"] != "--ci" {
		t.Errorf("%+v", steps)
	}
	initCI(bench.ExitOK, "gitlab", "--force", "--from", "https://git.example.org/x/benchrun.git@v1")
	g = nil
	readYAML(t, filepath.Join(dir, ".gitlab/benchrun.yml"), &g)
	if own := g["benchrun"].Variables; len(own) != 1 || own["BENCHRUN_FLAGS"] != "--ci" || g["benchrun"].Extends != ".benchrun" {
		t.Errorf("%+v", g)
	}
	for _, args := range [][]string{{"jenkins"}, {"github", "x"}, {"github"}, {"github", "--from", "x"}, {"github", "--from", "a/b@v 1"}, {"gitlab", "--from", "$(id)@v1"}} {
		initCI(bench.ExitUsage, args...)
	}
}

// The rules of the written job ask for what the server's file promises, and for nothing that a
// single process cannot do.
func TestInitCIAsksWhatIsPromised(t *testing.T) {
	const file = `schema: benchrun.server/v1
name: mine
title: A server
app: builtin
command: [/bin/true, "{port}", "{args}"]
profiles:
  default: {why: one process, args: [], workers: 1, claims: {slots: 4, grace_s: 10}}
  hardened: {why: a pool, args: [], workers: 8, claims: {slots: 8, watchdog_s: 3, grace_s: 10}}
`
	const asked = "            mine/%s: verdict >= held\n"
	for kind, form := range map[string]string{"github": asked, "gitlab": "      --fail-on 'mine/%s: verdict >= held'\n"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "benchrun.server.yaml"), []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		ends(t, bench.ExitOK, "init", "ci", kind, "--dir", dir, "--from", map[string]string{"github": "a/b@v1", "gitlab": "https://git.example.org/b.git@v1"}[kind])
		var into map[string]any
		text := readYAML(t, filepath.Join(dir, ciFiles[kind]), &into)
		for rule, why := range map[string]string{ // why the job has no such rule; "" = it has
			"default/wedge-*": "it claims no watchdog_s", "default/segfault-*": "its one worker serves everybody", "default/slow-upload-*": "it claims no watchdog_s",
			"hardened/wedge-*": "", "hardened/segfault-*": "",
		} {
			note := "# not asked of mine " + strings.SplitN(rule, "/", 2)[0] + " (" + why + "): mine/" + rule + ": verdict >= held\n"
			if is := strings.Contains(text, fmt.Sprintf(form, rule)); is != (why == "") || strings.Contains(text, note) == is {
				t.Errorf("%s: %s asked: %v\n%s", kind, rule, is, text)
			}
		}
		if strings.Contains(text, "SERVER ") || strings.Contains(text, "SERVER\n") || strings.Contains(text, "SCENARIO\n") || strings.Contains(text, "@path") {
			t.Errorf("%s: a placeholder is left in, or a checkout is measured that nobody can install\n%s", kind, text)
		}
	}
	// The job has no rule about a profile that the server file lacks.
	dir := t.TempDir()
	without, _, _ := strings.Cut(file, "  hardened:")
	if err := os.WriteFile(filepath.Join(dir, "benchrun.server.yaml"), []byte(without), 0o600); err != nil {
		t.Fatal(err)
	}
	ends(t, bench.ExitOK, "init", "ci", "github", "--dir", dir, "--from", "a/b@v1")
	text, err := os.ReadFile(filepath.Join(dir, ciFiles["github"]))
	if err != nil || strings.Contains(string(text), "hardened") || !strings.Contains(string(text), "mine/default/wedge-*") {
		t.Errorf("%v\n%s", err, text)
	}
}

// If the server's file can install a checkout, the job measures the checkout, not the release
// that the file names.
func TestInitCIMeasuresTheCheckout(t *testing.T) {
	const file = `schema: benchrun.server/v1
name: mine
title: A server
app: wsgi
version: "1.0"
install: {python: ["mine=={version}"]}
version_command: [/bin/true]
command: [/bin/true, "{port}", "{args}"]
profiles:
  default: {why: one process, args: [], workers: 1, claims: {slots: 1, watchdog_s: 3}}
`
	dir := t.TempDir()
	for name, text := range map[string]string{"benchrun.server.yaml": file, "pyproject.toml": "[project]\nname = \"mine\"\nversion = \"1.1\"\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for kind, want := range map[string]string{"github": "          server: mine@path:.\n", "gitlab": "--server mine@path:. --scenario wedge,"} {
		cmd := benchrunCommand(t.Context(), t, "init", "ci", kind, "--dir", dir, "--from", map[string]string{"github": "a/b@v1", "gitlab": "https://git.example.org/b.git@v1"}[kind])
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "benchrun --server-file benchrun.server.yaml --server mine@path:. --scenario wedge,segfault,slow-upload --ci --dry-run") {
			t.Errorf("%v: %s", err, out)
		}
		var into map[string]any
		text := readYAML(t, filepath.Join(dir, ciFiles[kind]), &into)
		if !strings.Contains(text, want) || !strings.Contains(text, "not asked of mine default (each fault holds a slot until none is left)") {
			t.Errorf("%s: no %q\n%s", kind, want, text)
		}
		if strings.Contains(text, "hardened") {
			t.Errorf("%s: a profile that is not there\n%s", kind, text)
		}
	}
}

// checkRules checks that benchrun can apply a template's rules.
func checkRules(t *testing.T, rules []string) {
	t.Helper()
	args := []string{"--server", "reference", "--profile", "default", "--scenario", "wedge,segfault,slow-upload", "--dry-run"}
	for _, r := range rules {
		args = append(args, "--fail-on", r)
	}
	if len(rules) < 2 {
		t.Errorf("%d rules", len(rules))
	}
	ends(t, bench.ExitOK, args...)
}

// Every flag in docs/ci.md belongs to benchrun or to its init command.
func TestCIPageFlags(t *testing.T) {
	text, err := os.ReadFile("../../docs/ci.md")
	if err != nil {
		t.Fatal(err)
	}
	page := strings.ReplaceAll(string(text), "`--", " --")
	var own []string
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, "$ benchrun init") {
			cmd, _, err := newRootCommand().Find([]string{"init"})
			if err != nil || cmd.Flags().Lookup("from") == nil || !strings.Contains(line, "--from") {
				t.Errorf("%v: %s", err, line)
			}
			continue
		}
		own = append(own, line)
	}
	flagsExist(t, "docs/ci.md", strings.Join(own, ""))
}
