package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"benchrun/internal/bench"
	"benchrun/results"
)

// golden is a run that the first version stored.
var golden, _ = filepath.Abs("../../results/testdata/golden/20261121-120000-3fa9")

// storedRun is a run of one cell with its record, gunicorn/default/wedge-1pct, taken from the
// golden one, with changes to its run.json.
func storedRun(t *testing.T, changes ...func(*bench.Run)) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	if err := os.CopyFS(dir, os.DirFS(golden)); err != nil {
		t.Fatal(err)
	}
	run, err := results.ReadRun(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	run.Cells = run.Cells[:1]
	for _, change := range changes {
		change(&run)
	}
	var text bytes.Buffer
	if err := run.Encode(&text); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, results.RunFile), text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	lines, err := os.ReadFile(filepath.Join(dir, results.CellsFile))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(lines), "\n") // the others would look like cells of a killed run
	if err := os.WriteFile(filepath.Join(dir, results.CellsFile), []byte(first+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}
