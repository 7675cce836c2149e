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
