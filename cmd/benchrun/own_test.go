package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"benchrun/internal/bench"
	"benchrun/results"
	"benchrun/targets"
)

// refused runs a command line that must be a usage error, and returns what it says.
func refused(t *testing.T, args ...string) string {
	t.Helper()
	_, stderr, err := spoken(t, args...)
	var usage *bench.UsageError
	if !errors.As(err, &usage) {
		t.Errorf("%q: %v, want a usage error", args, err)
	}
	return stderr
}

// told runs a command line that must succeed, and returns its stdout.
func told(t *testing.T, args ...string) string {
	t.Helper()
	stdout, stderr, err := spoken(t, args...)
	if err != nil {
		t.Errorf("%q: %v\n%s", args, err, stderr)
	}
	return stdout
}

// prodFile writes a server file with one profile, which has a name of its own.
func prodFile(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(writeServer(t, "own", `["{python}", "-m", "x", "--port={port}", "{args}"]`))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "prod.yaml")
	writeFiles(t, map[string]string{path: strings.Replace(string(text), "  default:", "  prod:", 1)})
	return path
}

// A server file needs one profile, whatever its name is.
func TestOneProfileOfAnyName(t *testing.T) {
	quietHome(t)
	file := prodFile(t)
	for _, args := range [][]string{
		{"--server-file", file, "-c", "wedge-1pct"},
		{"--server-file", file, "--server", "own", "-c", "wedge-1pct"},
		{"--server-file", file, "--server", "own/prod", "-c", "wedge-1pct"},
		{"--server-file", file, "--server", "own/p*", "-c", "wedge-1pct"},
		{"--server-file", file, "--server", "own", "--profile", "prod", "-c", "wedge-1pct"},
		{"--server-file", file, "-c", "@gate", "--fail-on", "own/prod/*: verdict >= failed"},
		{"ladder", "own", "--server-file", file, "-c", "wedge"},
		{"ladder", "own/prod", "--server-file", file, "-c", "wedge"},
		{"duel", "own", "own/prod", "--server-file", file, "-c", "wedge"},
		{"check-server", file},
	} {
		if out := told(t, append(args, "--dry-run")...); !strings.Contains(out, "own/prod\n  from     "+file+"\n") || strings.Contains(out, "unsupported: own has no") {
			t.Errorf("%q:\n%s", args, out)
		}
	}
	if out := told(t, "list", "servers", "--server-file", file); !strings.Contains(out, "  prod") || !strings.Contains(out, "  from "+file+"\n") || strings.Contains(out, "from built-in") {
		t.Error(out)
	}
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"--server", "own/pord"}, `unknown profile "pord"; did you mean "prod"?`},
		{[]string{"--server", "own/"}, "--server own/: no profile after the '/'"},
		{[]string{"--profile", "default"}, `unknown profile "default"`},
	} {
		if out := refused(t, append(tt.args, "--server-file", file, "-c", "wedge", "--dry-run")...); !strings.Contains(out, tt.want) {
			t.Errorf("%q: %s", tt.args, out)
		}
	}
}

// --server with a profile selects that one alone, beside servers that take --profile.
func TestServerWithItsProfile(t *testing.T) {
	quietHome(t)
	out := told(t, "--server", "wsgiref/default", "--server", "waitress", "-p", "hardened", "-c", "wedge-1pct", "--dry-run")
	if !strings.Contains(out, "wsgiref/default\n") || !strings.Contains(out, "waitress/hardened\n") || strings.Contains(out, "waitress/default") || strings.Contains(out, "wsgiref/hardened") {
		t.Error(out)
	}
}

