package targets

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"benchrun/internal/bench"
)

// good is a server file without errors; the tests break it.
const good = `schema: benchrun.server/v1
name: toy
title: A toy
homepage: https://example.org
app: wsgi
version: "1.0"
install:
  apt: [libtoy-dev]
  python: ["toy=={version}"]
version_command: ["{python}", -c, "import toy; print(toy.version)"]
env: {TOY: "{work}/toy"}
command: ["{env}/bin/toy", --listen, "{host}:{port}", "{args}", "app:application"]
stop: {signal: INT}
profiles:
  default:
    why: the quick start
    workers: 1
    claims: {slots: 1, watchdog_s: 2.5}
  many:
    why: more of them
    args: [-w, 4, "--tmp={work}"]
    env: {TOY: "2"}
    workers: 4
sources: ["https://example.org/docs"]
`

func TestServerFileErrors(t *testing.T) {
	tests := []struct {
		name, old, new string // old is replaced by new in good
		want           string // after "toy.yaml:"
	}{
		{"unknown field", "homepage:", "homepages:", "4: homepages: unknown field"},
		{"unknown field in a profile", "    args: [-w", "    arg: [-w", "21: profiles.many.arg: unknown field"},
		{"unknown claim", "watchdog_s: 2.5", "watchdog: 2.5", "18: profiles.default.claims.watchdog: unknown field"},
		{"duplicate field", "app: wsgi", "app: wsgi\ntitle: Again", "6: title: appears twice, first in line 3"},
		{"duplicate profile", "  many:", "  default:", "19: profiles.default: appears twice, first in line 15"},
		{"wrong type: text for a number", "    workers: 4", "    workers: four", `23: profiles.many.workers: want a whole number, found "four"`},
		{"wrong type: text for a list", "  apt: [libtoy-dev]", "  apt: libtoy-dev", `8: install.apt: want a list of texts, found "libtoy-dev"`},
		{"wrong type: list for a text", "title: A toy", "title: [A, toy]", "3: title: want text, found a list"},
		{"wrong type: text for a mapping", "stop: {signal: INT}", "stop: INT", `13: stop: want a mapping (field: value), found "INT"`},
		{"wrong type: a mapping for a text", "[-w, 4,", "[-w, {x: 4},", "21: profiles.many.args[1]: want text, found a mapping"},
		{"not YAML", "app: wsgi", "app: [wsgi", "4: not YAML, near this line: "},
		{"two documents", "sources:", "---\nsources:", " more than one YAML document"},
		{"no schema", "schema: benchrun.server/v1\n", "", "1: schema: missing"},
		{"other schema", "server/v1", "server/v9", `1: schema: "benchrun.server/v9" is not known`},
		{"no name", "name: toy\n", "", "1: name: missing"},
		{"bad name", "name: toy", "name: Toy Server", `2: name: "Toy Server" is not a name`},
		{"no title", "title: A toy\n", "", "1: title: missing"},
		{"title of two lines", "title: A toy", `title: "A\ntoy"`, "3: title: more than one line"},
		{"no app", "app: wsgi\n", "", "1: app: missing"},
		{"unknown app", "app: wsgi", "app: fortran", `5: app: unknown app kind "fortran"`},
		{"bad version", `version: "1.0"`, `version: "1.0; rm"`, `6: version: "1.0; rm" is not a version`},
		{"no version to fill in", `version: "1.0"`, `version: ""`, "9: install.python[0]: {version} is used, but"},
		{"an option for a requirement", "toy=={version}", "--index-url=x", "9: install.python[0]: "},
		{"a bad Debian package", "libtoy-dev", "libtoy dev", "8: install.apt[0]: "},
		{"unknown signal", "signal: INT", "signal: KILL", `13: stop.signal: "KILL" is not one of TERM, INT, QUIT`},
		{"unknown reload signal", "stop: {signal: INT}", "reload: {signal: KILL}", `13: reload.signal: "KILL" is not one of HUP, USR1, USR2`},
		{"a profile's unknown reload signal", "    workers: 4\n", "    workers: 4\n    reload: {signal: TERM}\n", `24: profiles.many.reload.signal: "TERM" is not one of HUP, USR1, USR2`},
		{"nobody serves", "stop: {signal: INT}", "serving: nobody", `13: serving: "nobody" is neither leader nor children`},
		{"nobody serves a profile", "    workers: 4\n", "    workers: 4\n    serving: nobody\n", `24: profiles.many.serving: "nobody" is neither leader nor children`},
		{"npm without a version", "  apt: [libtoy-dev]", "  npm: [koffi]", `8: install.npm[0]: "koffi" is not NAME@VERSION`},
		{"an option for npm", "  apt: [libtoy-dev]", "  npm: [--global@1.0]", `8: install.npm[0]: "--global@1.0" is not NAME@VERSION`},
		{"go without a version", "  apt: [libtoy-dev]", "  go: [example.org/tool]", `8: install.go[0]: "example.org/tool" is neither PATH@vVERSION nor ".", the app`},
		{"a file elsewhere", "stop: {signal: INT}", "files: {../toy.conf: x}", `13: files.../toy.conf: "../toy.conf" cannot be a file beside the app`},
		{"a file in place of attempt.json", "    args: [-w", "    files: {attempt.json: x}\n    args: [-w", `21: profiles.many.files.attempt.json: "attempt.json" cannot be a file beside the app`},
		{"an unknown placeholder in a file", "stop: {signal: INT}", "files: {toy.conf: 'x {prot}'}", "13: files.toy.conf: "},
		{"an empty lack", "stop: {signal: INT}", "lacks: ['']", "13: lacks: want phrases of one line each"},
		{"empty command", `command: ["{env}/bin/toy", --listen, "{host}:{port}", "{args}", "app:application"]`, "command: []", "12: command: empty"},
		{"no command", `command: ["{env}/bin/toy", --listen, "{host}:{port}", "{args}", "app:application"]` + "\n", "", "14: profiles.default.command: missing"},
		{"unknown placeholder", "{host}:{port}", "{host}:{prot}", "12: command[2]: unknown placeholder {prot}; did you mean {port}? known here: {host} {port}"},
		{"version in a command", "{host}:{port}", "{version}", "12: command[2]: unknown placeholder {version}"},
		{"unknown placeholder in args", "--tmp={work}", "--tmp={tmp}", "21: profiles.many.args[2]: unknown placeholder {tmp}"},
		{"unknown placeholder in env", "{work}/toy", "{home}/toy", "11: env.TOY: unknown placeholder {home}"},
		{"port in a version command", "import toy;", "import {port};", "10: version_command[2]: unknown placeholder {port}"},
		{"args inside a word", `"{args}"`, `"--x={args}"`, "12: command[3]: {args} must be a word of its own"},
		{"args twice", `"{args}"`, `"{args}", "{args}"`, "12: command[4]: {args} appears here twice"},
		{"args without a place", `"{args}", `, "", "21: profiles.many.args: the command has no {args}"},
		{"no profile", "profiles:\n  default:\n    why: the quick start\n    workers: 1\n    claims: {slots: 1, watchdog_s: 2.5}\n  many:\n    why: more of them\n    args: [-w, 4, \"--tmp={work}\"]\n    env: {TOY: \"2\"}\n    workers: 4\n", "profiles: {}\n", "14: profiles: missing"},
		{"a plus in a profile's name", "  many:", "  many+more:", `19: profiles.many+more: "many+more" is not a name`},
		{"no why", "    why: more of them\n", "", "19: profiles.many.why: missing"},
		{"no workers", "    workers: 4\n", "", "19: profiles.many.workers: want 1 or more"},
		{"0 workers", "    workers: 4", "    workers: 0", "23: profiles.many.workers: want 1 or more"},
		{"bad profile name", "  many:", "  Many:", `19: profiles.Many: "Many" is not a name`},
		{"negative claim", "slots: 1", "slots: -1", "18: profiles.default.claims: a claim is below 0"},
		{"family of a bad name", "    workers: 4\n", "    workers: 4\n    families: {Leak: {args: [-m]}}\n", `24: profiles.many.families.Leak: "Leak" is not a family's name`},
		{"family without args", "    workers: 4\n", "    workers: 4\n    families: {leak: {}}\n", "24: profiles.many.families.leak.args: missing"},
		{"unknown placeholder for a family", "    workers: 4\n", "    workers: 4\n    families: {leak: {args: ['{tmp}']}}\n", "24: profiles.many.families.leak.args[0]: unknown placeholder {tmp}"},
		{"family's args without a place", "    why: the quick start\n", "    why: the quick start\n    command: [toy]\n    families: {leak: {args: [-m]}}\n", "18: profiles.default.families.leak.args: the command has no {args}"},
		{"env without an environment", `  python: ["toy=={version}"]` + "\n", "", "14: profiles.default: {env} is used, but"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.Replace(good, tt.old, tt.new, 1)
			if text == good {
				t.Fatalf("%q does not stand in the good file", tt.old)
			}
			_, err := decode("toy.yaml", []byte(text))
			wantUsage(t, err, "toy.yaml:"+tt.want)
			if n := strings.Count(err.Error(), "\n"); n != 0 {
				t.Errorf("the error has %d line breaks: %q", n, err)
			}
		})
	}
	if _, err := decode("toy.yaml", []byte(good)); err != nil {
		t.Errorf("the good file: %v", err)
	}
	_, err := decode("toy.yaml", nil)
	wantUsage(t, err, "toy.yaml:1: the file is empty")
}

