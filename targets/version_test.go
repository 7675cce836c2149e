package targets

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRequire(t *testing.T) {
	for _, tt := range []struct{ requirement, version, want string }{
		{"gunicorn=={version}", "27.0.1", "gunicorn==27.0.1"},
		{"gunicorn[gevent]=={version}", "previous", "gunicorn[gevent]<2.0"},
		{"gunicorn[gevent]=={version}", "path:/src/gunicorn", "gunicorn[gevent] @ file:///src/gunicorn"},
		{"gevent==26.9.0", "previous", "gevent==26.9.0"},
		{"toy>={version},<9", "1.0", "toy>=1.0,<9"},
	} {
		if got := require(tt.requirement, "2.0", tt.version); got != tt.want {
			t.Errorf("%s in version %s: %q, want %q", tt.requirement, tt.version, got, tt.want)
		}
	}
}

func TestCheckVersion(t *testing.T) {
	src := t.TempDir()
	write(t, src, "pyproject.toml", "[project]\nname = \"toy\"\n")
	write(t, src, "toy-1.0-py3-none-any.whl", "a wheel")
	pinned := &Server{Name: "toy", File: "toy.yaml", Version: "1.0", Install: Requirements{Python: []string{"toy=={version}", "six==1.17.0"}}}
	loose := &Server{Name: "toy", File: "toy.yaml", Version: "1.0", Install: Requirements{Python: []string{"toy>={version}"}}}
	found := &Server{Name: "toy", File: "toy.yaml"}
	for _, tt := range []struct {
		server       *Server
		asked, wrong string // wrong: the beginning of the error, "" = no error
	}{
		{pinned, "", ""},
		{pinned, "0.9", ""},
		{pinned, "previous", ""},
		{pinned, "path:" + src, ""},
		{pinned, "path:" + src + "/toy-1.0-py3-none-any.whl", ""},
		{pinned, "path:" + src + "/none", "toy@path:" + src + "/none: there is no"},
		{pinned, "path:", "toy@path: the folder is missing"},
		{pinned, "path:" + t.TempDir(), "toy@path:"},
		{pinned, "1 --pre", `toy@1 --pre: "1 --pre" is not a version`},
		{loose, "0.9", ""},
		{loose, "previous", "toy@previous: toy.yaml does not say NAME=={version}"},
		{loose, "path:" + src, "toy@path:" + src + ": toy.yaml does not say"},
		{found, "1.0", "toy has no versions to choose from"},
	} {
		err := tt.server.CheckVersion(tt.asked)
		if tt.wrong == "" {
			if err != nil {
				t.Errorf("%s: %v", tt.asked, err)
			}
			continue
		}
		wantUsage(t, err, tt.wrong)
	}
}

// Whatever changes what would be installed changes the digest, and nothing else does.
func TestDigest(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "pkg"), "a.py", "a = 1\n")
	write(t, dir, "pyproject.toml", "[project]\n")
	now := func() string {
		t.Helper()
		d, err := digest(dir)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	first := now()
	for _, made := range []string{".git", "pkg/__pycache__", "build", "toy.egg-info"} {
		write(t, filepath.Join(dir, made), "x", "made")
	}
	if now() != first {
		t.Error("what building makes counts")
	}
	write(t, filepath.Join(dir, ".github", "workflows"), "benchrun.yml", "on: push\n")
	write(t, dir, "benchrun.yaml", "server: toy\n")
	write(t, dir, "benchrun.waivers.yaml", "waivers: []\n")
	if now() != first {
		t.Error("what says how the server is tested counts")
	}
	write(t, filepath.Join(dir, "pkg"), "benchrun.yaml", "a: 1\n") // data of a package
	if now() == first {
		t.Error("a file of a package does not count")
	}
	write(t, filepath.Join(dir, "pkg"), "a.py", "a = 2\n")
	second := now()
	if err := os.Rename(filepath.Join(dir, "pkg", "a.py"), filepath.Join(dir, "pkg", "b.py")); err != nil {
		t.Fatal(err)
	}
	if third := now(); second == first || third == second {
		t.Error("a changed or renamed file does not count")
	}
	write(t, dir, "hollow", "")
	if err := os.Truncate(filepath.Join(dir, "hollow"), 1<<40); err != nil { // reading it would take an hour
		t.Fatal(err)
	}
	_, err := digest(dir)
	wantUsage(t, err, "path:"+dir+": more than")
	if _, err := digest(filepath.Join(dir, "none")); err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("what is not there: %v", err)
	}
}

// A path means the same from every working folder. Other versions do not change.
func TestFixedVersion(t *testing.T) {
	t.Chdir(t.TempDir())
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for asked, want := range map[string]string{"": "", "1.0": "1.0", "previous": "previous", "path:a/b": "path:" + here + "/a/b", "path:/a": "path:/a"} {
		if got, err := FixedVersion(asked); got != want || err != nil {
			t.Errorf("%q: %q, %v, want %q", asked, got, err, want)
		}
	}
}