// What a stranger gets wrong is one error, which says where it is and what to do.
func TestErrorsOfServerFiles(t *testing.T) {
	dir := quietHome(t)
	good, err := os.ReadFile(writeServer(t, "own", `["{python}", "-m", "x", "{port}", "{args}"]`))
	if err != nil {
		t.Fatal(err)
	}
	bomb := "&a0 [x,x,x,x,x,x,x,x,x]"
	lines := []string{"k0: " + bomb}
	for i := 1; i < 12; i++ {
		lines = append(lines, fmt.Sprintf("k%d: &a%d [%s]", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i-1), 9), ",")))
	}
	for name, tt := range map[string]struct{ old, new, want string }{
		"field":       {"app: wsgi", "ap: wsgi", `f.yaml:5: ap: unknown field; did you mean "app"?`},
		"placeholder": {"{port}", "{prot}", "f.yaml:8: command[3]: unknown placeholder {prot}; did you mean {port}?"},
		"type":        {"workers: 1", "workers: one", `f.yaml:14: profiles.default.workers: want a whole number, found "one"`},
		"no command":  {`command: ["{python}", "-m", "x", "{port}", "{args}"]`, "command: []", "f.yaml:8: command: empty"},
		"twice":       {"sources:", "  default: {why: x, workers: 1}\nsources:", "f.yaml:16: profiles.default: appears twice, first in line 11"},
		"bomb":        {"title: a server for a test", "title: x\n" + strings.Join(lines, "\n"), "f.yaml:4: k0: unknown field"},
		"aliases":     {"args: []", "args: *none", "unknown anchor"},
		"huge":        {"title: a server for a test", "title: " + strings.Repeat("x", 2<<20), "f.yaml: more than 1 MiB"},
	} {
		text := strings.Replace(string(good), tt.old, tt.new, 1)
		if text == string(good) {
			t.Fatalf("%s: %q is not in the file", name, tt.old)
		}
		writeFiles(t, map[string]string{"f.yaml": text})
		for _, args := range [][]string{{"--server-file", "f.yaml", "-c", "wedge", "--dry-run"}, {"check-server", "f.yaml", "--dry-run"}, {"list", "servers", "--server-file", "f.yaml"}} {
			if out := refused(t, args...); !strings.Contains(out, tt.want) || strings.Count(out, "\n") != 1 || len(out) > 1000 {
				t.Errorf("%s: %q: %.1000s\nwant %s", name, args, out, tt.want)
			}
		}
	}
	if err := syscall.Mkfifo("pipe.yaml", 0o600); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{"pipe.yaml": "pipe.yaml: is a pipe", "none.yaml": "none.yaml: no such file", dir: ": is a directory"} {
		if out := refused(t, "--server-file", file, "--dry-run"); !strings.Contains(out, want) {
			t.Errorf("%s: %s", file, out)
		}
	}
}

// A command, and flags, that no target can have.
func TestErrorsOfOwnCommandsAndArgs(t *testing.T) {
	quietHome(t)
	for want, args := range map[string][]string{
		"--server-cmd: no {port}":                                  {"--server-cmd", "python3 -m x"},
		"--app-kind without --server-cmd":                          {"--server", "wsgiref", "--app-kind", "builtin"},
		"--args are the flags of one server, and these are 2":      {"--server", "gunicorn,waitress", "--args=-x"},
		"--args: the quote ' has no end":                           {"--server", "gunicorn", "--args", "'x"},
		"--args: unknown placeholder {prot}; did you mean {port}?": {"--server", "gunicorn", "--args", "{prot}"},
		"--args is given twice":                                    {"--server", "gunicorn", "--args=-x", "--args=-y"},
		"--args: the command of custom/":                           {"--server-cmd", "python3 {port}", "--args", "-x"},
	} {
		if out := refused(t, append(args, "-c", "wedge", "--dry-run")...); !strings.Contains(out, want) {
			t.Errorf("%q: %s, want %s", args, out, want)
		}
	}
	for want, args := range map[string][]string{
		"--args is given more than twice":                             {"duel", "gunicorn", "gunicorn", "--args=", "--args=", "--args=", "-c", "wedge"},
		"ladder wants one server":                                     {"ladder", "-c", "wedge"},
		"check-server wants one server, server file or --server-cmd":  {"check-server", "gunicorn", "--server-cmd", "python3 {port}"},
		"show wants one server, front or supervisor, or --server-cmd": {"show"},
		`unknown server "gunicron"; did you mean "gunicorn"?`:         {"show", "gunicron"},
		"init takes":                                   {"init", "server"},
		"benchrun has a server called gunicorn":        {"init", "server", "gunicorn"},
		`"../x" is not a server's name`:                {"init", "server", "../x"},
		"--resume and --args cannot be combined":       {"--resume", "x", "--args=-x"},
		"--resume and --server-cmd cannot be combined": {"--resume", "x", "--server-cmd=python3 {port}"},
	} {
		if out := refused(t, args...); !strings.Contains(out, want) {
			t.Errorf("%q: %s, want %s", args, out, want)
		}
	}
}

