package postgresql

import (
	"os"
	"path/filepath"
	"testing"
)

func TestNewest(t *testing.T) {
	root := t.TempDir()
	if p, ok := newest(root); ok {
		t.Errorf("found %+v where nothing is", p)
	}
	for folder, programs := range map[string][]string{
		"9.6": {"postgres", "initdb"}, "15": {"postgres", "initdb"}, "9": {"postgres", "initdb"},
		"16": {"psql"}, // the client alone
	} {
		bin := filepath.Join(root, folder, "bin")
		if err := os.MkdirAll(bin, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, name := range programs {
			if err := os.WriteFile(filepath.Join(bin, name), nil, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	if p, ok := newest(root); !ok || p.Major != 15 || p.Folder != filepath.Join(root, "15", "bin") {
		t.Errorf("found %+v, %v", p, ok)
	}
}

func TestVersionIn(t *testing.T) {
	for text, want := range map[string]string{
		"postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n": "15.14",
		"postgres (PostgreSQL) 17beta1\n":                        "17beta1",
		"postgres (PostgreSQL) ":                                 "",
		"postgres: not found":                                    "",
		"":                                                       "",
	} {
		if got, err := VersionIn(text); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}
