package targets

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Install installs what is in a checkout now: also if the folder is named like a release,
// if a file is older than at the last installation (somebody restored it), and if a file
// was removed.
func TestInstallCheckoutAsItIs(t *testing.T) {
	dir := openDir(t)
	t.Setenv(CacheVariable, filepath.Join(dir, "cache"))
	t.Setenv("PATH", "/usr/bin:/bin") // without uv, so pip is used
	source := filepath.Join(dir, "toy-1.0 %20#;x")
	write := func(name, text string, age time.Duration) {
		t.Helper()
		path := filepath.Join(source, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		then := time.Now().Add(-age)
		if err := os.Chtimes(path, then, then); err != nil {
			t.Fatal(err)
		}
	}
	write("pyproject.toml", "[build-system]\nrequires = ['setuptools']\nbuild-backend = 'setuptools.build_meta'\n"+
		"[project]\nname = 'toy'\nversion = '1.0'\n[tool.setuptools]\npackages = ['toy', 'toy.target']\n", 0)
	server := toyServer("toy=={version}")
	server.VersionCommand = []string{"/bin/echo", "1.0"}
	server.Version = "1.0"
	installed := func() string {
		t.Helper()
		in, err := Install(t.Context(), InstallOptions{Server: server, Profile: "default", Run: supervised, Version: "path:" + source})
		if err != nil {
			t.Fatal(err)
		}
		out, err := RunProgram(supervised).ask(t.Context(), nil, in.Python, "-c", "import toy, toy.target, importlib.util as u; print(toy.state, toy.target.state, bool(u.find_spec('toy.more')))")
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	write("toy/__init__.py", "state = '1.new'\n", 0)
	write("toy/target/__init__.py", "state = 1\n", 0)
	write("toy/more.py", "", 0)
	if got := installed(); got != "1.new 1 True\n" {
		t.Errorf("installed first: %q", got)
	}
	write("toy/__init__.py", "state = '1.old'\n", time.Hour)
	write("toy/target/__init__.py", "state = 2\n", 0)
	if err := os.Remove(filepath.Join(source, "toy/more.py")); err != nil {
		t.Fatal(err)
	}
	if got := installed(); got != "1.old 2 False\n" {
		t.Errorf("installed after a change: %q", got)
	}
	write("toy/target/__init__.py", "state = 3\n", 0) // a package with the name of a build tool's output folder
	if got := installed(); got != "1.old 3 False\n" {
		t.Errorf("installed after a change of that alone: %q", got)
	}
	if left, err := os.ReadDir(source); err != nil || len(left) != 2 {
		t.Errorf("the checkout was built in: %v, %v", left, err)
	}
}
