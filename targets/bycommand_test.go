package targets

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// program writes a program and returns its path.
func program(t *testing.T, folder, name string) string {
	t.Helper()
	path := write(t, folder, name, "#!/bin/sh\n")
	if err := os.Chmod(path, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestParseCommand(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	onPath, beside := program(t, filepath.Join(dir, "bin"), "toy"), program(t, filepath.Join(dir, "venv"), "toy")
	python := program(t, filepath.Join(dir, "venv"), "python")
	t.Setenv("PATH", filepath.Join(dir, "bin"))
	for _, tt := range []struct {
		line, python string
		want         []string
	}{
		{"toy -p {port} 'a b' app:application", "", []string{onPath, "-p", "{port}", "a b", "app:application"}},
		{"toy {port}", python, []string{beside, "{port}"}},
		{"toy {port}", "no-such-python", []string{onPath, "{port}"}},
		{"./venv/toy {port}", "", []string{beside, "{port}"}},
		{"{python} -m toy {host}:{port} {app}", "", []string{"{python}", "-m", "toy", "{host}:{port}", "{app}"}},
	} {
		c, err := ParseCommand(tt.line, "", tt.python)
		if err != nil || !slices.Equal(c.Words, tt.want) {
			t.Errorf("%s, %s: %q, %v", tt.line, tt.python, c.Words, err)
			continue
		}
		reg, err := Load(LoadOptions{Command: c})
		if err != nil {
			t.Fatal(err)
		}
		s, err := reg.Lookup(CommandServer)
		if err != nil || !slices.Equal(s.CommandWords, tt.want) || len(s.Profiles) != 1 || s.App != AppWSGI {
			t.Errorf("%+v, %v", s, err)
		}
	}
	c, err := ParseCommand("toy {port} app:application", "asgi", "")
	if err != nil {
		t.Fatal(err)
	}
	if s, err := c.server(); err != nil || s.App != appASGI {
		t.Errorf("with --app-kind asgi: %+v, %v", s, err)
	}
	for line, want := range map[string]string{
		"":                       "--server-cmd: empty",
		"toy":                    "--server-cmd: no {port}",
		"toy {prot}":             "--server-cmd: unknown placeholder {prot}; did you mean {port}?",
		"toy {env} {port}":       "--server-cmd: unknown placeholder {env}",
		"toy {port} | tee":       `--server-cmd: "|" means nothing here`,
		"toy '{port}":            "--server-cmd: the quote ' has no end",
		"none {port}":            "--server-cmd: none: no such program",
		"./bin {port}":           "--server-cmd: ./bin: no such program",
		"toy {port} --x={args}x": "--server-cmd:5: command[2]: {args} must be a word of its own",
	} {
		c, err := ParseCommand(line, "", "")
		if err == nil {
			_, err = Load(LoadOptions{Command: c})
		}
		wantUsage(t, err, want)
	}
	_, err = ParseCommand("toy {port}", "wsgy", "")
	wantUsage(t, err, `unknown --app-kind "wsgy"; did you mean "wsgi"?`)
}

// Two commands are two targets.
func TestEachCommandHasItsOwnProfile(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range []Command{
		{Words: []string{"/bin/Toy_1.sh", "{port}"}}, {Words: []string{"/bin/Toy_1.sh", "{port}", "-v"}}, {Words: []string{"/bin/Toy_1.sh", "{port} -v"}},
		{Words: []string{"/bin/Toy_1.sh", "{port}"}, App: AppBuiltin}, {Words: []string{"/bin/1", "{port}"}}, {Words: []string{"/bin/" + strings.Repeat("x", 150), "{port}"}},
	} {
		name := c.profile()
		if seen[name] || !nameForm.MatchString(name) {
			t.Errorf("%q: %s", c.Words, name)
		}
		seen[name] = true
	}
}

// The file that says the same as a command is read as the same server.
func TestTheFileOfACommand(t *testing.T) {
	c := Command{Words: []string{"/bin/toy", "{host}:{port}", "a, b", "it's", `"`, "ü", "a: b", "\t", "[x]"}}
	s, err := c.server()
	if err != nil {
		t.Fatal(err)
	}
	text, err := s.Text()
	if err != nil {
		t.Fatal(err)
	}
	reg, err := Load(LoadOptions{Files: []string{write(t, t.TempDir(), "own.yaml", text)}})
	if err != nil {
		t.Fatal(err)
	}
	own, err := reg.Lookup(CommandServer)
	if err != nil || !slices.Equal(own.CommandWords, c.Words) {
		t.Errorf("%q, %v", own.CommandWords, err)
	}
}
