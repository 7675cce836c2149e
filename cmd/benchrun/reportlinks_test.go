package main

import (
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"benchrun/internal/stored"
	"benchrun/report"
)

// The report links to the existing files of the run's folder, wherever the report lies.
func TestReportLinksFilesOfTheRun(t *testing.T) {
	run := storedRun(t)
	elsewhere := filepath.Join(t.TempDir(), "a b#c")
	if err := os.Mkdir(elsewhere, 0o755); err != nil {
		t.Fatal(err)
	}
	judged, err := stored.Judge(t.Context(), run)
	if err != nil {
		t.Fatal(err)
	}
	record, log := judged.Run.Cells[0].Attempts[0].Record, judged.Run.Cells[0].Attempts[0].Log
	links := func(dir string) (files []string) {
		t.Helper()
		page := filepath.Join(dir, "report.html")
		if err := report.WriteFile("--html", page, judged.Draw(t.Context(), dir)); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`<a href="([^"#][^"]*)"`).FindAllStringSubmatch(string(text), -1) {
			u, err := url.Parse(m[1])
			if err != nil || u.IsAbs() {
				t.Fatalf("%s: %v", m[1], err)
			}
			path := filepath.Join(dir, filepath.FromSlash(u.Path))
			if _, err := os.Stat(path); err != nil {
				t.Errorf("a link from %s leads nowhere: %v", dir, err)
			}
			rel, err := filepath.Rel(run, path)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, rel)
		}
		return files
	}
	for _, dir := range []string{run, elsewhere} {
		if got := links(dir); !slices.Equal(got, []string{record, log}) {
			t.Errorf("%s links %q, want %s and %s", dir, got, record, log)
		}
	}
	if err := os.Remove(filepath.Join(run, log)); err != nil {
		t.Fatal(err)
	}
	if got := links(run); !slices.Equal(got, []string{record}) {
		t.Errorf("without the log it links %q", got)
	}
}