// A command is a target for every command that takes one, and so are own flags.
func TestCommandsAndArgsAreTargets(t *testing.T) {
	quietHome(t)
	command := []string{"--server-cmd", "python3 -m x --port {port} {args}"}
	for _, args := range [][]string{
		{"-c", "wedge-1pct"}, {"--server", "custom", "-c", "@gate"}, {"ladder", "-c", "wedge"}, {"duel", "wsgiref/default", "custom", "-c", "wedge"}, {"check-server"},
	} {
		all := slices.Concat(args, command, []string{"--dry-run"})
		if out := told(t, all...); !strings.Contains(out, "custom/python3-") || !strings.Contains(out, " -m x --port $PORT") {
			t.Errorf("%q:\n%s", all, out)
		}
		if args[0] == "duel" {
			continue
		}
		if out := told(t, append(all, "--args", "-v")...); !strings.Contains(out, "+-v\n") || !strings.Contains(out, " -m x --port $PORT -v\n") {
			t.Errorf("%q with --args:\n%s", all, out)
		}
	}
	out := told(t, "duel", "gunicorn/equal8", "gunicorn/equal8", "--args", "", "--args", "--timeout=1", "-c", "wedge", "--dry-run")
	if !strings.Contains(out, "gunicorn/equal8\n") || !strings.Contains(out, "gunicorn/equal8+--timeout=1\n") {
		t.Errorf("B's flags:\n%s", out)
	}
	if out = told(t, "duel", "gunicorn/equal8@23.0.0", "gunicorn/equal8", "--args", "--timeout=1", "-c", "wedge", "--dry-run"); strings.Count(out, "+--timeout=1") != 2 {
		t.Errorf("the flags of both:\n%s", out)
	}
}

// What is written for a stranger is accepted as it is, says what is left to do, and runs
// nothing before that is done.
func TestInitServer(t *testing.T) {
	quietHome(t)
	if out := told(t, "init", "server", "mine"); !strings.Contains(out, "benchrun check-server mine.yaml --dry-run") {
		t.Error(out)
	}
	if out := refused(t, "init", "server", "mine"); !strings.Contains(out, "already exists; --force") {
		t.Error(out)
	}
	told(t, "list", "servers", "--server-file", "mine.yaml")
	out := told(t, "check-server", "mine.yaml", "--dry-run")
	for _, want := range []string{"still to be filled in\n", ": command[0]: TODO ", ": profiles.default.why: TODO "} {
		if !strings.Contains(out, want) {
			t.Errorf("%s is not in\n%s", want, out)
		}
	}
	for _, args := range [][]string{{"check-server", "mine.yaml"}, {"--server-file", "mine.yaml"}, {"ladder", "mine", "--server-file", "mine.yaml", "-c", "wedge", "--dry-run"}} {
		if out := refused(t, args...); !strings.Contains(out, "mine.yaml:24: command[0]: still to be filled in; benchrun check-server mine.yaml --dry-run") {
			t.Errorf("%q: %s", args, out)
		}
	}
	told(t, "--server", "wsgiref", "--server-file", "mine.yaml", "-c", "wedge", "--dry-run") // which is not selected
	text, err := os.ReadFile("mine.yaml")
	if err != nil {
		t.Fatal(err)
	}
	done := strings.Replace(string(text), "TODO the server's program", `"{python}"`, 1)
	writeFiles(t, map[string]string{"mine.yaml": strings.Replace(done, "TODO what", "what", 1)})
	if out := told(t, "check-server", "mine.yaml", "--dry-run"); strings.Contains(out, "filled in") {
		t.Error(out)
	}
}

