package main

import (
	"bytes"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"benchrun/report"
)

// The published results are what the judge says of the records now, and README.md shows
// them.
func TestPublishedResults(t *testing.T) {
	const folder = "../../docs/results"
	run, notes, err := judgedAgain(t, folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range notes {
		t.Errorf("%s: run scripts/results --from docs/results", n)
	}
	var table bytes.Buffer
	if err := report.Matrix(&table, report.NewView(run)); err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(readme), strings.TrimSpace(table.String())) {
		t.Error("README.md has another table than docs/results: run scripts/results --from docs/results")
	}
	for _, file := range []string{"README.md", "report.html"} {
		page, err := os.ReadFile(filepath.Join(folder, file))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(page), run.ID) {
			t.Errorf("%s is not of run %s", file, run.ID)
		}
		for _, link := range regexp.MustCompile(`<a href="([^"#][^"]*)"`).FindAllSubmatch(page, -1) {
			if u, err := url.Parse(string(link[1])); err != nil || u.IsAbs() {
				t.Errorf("%s links %s: %v", file, link[1], err)
			} else if _, err := os.Stat(filepath.Join(folder, filepath.FromSlash(u.Path))); err != nil {
				t.Errorf("%s links what is not there: %v", file, err)
			}
		}
	}
}
