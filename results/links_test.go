package results

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"benchrun/internal/bench"
)

// A folder may come from anyone. Writing to it when its run continues, or copying from it
// into another, never goes through a link and never waits for a pipe.
func TestNothingIsWrittenThroughLinks(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("as it was"), 0o600); err != nil {
		t.Fatal(err)
	}
	write := map[string]func(*Folder) error{
		RunFile + tempSuffix:      func(f *Folder) error { return f.WriteRun(bench.Run{}) },
		RunFile:                   func(f *Folder) error { return f.KeepRun(bench.Run{}) },
		DuelFile:                  func(f *Folder) error { return f.WriteDuel(bench.Duel{}) },
		LadderFile:                func(f *Folder) error { return f.WriteLadder(bench.Ladder{}) },
		CellsFile:                 func(f *Folder) error { return f.AppendAttempt(testLine(1)) },
		"records/x.ndjson.gz.tmp": func(f *Folder) error { return f.WriteRecord("records/x.ndjson.gz", &bench.Record{}) },
		ReportFile + tempSuffix:   func(f *Folder) error { return f.WriteReport(func(io.Writer) error { return nil }) },
		RecordsDir:                func(f *Folder) error { return f.WriteRecord("records/outside", &bench.Record{}) },
	}
	for name, do := range write {
		for _, kind := range []string{"link", "pipe"} {
			f := newFolder(t)
			if err := os.RemoveAll(f.Join(name)); err != nil {
				t.Fatal(err)
			}
			var err error
			switch {
			case kind == "pipe":
				err = syscall.Mkfifo(f.Join(name), 0o600)
			case name == RecordsDir:
				err = os.Symlink(filepath.Dir(outside), f.Join(name))
			default:
				err = os.Symlink(outside, f.Join(name))
			}
			if err != nil {
				t.Fatal(err)
			}
			refused := do(f) != nil
			if wants := name == CellsFile || name == RecordsDir; refused != wants {
				t.Errorf("a %s for %s: refused %v", kind, name, refused)
			}
			if text, err := os.ReadFile(outside); err != nil || string(text) != "as it was" {
				t.Fatalf("%s: written outside: %q, %v", name, text, err)
			}
		}
	}
}

// A line for one file of the folder is never written to another through a link.
func TestAttemptsAreAppendedToTheirOwnFile(t *testing.T) {
	f := newFolder(t)
	if err := os.Symlink(RunFile, f.Join(CellsFile)); err != nil {
		t.Fatal(err)
	}
	if err := f.AppendAttempt(testLine(1)); err == nil {
		t.Error("a line was appended to run.json")
	}
}

func TestJoinFollowsNoLinks(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	from := storedRun(t, "from", "bed", "2026-11-21T10:00:00Z", "x")
	link := func(rel string) {
		t.Helper()
		if err := errors.Join(os.Remove(from.Join(rel)), os.Symlink(outside, from.Join(rel))); err != nil {
			t.Fatal(err)
		}
	}
	record, log := from.RecordPath("s@1/p/x", 1), from.LogPath("s@1/p/x", 1)
	link(record)
	j, err := Join(t.Context(), t.TempDir(), false, from)
	if err != nil || len(j.Damaged) != 1 || !strings.Contains(j.Damaged[0], from.Join(record)+": leads out of the folder") {
		t.Fatalf("%q, %v", j.Damaged, err)
	}
	if copied, err := j.Folder.Records(); err != nil || len(copied) != 0 {
		t.Errorf("copied: %q, %v", copied, err)
	}
	link(log)
	_, err = Join(t.Context(), t.TempDir(), false, from)
	var usage *bench.UsageError
	if !errors.As(err, &usage) || !strings.Contains(err.Error(), from.Join(log)+": leads out of the folder") {
		t.Errorf("%v", err)
	}
}

// If a log is longer than mostLog, Join copies its end.
func TestJoinCopiesTheEndOfALog(t *testing.T) {
	from := storedRun(t, "from", "bed", "2026-11-21T10:00:00Z", "x")
	rel := from.LogPath("s@1/p/x", 1)
	if err := os.WriteFile(from.Join(rel), append(make([]byte, mostLog), "the end"...), 0o600); err != nil {
		t.Fatal(err)
	}
	j, err := Join(t.Context(), t.TempDir(), false, from)
	if err != nil {
		t.Fatal(err)
	}
	f, run := j.Folder, j.Run
	text, err := os.ReadFile(f.Join(run.Cells[0].Attempts[0].Log))
	if err != nil || len(text) != mostLog || !strings.HasSuffix(string(text), "the end") {
		t.Errorf("%d bytes, %v", len(text), err)
	}
}

// The ID of a stored run becomes the name of the folder that Join makes.
func TestJoinRefusesAnIDThatLeadsOut(t *testing.T) {
	from := storedRun(t, "from", "bed", "2026-11-21T10:00:00Z", "x")
	run, err := from.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"../out", "/out", "a/b", ".."} {
		run.ID = id
		if err := from.WriteRun(run); err != nil {
			t.Fatal(err)
		}
		var usage *bench.UsageError
		if _, err := Join(t.Context(), t.TempDir(), false, from); !errors.As(err, &usage) {
			t.Errorf("%s: %v", id, err)
		}
	}
}

// benchrun reads as many cells and attempts as it allows within moments.
func TestRunsAreBounded(t *testing.T) {
	cells := func(n int) []byte {
		return []byte(`{"schema":"benchrun.run/v1","cells":[` + strings.TrimSuffix(strings.Repeat(`{"server":"s","profile":"p","scenario":"c","verdict":"held"},`, n), ",") + `]}`)
	}
	if run, err := decodeRun(cells(mostCells)); err != nil || len(run.Cells) != mostCells {
		t.Errorf("%d cells, %v", len(run.Cells), err)
	}
	if _, err := decodeRun(cells(mostCells + 1)); err == nil || !strings.Contains(err.Error(), "10001 cells") {
		t.Error(err)
	}
	f := newFolder(t)
	line := `{"cell":"s/p/c","server":"s","profile":"p","scenario":"c","verdict":"held","attempts":[{"attempt":1,"verdict":"held"}]}` + "\n"
	for n, fits := range map[int]bool{mostAttempts: true, mostAttempts + 1: false} {
		if err := os.WriteFile(f.Join(CellsFile), []byte(strings.Repeat(line, n)), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := f.Recover(t.Context())
		if fits && (err != nil || len(got.Run.Cells) != 1 || len(got.Run.Cells[0].Attempts) != n) {
			t.Errorf("%d lines: %d cells, %v", n, len(got.Run.Cells), err)
		}
		if !fits && (err == nil || !strings.Contains(err.Error(), "line 50001: more than the 50000 attempts that a run may have")) {
			t.Errorf("%d lines: %v", n, err)
		}
	}
}
