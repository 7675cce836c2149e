package guide

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"benchrun/internal/bench"
	"benchrun/scenarios"
	"benchrun/targets"
)

// Every list has a line for each thing that there is.
func TestListing(t *testing.T) {
	reg := builtin(t)
	for name, want := range map[string]struct {
		lines int
		has   string
	}{
		"servers": {len(reg.Names()), "gunicorn "}, "fronts": {len(reg.Fronts()), "nginx "}, "supervisors": {len(targets.SupervisorNames()), "runit "}, "profiles": {len(ProfileNames(reg)), "reference/default "},
		"scenarios": {len(scenarios.All()) + len(scenarios.Sets()), "wedge-1pct "}, "measures": {len(bench.MeasureTable), "time_to_collapse "},
	} {
		list, err := Listing(name)
		if err != nil || !slices.Contains(Lists, name) {
			t.Fatalf("%s: %v", name, err)
		}
		var b bytes.Buffer
		if err := list(&b, reg); err != nil {
			t.Fatal(err)
		}
		if got := b.String(); strings.Count(got, "\n") != want.lines || !strings.Contains("\n"+got, "\n"+want.has) {
			t.Errorf("%s: want %d lines, one of %s\n%s", name, want.lines, want.has, got)
		}
	}
	list, err := Listing("servers")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := list(&b, reg); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(b.String()) {
		s, err := reg.Lookup(strings.Fields(line)[0])
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(strings.Fields(line)[1:3], string(s.App)) { // the version may be missing
			t.Errorf("the kind of app is not told: %s", line)
		}
	}
	if _, err := Listing("server"); err == nil || !strings.HasPrefix(err.Error(), `list: no list of "server"; did you mean "servers"?`) {
		t.Error(err)
	}
}

// What is listed for completion can be explained: each name is that of a family at one of
// its ratios, or of a set.
func TestScenarioNames(t *testing.T) {
	names := ScenarioNames()
	for _, n := range names {
		if _, err := Explain(n); err != nil {
			t.Error(err)
		}
	}
	for _, want := range []string{"@gate", "wedge-0.1pct", "wedge-50pct", "segfault-1pct"} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is missing", want)
		}
	}
}

// If one page cannot be made, none is written.
func TestWritePages(t *testing.T) {
	dir := t.TempDir()
	contract := filepath.Join(dir, "contract.md")
	written := func() int {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	if err := WritePages(dir, "cli"); err == nil || written() != 0 {
		t.Errorf("without a contract: %v, %d files", err, written())
	}
	if err := os.WriteFile(contract, []byte("no part\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := WritePages(dir, "cli"); err == nil || !strings.Contains(err.Error(), contract+": ") || written() != 1 {
		t.Errorf("a contract without the part: %v, %d files", err, written())
	}
	if err := os.WriteFile(contract, []byte(Faults.Begin+"\nold\n"+Faults.End+"\n"+Kinds.Begin+"\nold\n"+Kinds.End+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, part := range map[string]Part{"fronts.md": Fronts, "supervisors.md": Supervisors} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(part.Begin+"\n"+part.End+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := WritePages(dir, "the command line"); err != nil || written() != 8 {
		t.Errorf("%v, %d files", err, written())
	}
	if page, err := os.ReadFile(contract); err != nil || strings.Contains(string(page), "\nold\n") || !strings.Contains(string(page), "| `asgi` | a Python coroutine function") {
		t.Errorf("contract.md: %s, %v", page, err)
	}
	if page, err := os.ReadFile(filepath.Join(dir, "cli.md")); err != nil || string(page) != "the command line" {
		t.Errorf("cli.md: %q, %v", page, err)
	}
}
