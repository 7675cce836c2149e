package results

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

func TestCreateLaysOutTheFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "benchrun-out")
	f, err := Create(dir, bench.Run{Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	run, err := f.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^\d{8}-\d{6}-[0-9a-f]{4}$`).MatchString(run.ID) || f.Path() != filepath.Join(dir, run.ID) {
		t.Errorf("run %q in folder %q", run.ID, f.Path())
	}
	if run.Seed != 7 || run.Schema != bench.RunSchema {
		t.Errorf("first run.json holds %+v", run)
	}
	for _, sub := range []string{RecordsDir, LogsDir} {
		if info, err := os.Stat(f.Join(sub)); err != nil || !info.IsDir() {
			t.Errorf("%s: %v, %v", sub, info, err)
		}
	}
	for _, path := range []string{f.Path(), f.Join(RunFile)} {
		again, err := OpenFolder(path)
		if err != nil || again.Path() != f.Path() {
			t.Errorf("OpenFolder(%q) gave %+v, %v", path, again, err)
		}
	}
}

func TestCreateRefuses(t *testing.T) {
	dir := t.TempDir()
	if _, err := Create(dir, bench.Run{ID: "one"}); err != nil {
		t.Fatal(err)
	}
	var usage *bench.UsageError
	if _, err := Create(dir, bench.Run{ID: "one"}); !errors.As(err, &usage) {
		t.Errorf("a second run in one folder gave %v", err)
	}
	for _, id := range []string{"../up", "a/b", "..", "/abs"} {
		if _, err := Create(dir, bench.Run{ID: id}); err == nil {
			t.Errorf("id %q was taken", id)
		}
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	var env *bench.EnvironmentError
	if _, err := Create(file, bench.Run{}); !errors.As(err, &env) || !strings.Contains(err.Error(), file) {
		t.Errorf("a folder inside a file gave %v", err)
	}
}

func TestOpenFolderRefuses(t *testing.T) {
	dir := t.TempDir()
	lone := filepath.Join(dir, "lone")
	if err := os.Mkdir(lone, 0o755); err != nil {
		t.Fatal(err)
	}
	exported := filepath.Join(dir, "exported.json")
	if err := os.WriteFile(exported, []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "none"):   "no such file",
		filepath.Join(exported, "x"): "no such file",
		lone:                         "has no run.json",
		exported:                     "has no records folder",
	} {
		var usage *bench.UsageError
		if _, err := OpenFolder(path); !errors.As(err, &usage) || !strings.Contains(err.Error(), want) {
			t.Errorf("OpenFolder(%q) gave %v; want a usage error with %q", path, err, want)
		}
	}
}

func TestFileNames(t *testing.T) {
	f := &Folder{path: "x"}
	for cell, want := range map[string]string{
		"gunicorn@23.0.0/default/wedge-0.5pct": "records/gunicorn-23.0.0_default_wedge-0.5pct-2.ndjson.gz",
		"mod_wsgi/default/wedge-1pct+nginx":    "records/mod_wsgi_default_wedge-1pct-nginx-2.ndjson.gz",
	} {
		if got := f.RecordPath(cell, 2); got != want {
			t.Errorf("RecordPath(%q) = %q, want %q", cell, got, want)
		}
	}
	if got := f.LogPath("a@1/b/c", 1); got != "logs/a-1_b_c-1.log" {
		t.Errorf("LogPath = %q", got)
	}
	safe := regexp.MustCompile(`^records/[A-Za-z0-9][A-Za-z0-9._-]*\.ndjson\.gz$`)
	seen := map[string]string{}
	long := strings.Repeat("long", 100)
	for _, cell := range []string{"", "..", "../../etc", "-rf", ".hidden", "a b/c", "a\tb/c", "a\x00b/c", "ü/c", "é/c", "$(x)", long + "a", long + "b"} {
		got := f.RecordPath(cell, 1)
		if !safe.MatchString(got) || len(got) > 220 {
			t.Errorf("RecordPath(%q) = %q", cell, got)
		}
		if before, ok := seen[got]; ok {
			t.Errorf("%q and %q share %q", before, cell, got)
		}
		seen[got] = cell
	}
}

func TestCellID(t *testing.T) {
	c := bench.Cell{Server: "gunicorn+nginx", Version: "23.0.0+nginx.1.22.1", Profile: "default", Scenario: "wedge-1pct", Front: "nginx"}
	if got := CellID(c); got != "gunicorn+nginx@23.0.0+nginx.1.22.1/default/wedge-1pct" {
		t.Error(got)
	}
	c.Version = ""
	if got := CellID(c); got != c.Name() {
		t.Errorf("%q is not %q", got, c.Name())
	}
}

// FindFrom finds the files of the folder from anywhere, and no other files.
func TestFindFrom(t *testing.T) {
	top := t.TempDir()
	f := &Folder{path: filepath.Join(top, "run")}
	for _, dir := range []string{"run/records", "pages"} {
		if err := os.MkdirAll(filepath.Join(top, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"run/records/a b.gz", "secret"} {
		if err := os.WriteFile(filepath.Join(top, file), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("../../secret", f.Join("records/link")); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ at, rel, want string }{
		{f.Path(), "records/a b.gz", "records/a b.gz"},
		{filepath.Join(top, "pages"), "records/a b.gz", "../run/records/a b.gz"},
		{f.Path(), "records/none.gz", ""},
		{f.Path(), "records", ""},
		{f.Path(), "../secret", ""},
		{f.Path(), filepath.Join(top, "secret"), ""},
		{f.Path(), "records/link", ""},
		{f.Path(), "", ""},
	} {
		if got, ok := f.FindFrom(tt.at)(tt.rel); got != tt.want || ok != (tt.want != "") {
			t.Errorf("%q from %s is %q, %v, want %q", tt.rel, tt.at, got, ok, tt.want)
		}
	}
}
