package targets

import (
	"archive/zip"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"benchrun/internal/bench"
)

// openDir makes a folder that any user may enter; others may not enter that of t.TempDir.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "benchrun-targets-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// nobody is the user that the tests run programs as, which needs root.
func nobody(t *testing.T) *RunAs {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can run a program as another user")
	}
	return &RunAs{Name: "nobody", UID: 65534, GID: 65534}
}

// toyWheel makes a pip package of one module, toy, that knows its version.
func toyWheel(t *testing.T, dir, version string) string {
	t.Helper()
	path := filepath.Join(dir, "toy-"+version+"-py3-none-any.whl")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := zip.NewWriter(f)
	info := "toy-" + version + ".dist-info/"
	for _, file := range [][2]string{
		{"toy.py", "version = '" + version + "'\n"},
		{info + "METADATA", "Metadata-Version: 2.1\nName: toy\nVersion: " + version + "\n"},
		{info + "WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"},
		{info + "RECORD", "toy.py,,\n" + info + "METADATA,,\n" + info + "WHEEL,,\n" + info + "RECORD,,\n"},
	} {
		part, err := w.Create(file[0])
		if err == nil {
			_, err = part.Write([]byte(file[1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

func toyServer(wheel string) *Server {
	return &Server{
		Name: "toy", App: AppWSGI, File: "toy.yaml",
		Install:        Requirements{Python: []string{wheel}},
		VersionCommand: []string{"{python}", "-c", "import toy; print('toy', toy.version)"},
		CommandWords:   []string{"{env}/bin/python"},
		Profiles:       map[string]Profile{"default": {Workers: 1}},
	}
}

// fakeUV puts a uv on PATH that makes environments quickly and without pip. The file
// count has one line for each.
func fakeUV(t *testing.T, install string) (count string) {
	t.Helper()
	bin := t.TempDir()
	count = filepath.Join(bin, "count")
	script := fmt.Sprintf(`#!/bin/sh
case $1 in
venv) echo venv >>%q; exec "$3" -m venv --without-pip "$4" ;;
pip) python=$4; shift 4; %s ;;
esac`, count, install)
	if err := os.WriteFile(filepath.Join(bin, "uv"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	return count
}

const unpackWheel = `for w; do "$python" -m zipfile -e "$w" "$(dirname "$(dirname "$python")")"/lib/python3*/site-packages; done`

func lines(t *testing.T, path string) int {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return strings.Count(string(text), "\n")
}

func TestInstallWithPip(t *testing.T) {
	dir := openDir(t)
	t.Setenv(CacheVariable, filepath.Join(dir, "cache"))
	t.Setenv("PIP_NO_INDEX", "1")
	t.Setenv("PIP_USER", "1") // must not mislead pip
	t.Setenv("PATH", "/usr/bin:/bin")
	old := syscall.Umask(0o077) // must not hide the environment from others
	defer syscall.Umask(old)
	opts := InstallOptions{Server: toyServer(toyWheel(t, dir, "1.2.3")), Profile: "default", Run: supervised}
	if os.Geteuid() == 0 {
		opts.User = nobody(t)
	}
	in, err := Install(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	if in.Version != "1.2.3" || in.Python != filepath.Join(in.Env, "bin", "python") || !strings.HasPrefix(in.PythonVersion, "3.") ||
		strings.HasPrefix(in.Interpreter, in.Env) || in.Interpreter == "" {
		t.Errorf("installed %+v", in)
	}
	if !strings.HasPrefix(in.Env, filepath.Join(dir, "cache", "envs", "toy-")) {
		t.Errorf("environment %s is not in the cache", in.Env)
	}
}

func TestInstallsAtOnceBuildOnce(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(CacheVariable, filepath.Join(dir, "cache"))
	count := fakeUV(t, unpackWheel)
	server := toyServer(toyWheel(t, dir, "1.0.0"))
	install := func() (*Installation, error) {
		return Install(t.Context(), InstallOptions{Server: server, Profile: "default", Run: supervised})
	}
	var wg sync.WaitGroup
	envs := make([]string, 4)
	for i := range envs {
		wg.Go(func() {
			in, err := install()
			if err != nil {
				t.Error(err)
				return
			}
			envs[i] = in.Env
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	if n := lines(t, count); n != 1 || envs[0] != envs[3] {
		t.Errorf("built %d times in %v, want once", n, envs)
	}

	// A killed build leaves no marker, so its environment is removed.
	junk := filepath.Join(envs[0], "junk")
	if err := errors.Join(os.Remove(filepath.Join(envs[0], completeMarker)), os.WriteFile(junk, nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	if in, err := install(); err != nil || in.Env != envs[0] || in.Version != "1.0.0" {
		t.Errorf("after a killed build: %+v, %v", in, err)
	}
	if n := lines(t, count); n != 2 || exists(junk) {
		t.Errorf("built %d times, want twice; the remains are there: %v", n, exists(junk))
	}

	// A file with the same name and another content gives another environment.
	if err := os.Rename(toyWheel(t, t.TempDir(), "1.0.1"), server.Install.Python[0]); err != nil {
		t.Fatal(err)
	}
	if in, err := install(); err != nil || in.Env == envs[0] || in.Version != "1.0.1" {
		t.Errorf("with a new wheel: %+v, %v", in, err)
	}
}

func TestInstallFailureSaysWhyAndWhere(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(CacheVariable, filepath.Join(dir, "cache"))
	fakeUV(t, `echo "RuntimeError: no apxs"; echo "note: not a problem with pip"; exit 1`)
	server := toyServer(toyWheel(t, dir, "1.0.0"))
	_, err := Install(t.Context(), InstallOptions{Server: server, Profile: "default", Run: supervised})
	wantEnvironment(t, err, "installing toy failed: RuntimeError: no apxs (exit status 1); the whole log is "+dir)
	log := err.Error()[strings.LastIndex(err.Error(), " ")+1:]
	if text, readErr := os.ReadFile(log); readErr != nil || !strings.Contains(string(text), "note: not a problem") {
		t.Errorf("log %s: %q %v", log, text, readErr)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "cache", "envs", "*", completeMarker)); len(left) > 0 {
		t.Errorf("a failed build is marked complete: %v", left)
	}
}

func TestInstallForAUserThatCannotEnter(t *testing.T) {
	user := nobody(t)
	dir := openDir(t)
	t.Setenv(CacheVariable, filepath.Join(dir, "closed", "cache"))
	if err := os.Mkdir(filepath.Join(dir, "closed"), 0o700); err != nil {
		t.Fatal(err)
	}
	fakeUV(t, unpackWheel)
	opts := InstallOptions{Server: toyServer(toyWheel(t, dir, "1.0.0")), Profile: "default", Run: supervised, User: user}
	_, err := Install(t.Context(), opts)
	wantEnvironment(t, err, "user nobody (uid 65534) cannot use the environment "+dir)
	if !strings.Contains(err.Error(), "set BENCHRUN_CACHE") {
		t.Errorf("%q does not say the way out", err)
	}
}

func TestInstallUsageErrors(t *testing.T) {
	s, err := decode("toy.yaml", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	_, err = Install(t.Context(), InstallOptions{Server: s, Profile: "defaul"})
	wantUsage(t, err, `unknown profile of toy "defaul"; did you mean "default"?`)
	_, err = Install(t.Context(), InstallOptions{Server: s, Profile: "default", Run: supervised, Version: "1 --pre"})
	wantUsage(t, err, `toy@1 --pre: "1 --pre" is not a version`)
	s.Install.Python = []string{"toy"}
	_, err = Install(t.Context(), InstallOptions{Server: s, Profile: "default", Run: supervised, Version: "1.0"})
	wantUsage(t, err, "toy has no versions to choose from")
}

func TestInstallOfWhatNeedsNothing(t *testing.T) {
	t.Setenv(CacheVariable, "/proc/no/such/folder") // not even read
	r, err := Load(LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := r.Lookup("reference")
	if err != nil {
		t.Fatal(err)
	}
	in, err := Install(t.Context(), InstallOptions{Server: s, Profile: "default", Run: supervised, BenchrunVersion: "0.1.0", Python: "/no/python"})
	if err != nil || in.Version != "0.1.0" || in.Python != "" || in.Env != "" {
		t.Errorf("reference: %+v, %v", in, err)
	}
	if s, err = r.Lookup("wsgiref"); err != nil {
		t.Fatal(err)
	}
	in, err = Install(t.Context(), InstallOptions{Server: s, Profile: "default", Run: supervised})
	if err != nil || in.Version != in.PythonVersion || in.Env != "" || in.Python == "" {
		t.Errorf("wsgiref: %+v, %v", in, err)
	}
}

func TestVersionCommand(t *testing.T) {
	for out, want := range map[string]string{
		"gunicorn (version 27.0.1)": "27.0.1",
		"v3.0.2":                    "3.0.2",
		"mod_wsgi/6.1.1 Python/3.1": "6.1.1",
		"2 warnings\n6.1.1rc2.":     "6.1.1rc2",
		"1.2.dev0+g1a2b":            "1.2.dev0+g1a2b",
	} {
		s := toyServer("")
		s.VersionCommand = []string{"/bin/echo", out}
		got, err := measureVersion(t.Context(), &Installation{Server: s}, InstallOptions{Run: supervised})
		if err != nil || got != want {
			t.Errorf("%q: got %q, %v, want %q", out, got, err, want)
		}
	}
	s := toyServer("")
	for want, command := range map[string][]string{
		`the version command of toy printed no version but "none"`:   {"/bin/echo", "none"},
		"the version command of toy failed for the current user":     {"/bin/false"},
		`the version command of toy printed no version but "1.22222`: {"/bin/echo", "1." + strings.Repeat("2", 50_000)},
	} {
		s.VersionCommand = command
		_, err := measureVersion(t.Context(), &Installation{Server: s}, InstallOptions{Run: supervised})
		wantEnvironment(t, err, want)
	}
}

// wantEnvironment checks that err is a bench.EnvironmentError that begins with
// prefix.
func wantEnvironment(t *testing.T, err error, prefix string) {
	t.Helper()
	var env *bench.EnvironmentError
	if !errors.As(err, &env) {
		t.Fatalf("got error %v, want an environment error", err)
	}
	if !strings.HasPrefix(err.Error(), prefix) {
		t.Fatalf("got error  %q\nwant one like %q", err, prefix)
	}
}