// wantUsage checks that err is a bench.UsageError that begins with prefix.
func wantUsage(t *testing.T, err error, prefix string) {
	t.Helper()
	var usage *bench.UsageError
	if !errors.As(err, &usage) {
		t.Fatalf("got error %v, want a usage error", err)
	}
	if !strings.HasPrefix(err.Error(), prefix) {
		t.Fatalf("got error  %q\nwant one like %q", err, prefix)
	}
}

func write(t *testing.T, folder, name, text string) string {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOverlays(t *testing.T) {
	dir := t.TempDir()
	user, project := filepath.Join(dir, "user"), filepath.Join(dir, "project")
	named := func(name, title, more string) string {
		text := strings.Replace(good, "name: toy", "name: "+name+"\n"+more, 1)
		return strings.Replace(text, "title: A toy", "title: "+title, 1)
	}
	write(t, user, "a.yaml", named("toy", "the user's", ""))
	write(t, user, "notes.txt", "not a server file")
	write(t, project, "b.yml", named("toy", "the project's", "replaces: true"))
	write(t, project, "c.yaml", named("waitress", "our waitress", "replaces: true"))
	single := write(t, dir, "single.yaml", named("single", "one file", ""))
	opts := LoadOptions{UserFolder: user, ProjectFolder: project, Files: []string{single}}

	r, err := Load(opts)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"toy": "the project's", "waitress": "our waitress", "single": "one file", "gunicorn": "Gunicorn"} {
		s, err := r.Lookup(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if s.Title != want {
			t.Errorf("%s is %q, want %q", name, s.Title, want)
		}
	}
	if names := r.Names(); !slices.IsSorted(names) || len(names) < 7 {
		t.Errorf("names: %v", names)
	}

	opts.Files = append(opts.Files, write(t, dir, "shadow.yaml", named("gunicorn", "mine", "")))
	_, err = Load(opts)
	wantUsage(t, err, opts.Files[1]+`: name: server "gunicorn" is known already, from built-in servers/gunicorn.yaml`)

	_, err = Load(LoadOptions{Files: []string{filepath.Join(dir, "absent.yaml")}})
	wantUsage(t, err, "server file "+dir)
	_, err = Load(LoadOptions{Files: []string{dir}})
	wantUsage(t, err, "server file "+dir+": is a directory")
	pipe := filepath.Join(project, "pipe.yaml") // nobody writes to it
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = Load(LoadOptions{ProjectFolder: project})
	wantUsage(t, err, "server file "+pipe+": is a pipe")
	_, err = Load(LoadOptions{ProjectFolder: pipe})
	wantUsage(t, err, "folder of server files "+pipe+": not a folder")
	if _, err := Load(LoadOptions{UserFolder: filepath.Join(dir, "absent"), ProjectFolder: filepath.Join(dir, "absent")}); err != nil {
		t.Errorf("folders that do not exist: %v", err)
	}
}

func TestUnknownNamesSuggestTheNearest(t *testing.T) {
	r, err := Load(LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Lookup("gunicron")
	wantUsage(t, err, `unknown server "gunicron"; did you mean "gunicorn"? benchrun list servers lists them`)
	_, err = r.Lookup("zzz")
	wantUsage(t, err, `unknown server "zzz"; benchrun list servers lists them`)
	if !strings.HasSuffix(err.Error(), "; a server of your own: --server-cmd or --server-file") {
		t.Error(err)
	}
	s, err := r.Lookup("gunicorn")
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Profile("harden")
	wantUsage(t, err, `unknown profile of gunicorn "harden"; did you mean "hardened"? known: default, hardened, equal8, gevent, gthread, tornado`)
}

// The command that measures a cell again names the server's file, even if that lies in a
// folder that Load reads anyway.
func TestAFileMayBeGivenTwice(t *testing.T) {
	project := t.TempDir()
	file := write(t, project, "toy.yaml", good)
	link := filepath.Join(t.TempDir(), "link.yaml")
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	r, err := Load(LoadOptions{ProjectFolder: project, Files: []string{link, link}})
	if err != nil {
		t.Fatal(err)
	}
	own, err := r.Lookup("toy")
	if err != nil || own.File != link || own.BuiltIn() {
		t.Errorf("%+v, %v", own, err)
	}
	if known, err := r.Lookup("gunicorn"); err != nil || !known.BuiltIn() {
		t.Errorf("%+v, %v", known, err)
	}
	_, err = Load(LoadOptions{ProjectFolder: project, Files: []string{write(t, t.TempDir(), "toy.yaml", good)}})
	if err == nil || !strings.Contains(err.Error(), "is known already") {
		t.Errorf("a copy: %v", err)
	}
}

// Only the reference server is benchrun's own.
func TestOwnServer(t *testing.T) {
	reg, err := Load(LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range reg.Names() {
		if s, err := reg.Lookup(name); err != nil || s.Own() != (name == bench.ReferenceServer) {
			t.Errorf("%s: %v, %v", name, s.Own(), err)
		}
	}
}
