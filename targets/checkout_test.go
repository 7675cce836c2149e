package targets

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// What is installed from a checkout is what lies in it now: also where the folder
// is called like a release, where a file is older than at the installation before
// (one that was put back), and where one is gone.
func TestInstallCheckoutAsItIs(t *testing.T) {
	dir := openDir(t)
	t.Setenv(CacheVariable, filepath.Join(dir, "cache"))
	t.Setenv("PATH", "/usr/bin:/bin") // pip, whether there is uv or not
	source := filepath.Join(dir, "toy-1.0")
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
		"[project]\nname = 'toy'\nversion = '1.0'\n[tool.setuptools]\npackages = ['toy']\n", 0)
	server := toyServer("toy=={version}")
	server.VersionCommand = []string{"/bin/echo", "1.0"}
	server.Version = "1.0"
	installed := func() string {
		t.Helper()
		in, err := Install(t.Context(), InstallOptions{Server: server, Profile: "default", Version: "path:" + source})
		if err != nil {
			t.Fatal(err)
		}
		out, err := probe(t.Context(), nil, in.Python, "-c", "import toy, importlib.util as u; print(toy.state, bool(u.find_spec('toy.more')))")
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	write("toy/__init__.py", "state = '1.new'\n", 0)
	write("toy/more.py", "", 0)
	if got := installed(); got != "1.new True\n" {
		t.Errorf("installed first: %q", got)
	}
	write("toy/__init__.py", "state = '1.old'\n", time.Hour)
	if err := os.Remove(filepath.Join(source, "toy/more.py")); err != nil {
		t.Fatal(err)
	}
	if got := installed(); got != "1.old False\n" {
		t.Errorf("installed after a change: %q", got)
	}
	if exists(filepath.Join(source, "build")) {
		t.Error("the checkout was built in")
	}
}
