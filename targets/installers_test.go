package targets

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// toolEnvironment has a python that makes environments without pip, and these programs in
// place of node, npm and go: each writes down how it was called.
func toolEnvironment(t *testing.T, program, script string) (calls string) {
	t.Helper()
	dir := openDir(t)
	t.Setenv(CacheVariable, filepath.Join(dir, "cache"))
	fakeUV(t, unpackWheel)
	bin := t.TempDir()
	calls = filepath.Join(bin, "calls")
	text := "#!/bin/sh\nprintf '%s ' \"${0##*/}\" \"$@\" >>" + calls + "\necho >>" + calls + "\n" + script
	if err := os.WriteFile(filepath.Join(bin, program), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	return calls
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// What npm installs is in the environment, once for each list of packages.
func TestInstallWithNpm(t *testing.T) {
	calls := toolEnvironment(t, "npm", `for w; do [ "$before" = --prefix ] && mkdir -p "$w/bin" && echo hi >"$w/bin/tool"; before=$w; done`)
	s := toyServer("")
	s.Install = Requirements{Npm: []string{"tool@1.2.3", "@scope/other@4.5.6"}}
	s.VersionCommand = nil
	install := func() *Installation {
		in, err := Install(t.Context(), InstallOptions{Server: s, Profile: "default", Run: supervised})
		if err != nil {
			t.Fatal(err)
		}
		return in
	}
	one := install()
	if read(t, filepath.Join(one.Env, "bin", "tool")) != "hi\n" {
		t.Error("the tool is not in the environment")
	}
	if again := install(); again.Env != one.Env || lines(t, calls) != 1 {
		t.Errorf("installed again: %s", read(t, calls))
	}
	if got := read(t, calls); !strings.HasSuffix(got, "tool@1.2.3 @scope/other@4.5.6 \n") || !strings.Contains(got, "--prefix "+one.Env) {
		t.Errorf("called %q", got)
	}
	s.Install.Npm = []string{"tool@1.2.4"}
	if other := install(); other.Env == one.Env || lines(t, calls) != 2 {
		t.Error("another version has the same environment")
	}
}

// An app in Go is compiled with the profile's own files, and again when either changes.
func TestInstallCompilesTheApp(t *testing.T) {
	calls := toolEnvironment(t, "go", `[ "$1" = build ] || exit 0
out=$4; shift 4; cat "$@" >"$out"`)
	s := toyServer("")
	s.App, s.VersionCommand = "go", nil
	s.Install = Requirements{Go: []string{"example.org/tool@v1.0.0", "."}}
	s.Files = map[string]string{"main.go": "// one", "notes.txt": "no source"}
	install := func() *Installation {
		in, err := Install(t.Context(), InstallOptions{Server: s, Profile: "default", Run: supervised})
		if err != nil {
			t.Fatal(err)
		}
		return in
	}
	one := install()
	app := read(t, filepath.Join(one.Env, "bin", "app"))
	if !strings.Contains(app, "func app() http.Handler") || !strings.HasSuffix(app, "// one") || strings.Contains(app, "no source") {
		t.Errorf("compiled of %.200q…", app)
	}
	if got := read(t, calls); !strings.HasPrefix(got, "go install example.org/tool@v1.0.0 \ngo build ") {
		t.Errorf("called %q", got)
	}
	if left, err := os.ReadDir(filepath.Join(one.Env, "source")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("sources are left: %v %v", left, err)
	}
	s.Files["notes.txt"] = "still none"
	if again := install(); again.Env != one.Env {
		t.Error("compiled again, although no source has changed")
	}
	s.Files["main.go"] = "// two"
	if two := install(); two.Env == one.Env || !strings.HasSuffix(read(t, filepath.Join(two.Env, "bin", "app")), "// two") {
		t.Error("not compiled again")
	}
}

// A failed build shows the line of the log that names the cause, and leaves nothing that
// counts as installed.
func TestInstallTellsWhyATooIsUnhappy(t *testing.T) {
	toolEnvironment(t, "npm", `echo "npm error 404 Not Found: tool@9.9.9"; echo "npm error A complete log of this run"; exit 1`)
	s := toyServer("")
	s.Install, s.VersionCommand = Requirements{Npm: []string{"tool@9.9.9"}}, nil
	for range 2 {
		_, err := Install(t.Context(), InstallOptions{Server: s, Profile: "default", Run: supervised})
		var env *bench.EnvironmentError
		if !errors.As(err, &env) || !strings.Contains(err.Error(), "404 Not Found: tool@9.9.9") || !strings.Contains(env.Hint, ".log") {
			t.Errorf("%v", err)
		}
	}
}

// Programs in a folder bin of a package get a link in the environment's bin, if they are
// native and the name is free.
func TestProgramsOfPackagesAreLinked(t *testing.T) {
	env := t.TempDir()
	place := func(path, text string, mode os.FileMode) {
		t.Helper()
		path = filepath.Join(env, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	const packages = "lib/python3.11/site-packages/"
	place("bin/taken", "its own", 0o755)
	place(packages+"wheel/bin/node", "\x7fELFnode", 0o755)
	place(packages+"wheel/bin/taken", "\x7fELFother", 0o755)
	place(packages+"wheel/bin/script", "#!/bin/sh\n", 0o755)
	place(packages+"wheel/bin/library", "\x7fELF", 0o644)
	place(packages+"wheel/bin/tiny", "x", 0o755)
	if err := linkPrograms(env); err != nil {
		t.Fatal(err)
	}
	if got := read(t, filepath.Join(env, "bin", "node")); got != "\x7fELFnode" {
		t.Errorf("node is %q", got)
	}
	if got := read(t, filepath.Join(env, "bin", "taken")); got != "its own" {
		t.Errorf("what was there has become %q", got)
	}
	for _, name := range []string{"script", "library", "tiny"} {
		if exists(filepath.Join(env, "bin", name)) {
			t.Errorf("%s has a link", name)
		}
	}
}

// A server's files are beside its app, with their placeholders filled in; a profile's take
// the place of the server's.
func TestServerFiles(t *testing.T) {
	s := &Server{
		Name: "toy", Files: map[string]string{"a.conf": "listen {host}:{port} {\n}\n", "b.conf": "server's"},
		Profiles: map[string]Profile{"default": {Files: map[string]string{"b.conf": "profile's"}}},
	}
	dir := t.TempDir()
	if err := s.WriteFiles("default", Placeholders{Host: "h", Port: 7, App: dir}); err != nil {
		t.Fatal(err)
	}
	if a, b := read(t, filepath.Join(dir, "a.conf")), read(t, filepath.Join(dir, "b.conf")); a != "listen h:7 {\n}\n" || b != "profile's" {
		t.Errorf("%q, %q", a, b)
	}
	wantReadable(t, dir)
}