// A file that init server writes for any kind of app lists what is to be filled in, and is
// accepted when that is done.
func TestInitServerOfEachKind(t *testing.T) {
	quietHome(t)
	for _, kind := range targets.AppKinds() {
		name := "my" + kind
		told(t, "init", "server", name, "--app-kind", kind)
		out := told(t, "check-server", name+".yaml", "--dry-run")
		if !strings.Contains(out, ": profiles.default.why: TODO ") || !strings.Contains(out, "127.0.0.1") && !strings.Contains(out, "$PORT") {
			t.Errorf("%s:\n%s", kind, out)
		}
		text, err := os.ReadFile(name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range targets.AppKinds() {
			if !strings.Contains(string(text), "\n#   "+k+" ") {
				t.Errorf("%s: the file does not name the kind %s", kind, k)
			}
		}
		if !strings.Contains(string(text), "\napp: "+kind+"\n") || strings.Contains(string(text), "{{") {
			t.Errorf("%s:\n%s", kind, text)
		}
	}
	if out := refused(t, "init", "server", "x", "--app-kind", "rak"); !strings.Contains(out, `unknown --app-kind "rak"; did you mean "rack"?`) {
		t.Error(out)
	}
	if out := refused(t, "init", "ci", "--app-kind", "rack"); !strings.Contains(out, "--app-kind is for init server") {
		t.Error(out)
	}
}

// The dry run says which app the server of --server-cmd serves, and no command drops it.
func TestAppOfACommand(t *testing.T) {
	dir := quietHome(t)
	puma := filepath.Join(dir, "puma")
	writeFiles(t, map[string]string{puma: "#!/bin/sh\n"})
	if err := os.Chmod(puma, 0o755); err != nil {
		t.Fatal(err)
	}
	command := []string{"--server-cmd", puma + " -p {port}", "-c", "wedge", "--dry-run"}
	if out := told(t, command...); !strings.Contains(out, "\n  app      wsgi, because --app-kind is not given; the command looks like one for rack: add --app-kind rack\n") {
		t.Error(out)
	}
	if out := told(t, append(command, "--app-kind", "rack")...); !strings.Contains(out, "\n  app      rack\n") {
		t.Error(out)
	}
	if out := told(t, append(command, "--server", "wsgiref", "-p", "default")...); !strings.Contains(out, "wsgiref/default\n") || !strings.Contains(out, "custom/puma-") || strings.Contains(out, "unsupported") {
		t.Error(out)
	}
	for _, args := range [][]string{{"ladder", "wsgiref"}, {"duel", "wsgiref/default", "wsgiref/hardened"}} {
		if out := refused(t, append(args, command...)...); !strings.Contains(out, "--server-cmd: its server is none of those that are named; name it: custom") {
			t.Errorf("%q: %s", args, out)
		}
	}
}

// What show prints works as a server file for every built-in server.
func TestShow(t *testing.T) {
	dir := quietHome(t)
	writeFiles(t, map[string]string{"bin/uv": "#!/bin/sh\n"}) // finds every release in the package index, at once
	t.Setenv("PATH", filepath.Join(dir, "bin")+":"+os.Getenv("PATH"))
	args, want := []string{"-c", "wedge-1pct", "--dry-run"}, []string{}
	for line := range strings.Lines(told(t, "list", "servers")) {
		name := strings.Fields(line)[0]
		file := name + ".yaml"
		writeFiles(t, map[string]string{file: told(t, "show", name)})
		args = append(args, "--server-file", file)
		want = append(want, name+"/default\n  from     "+file+"\n")
	}
	out := told(t, args...)
	for _, w := range want {
		if !strings.Contains(out, w) {
			t.Errorf("no %q in\n%s", w, out)
		}
	}
	writeFiles(t, map[string]string{"mine.yaml": told(t, "show", "--server-cmd", "python3 -m 'a, b' {port}")})
	if out := told(t, "--server-file", "mine.yaml", "-c", "wedge-1pct", "--dry-run"); !strings.Contains(out, " -m 'a, b' $PORT\n") {
		t.Error(out)
	}
}

// Results of other flags are those of another target: they are merged side by side and
// compared with nothing.
func TestOtherFlagsAreAnotherTarget(t *testing.T) {
	run := bench.Run{ID: "a", Environment: bench.Environment{Testbed: "t"}, Cells: []bench.Cell{{Server: "own", Version: "1", Profile: "prod", Scenario: "wedge-1pct"}}}
	other := bench.Run{ID: "b", Environment: run.Environment, Cells: []bench.Cell{{Server: "own", Version: "1", Profile: targets.ProfileWith("prod", []string{"--workers=3"}), Scenario: "wedge-1pct"}}}
	merged, err := results.Merge(false, run, other)
	if err != nil || len(merged.Cells) != 2 || results.CellID(merged.Cells[0]) == results.CellID(merged.Cells[1]) {
		t.Errorf("%+v, %v", merged.Cells, err)
	}
}
