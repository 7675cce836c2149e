package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"benchrun/internal/guide"
)

// The generated pages are what the code generates now.
func TestGeneratedPagesAreFresh(t *testing.T) {
	docs := filepath.Join("..", "..", "docs")
	pages, err := guide.GeneratedPages(docs, cliPage())
	if err != nil {
		t.Fatal(err)
	}
	if len(pages) != 8 {
		t.Errorf("%d pages", len(pages))
	}
	for name, want := range pages {
		got, err := os.ReadFile(filepath.Join(docs, name))
		if err != nil {
			t.Errorf("%v: run scripts/docs", err)
			continue
		}
		if string(got) != want {
			t.Errorf("docs/%s is stale: run scripts/docs. %s", name, firstDifference(string(got), want))
		}
	}
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return "Line " + g[i] + " should be " + w[i]
		}
	}
	return "One is longer than the other"
}

// README.md names the packages that scripts/test installs.
func TestReadmeNamesWhatTestsNeed(t *testing.T) {
	script, err := os.ReadFile("../../scripts/test")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, told, _ := strings.Cut(string(readme), "\n## Contributing\n")
	packages := regexp.MustCompile(`(?m)^need (.*)$`).FindSubmatch(script)
	if packages == nil {
		t.Fatal("scripts/test installs nothing")
	}
	for _, p := range strings.Fields(string(packages[1])) {
		if !strings.Contains(told, "`"+p+"`") {
			t.Errorf("scripts/test installs %s, and README.md does not say so", p)
		}
	}
}

// docs/cli.md has every command and flag of --help, and no hidden one.
func TestCLIPageIsWhole(t *testing.T) {
	page := cliPage()
	for _, cmd := range newRootCommand().Commands() {
		if told := strings.Contains(page, "\n## benchrun "+cmd.Name()); told == cmd.Hidden {
			t.Errorf("%s: hidden %v, told %v", cmd.Name(), cmd.Hidden, told)
		}
	}
	for _, want := range []string{"| `-s, --server` |", "| `--patience` | duration | `5m0s` |", "10 a rule of the gate is broken"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is missing", want)
		}
	}
}

// The hidden command writes the pages that the test above compares.
func TestDocsCommand(t *testing.T) {
	dir := t.TempDir()
	if err := benchrunCommand(t.Context(), t, "docs", dir).Run(); err == nil {
		t.Error("there is no contract to be filled in, and that is no error")
	}
	for name, part := range map[string]guide.Part{"fronts.md": guide.Fronts, "supervisors.md": guide.Supervisors} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(part.Begin+"\n"+part.End+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	page := guide.Faults.Begin + "\nwhat stood here\n" + guide.Faults.End + "\n" + guide.Kinds.Begin + "\n" + guide.Kinds.End + "\n"
	if err := os.WriteFile(filepath.Join(dir, "contract.md"), []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := benchrunCommand(t.Context(), t, "docs", dir).Run(); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 8 {
		t.Errorf("%d files, %v", len(entries), err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "contract.md")); err != nil || strings.Contains(string(text), "what stood here") || !strings.Contains(string(text), "| `wedge` | 1 |") {
		t.Errorf("%v, or the part was not replaced: %s", err, text)
	}
	if err := benchrunCommand(t.Context(), t, "docs", filepath.Join(dir, "absent")).Run(); err == nil {
		t.Error("pages were written into a folder that is not there")
	}
}

// Every flag of every command has the short form and the text of the table, perhaps with
// notes after it. Every flag in the table belongs to some command.
func TestFlagsAreOfTheTable(t *testing.T) {
	used := map[string]bool{}
	var look func(cmd *cobra.Command)
	look = func(cmd *cobra.Command) {
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			spec := flagNamed(f.Name)
			used[f.Name] = true
			note, ok := strings.CutPrefix(f.Usage, spec.text)
			noted := strings.HasPrefix(note, " (") && strings.HasSuffix(note, ")")
			if !ok || f.Shorthand != spec.short || note != "" && !noted {
				t.Errorf("%s --%s (-%s): %s", cmd.CommandPath(), f.Name, f.Shorthand, f.Usage)
			}
		})
		for _, sub := range cmd.Commands() {
			look(sub)
		}
	}
	look(newRootCommand())
	seen := map[string]bool{}
	for _, spec := range flagTable() {
		if !used[spec.name] || seen[spec.name] || spec.short != "" && seen[spec.short] {
			t.Errorf("--%s (-%s): no command has it, or it stands twice", spec.name, spec.short)
		}
		seen[spec.name], seen[spec.short] = true, true
	}
}
