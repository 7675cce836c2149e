package repro

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"benchrun/internal/bench"
	"benchrun/results"
)

// store makes a run of cells that were never attempted.
func store(t *testing.T, out, id string, cells ...string) string {
	t.Helper()
	run := bench.Run{ID: id, Mode: bench.ModeQuick}
	for _, c := range cells {
		p := strings.Split(c, "/")
		server, version, _ := strings.Cut(p[0], "@")
		run.Cells = append(run.Cells, bench.Cell{Server: server, Version: version, Profile: p[1], Scenario: p[2], Family: "wedge", FamilyVer: 1})
	}
	f, err := results.Create(out, run)
	if err != nil {
		t.Fatal(err)
	}
	return f.Path()
}

func TestFind(t *testing.T) {
	out := t.TempDir()
	old := store(t, out, "20261101-000000-0000", "a@1/default/wedge-1pct", "b@1/default/wedge-1pct")
	newer := store(t, out, "20261102-000000-0000", "a@1/default/wedge-1pct", "a@2/default/wedge-1pct")
	newest := store(t, out, "20261103-000000-0000", "c@1/default/wedge-1pct")
	store(t, out, "last-release", "b@1/default/wedge-1pct")
	for _, d := range []string{"zz-not-a-run", "20261104-000000-dead"} {
		if err := os.Mkdir(filepath.Join(out, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(out, "20261104-000000-dead", results.RunFile), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	for word, want := range map[string]string{
		"c/default/wedge-1pct":            newest,
		"b/default/wedge-1pct":            old, // the newest run that has it
		"a@2/default/wedge-1pct":          newer,
		old + "/a/default/wedge-1pct":     old,
		old + "//a/default/wedge-1pct/":   old,
		newer + "/a@1/default/wedge-1pct": newer,
	} {
		f, err := Find(t.Context(), out, word)
		if err != nil {
			t.Errorf("%s: %v", word, err)
		} else if filepath.Clean(f.Folder.Path()) != want {
			t.Errorf("%s: found in %s, want %s", word, f.Folder.Path(), want)
		}
	}
	for word, want := range map[string]string{
		"a/default/wedge-1pct":                "name the version: a@1/default/wedge-1pct",
		"c/default/wedge-2pct":                `did you mean "c/default/wedge-1pct"`,
		newest + "/a/default/wedge-1pct":      newest + " has no cell",
		"gunicorn":                            "not a cell",
		newest:                                newest + " is a run, not a cell; name one of its cells: " + newest + "/server/profile/scenario",
		newest + "/run.json":                  "is a run, not a cell; name one of its cells: " + newest + "/server/profile/scenario",
		out:                                   "not a cell, and no run either",
		"a//b":                                "not a cell",
		out + "/nowhere/a/default/wedge-1pct": "nowhere",
	} {
		if _, err := Find(t.Context(), out, word); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", word, err, want)
		}
	}
	if got := Known(t.Context(), out); len(got) != 1 || got[0] != "c/default/wedge-1pct" {
		t.Errorf("known: %q", got)
	}
	if _, err := Find(t.Context(), t.TempDir(), "a/b/c"); err == nil || !strings.Contains(err.Error(), "no stored run") {
		t.Errorf("an empty folder: %v", err)
	}
	for word, want := range map[string]string{
		"a/b/c":         "none has no stored run; measure the cell first: benchrun --server a --profile b --scenario c; or",
		"a/b+--x=1+y/c": "none has no stored run; measure the cell first; or",
	} {
		if _, err := Find(t.Context(), filepath.Join(out, "none"), word); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no folder: %v, want %q", err, want)
		}
	}
}
