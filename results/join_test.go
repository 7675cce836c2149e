package results

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// storedRun makes a run's folder with a record, a log and a line for each scenario.
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
		if err := f.WriteRecord(c.Attempts[0].Record, &bench.Record{Head: bench.Head{Run: id}}); err != nil {
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
	if err := os.Remove(first.Join(first.LogPath("s@1/p/x", 1))); err != nil { // users may delete logs
		t.Fatal(err)
	}
	j, err := Join(t.Context(), t.TempDir(), false, first, later)
	if err != nil || len(j.Damaged) != 0 {
		t.Fatal(err, j.Damaged)
	}
	f, run := j.Folder, j.Run
	if again, err := f.Run(t.Context()); err != nil || again.ID != run.ID || len(again.Cells) != 3 || filepath.Base(f.Path()) != run.ID {
		t.Errorf("stored run %s with %d cells in %s, %v", again.ID, len(again.Cells), f.Path(), err)
	}
	lines, torn, _, err := f.ReadAttempts(t.Context())
	if err != nil || torn != "" || len(lines) != 3 {
		t.Errorf("%d lines, %q, %v", len(lines), torn, err)
	}
	for i, want := range []string{"first", "later", "later"} { // x, y, z: of equal cells, the later one
		if id := recordOf(t, f, run.Cells[i]); id != want || run.Cells[i].Run != want {
			t.Errorf("%s: record of %s, cell of %s", run.Cells[i].Scenario, id, run.Cells[i].Run)
		}
	}
	if _, err := os.Stat(f.Join(run.Cells[0].Attempts[0].Log)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a log from nowhere: %v", err)
	}
	// A joined run can be joined again.
	again, err := Join(t.Context(), t.TempDir(), false, f, storedRun(t, "last", "bed", "2026-11-21T12:00:00Z", "w"))
	if err != nil || len(again.Run.Cells) != 4 || again.Run.Cells[0].Run != "first" || recordOf(t, again.Folder, again.Run.Cells[0]) != "first" || len(again.Run.Merged) != 3 {
		t.Errorf("%+v, %v", again.Run, err)
	}
}

// recordOf is the ID of the run to which the record of a cell's first attempt belongs.
func recordOf(t *testing.T, f *Folder, c bench.Cell) string {
	t.Helper()
	rec, err := f.ReadRecord(t.Context(), c.Attempts[0].Record)
	if err != nil {
		t.Fatal(err)
	}
	return rec.Head.Run
}

// Two versions of a family are two cells. Their files have the same names, and must stay
// separate, as must their lines in cells.ndjson.
func TestJoinOfTwoFamilyVersions(t *testing.T) {
	old, now := storedRun(t, "old", "bed", "2026-11-21T10:00:00Z", "x"), storedRun(t, "now", "bed", "2026-11-21T11:00:00Z", "x")
	run, err := now.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	run.Cells[0].FamilyVer = 2
	if err := now.WriteRun(run); err != nil {
		t.Fatal(err)
	}
	j, err := Join(t.Context(), t.TempDir(), false, old, now)
	if err != nil || len(j.Run.Cells) != 2 {
		t.Fatalf("%+v, %v", j.Run.Cells, err)
	}
	lines, _, _, err := j.Folder.ReadAttempts(t.Context())
	if err != nil || len(lines) != 2 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	for i, want := range []string{"old", "now"} {
		a := j.Run.Cells[i].Attempts[0]
		log, err := os.ReadFile(j.Folder.Join(a.Log))
		if id := recordOf(t, j.Folder, j.Run.Cells[i]); id != want || err != nil || string(log) != "log of "+want || lines[i].Attempt().Record != a.Record {
			t.Errorf("%s: record of %s, log %q, line of %s, %v", want, id, log, lines[i].Attempt().Record, err)
		}
	}
}

// A cell whose record cannot be read is invalid and does not replace a measured one. An
// attempt that was never made has no record to copy.
func TestJoinOfDamagedRuns(t *testing.T) {
	first, later := storedRun(t, "first", "bed", "2026-11-21T10:00:00Z", "x"), storedRun(t, "later", "bed", "2026-11-21T11:00:00Z", "x", "y", "z")
	if err := os.Truncate(later.Join(later.RecordPath("s@1/p/x", 1)), 30); err != nil {
		t.Fatal(err)
	}
	folder := later.Join(later.RecordPath("s@1/p/y", 1)) // a folder cannot be copied
	if err := errors.Join(os.Remove(folder), os.Mkdir(folder, 0o755)); err != nil {
		t.Fatal(err)
	}
	run, err := later.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	run.Cells[2].Attempts = append(run.Cells[2].Attempts, bench.Attempt{Attempt: 2, Note: "no port was free"})
	if err := later.WriteRun(run); err != nil {
		t.Fatal(err)
	}
	j, err := Join(t.Context(), t.TempDir(), false, first, later)
	if err != nil || len(j.Damaged) != 2 || len(j.Run.Cells) != 3 {
		t.Fatalf("%+v, %v", j, err)
	}
	x, y, z := j.Run.Cells[0], j.Run.Cells[1], j.Run.Cells[2]
	if x.Verdict != bench.Held || x.Run != "first" || z.Verdict != bench.Held || len(z.Attempts) != 2 {
		t.Errorf("x %s of %s, z %s", x.Verdict, x.Run, z.Verdict)
	}
	if y.Verdict != bench.Invalid || !strings.Contains(y.Reasons[0], "s-1_p_y-1.ndjson.gz") {
		t.Errorf("y %s %q", y.Verdict, y.Reasons)
	}
}

// If Join fails, nothing is left of the new run.
func TestJoinLeavesNoHalf(t *testing.T) {
	a, b := storedRun(t, "a", "bed", "2026-11-21T10:00:00Z", "x"), storedRun(t, "b", "bed", "2026-11-21T11:00:00Z", "y")
	if err := os.Remove(b.Join(b.LogPath("s@1/p/y", 1))); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(b.Join(b.LogPath("s@1/p/y", 1)), 0o755); err != nil { // a folder cannot be copied
		t.Fatal(err)
	}
	dir := t.TempDir()
	if _, err := Join(t.Context(), dir, false, a, b); err == nil {
		t.Error("a folder was copied as a log")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
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
	for _, tt := range []struct {
		name    string
		folders []*Folder
		want    string
	}{
		{"two testbeds", []*Folder{a, storedRun(t, "b", "other", "2026-11-21T10:00:00Z", "x")}, "not measured alike"},
		{"the same twice", []*Folder{a, a}, "twice"},
		{"a path out of the folder", []*Folder{escape}, "not a path inside"},
	} {
		_, err := Join(t.Context(), t.TempDir(), false, tt.folders...)
		var usage *bench.UsageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
