package results

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// storedRun makes a run's folder with a record, a log and a line for each of
// its scenarios.
func storedRun(t *testing.T, id, testbed, started string, scenarios ...string) *Folder {
	t.Helper()
	run := oneCell(id, testbed, started, bench.Held, scenarios...)
	f, err := Create(t.TempDir(), run)
	if err != nil {
		t.Fatal(err)
	}
	for i := range run.Cells {
		c := &run.Cells[i]
		c.Attempts[0].Record, c.Attempts[0].Log = f.RecordPath(CellID(*c), 1), f.LogPath(CellID(*c), 1)
		if err := os.WriteFile(f.Join(c.Attempts[0].Record), []byte("record of "+id), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(f.Join(c.Attempts[0].Log), []byte("log of "+id), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := f.AppendAttempt(NewAttemptLine(*c, c.Attempts[0], bench.Judgement{Verdict: bench.Held})); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.WriteRun(run); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestJoinIsARunLikeAnyOther(t *testing.T) {
	first := storedRun(t, "first", "bed", "2026-11-21T10:00:00Z", "x", "y")
	later := storedRun(t, "later", "bed", "2026-11-21T11:00:00Z", "y", "z")
	if err := os.Remove(first.Join(first.LogPath("s@1/p/x", 1))); err != nil { // logs may go
		t.Fatal(err)
	}
	f, run, err := Join(t.Context(), t.TempDir(), first, later)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := f.Run(t.Context()); err != nil || again.ID != run.ID || len(again.Cells) != 3 || filepath.Base(f.Path()) != run.ID {
		t.Errorf("stored run %s with %d cells in %s, %v", again.ID, len(again.Cells), f.Path(), err)
	}
	lines, torn, _, err := f.ReadAttempts(t.Context())
	if err != nil || torn != "" || len(lines) != 3 {
		t.Errorf("%d lines, %q, %v", len(lines), torn, err)
	}
	for i, want := range []string{"first", "later", "later"} { // x, y, z: of the same cell the later one
		text, err := os.ReadFile(f.Join(run.Cells[i].Attempts[0].Record))
		if err != nil || string(text) != "record of "+want {
			t.Errorf("%s: %q, %v", run.Cells[i].Scenario, text, err)
		}
	}
	if _, err := os.Stat(f.Join(run.Cells[0].Attempts[0].Log)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a log from nowhere: %v", err)
	}
	// What was joined can be joined again.
	if _, run, err = Join(t.Context(), t.TempDir(), f, storedRun(t, "last", "bed", "2026-11-21T12:00:00Z", "w")); err != nil || len(run.Cells) != 4 {
		t.Errorf("%d cells, %v", len(run.Cells), err)
	}
}

func TestJoinRefuses(t *testing.T) {
	a := storedRun(t, "a", "bed", "2026-11-21T10:00:00Z", "x")
	escape := storedRun(t, "escape", "bed", "2026-11-21T10:00:00Z", "x")
	run, err := escape.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	run.Cells[0].Attempts[0].Record = "records/../../../etc/passwd"
	if err := escape.WriteRun(run); err != nil {
		t.Fatal(err)
	}
	gone := storedRun(t, "gone", "bed", "2026-11-21T10:00:00Z", "y")
	if err := os.Remove(gone.Join(gone.RecordPath("s@1/p/y", 1))); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name    string
		folders []*Folder
		want    string
	}{
		{"two testbeds", []*Folder{a, storedRun(t, "b", "other", "2026-11-21T10:00:00Z", "x")}, "not measured alike"},
		{"the same twice", []*Folder{a, a}, "twice"},
		{"a path out of the folder", []*Folder{escape}, "not a path inside"},
		{"a record that is not there", []*Folder{a, gone}, "no such file"},
	} {
		_, _, err := Join(t.Context(), t.TempDir(), tt.folders...)
		var usage *bench.UsageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
