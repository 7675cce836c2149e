package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/cost"
)

// Errors in the command line are reported before minutes of measuring.
func TestCostIsCheckedFirst(t *testing.T) {
	plain := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(plain, []byte("no markers\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"nonsense"}, {"watch", "--write", plain}, {"--write", plain}, {"--write", plain + ".not"},
	} {
		if code := run(append([]string{"cost"}, args...)); code != bench.ExitUsage {
			t.Errorf("cost %q exited with %d, want %d", args, code, bench.ExitUsage)
		}
	}
}

func TestCostPageIsRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(path, []byte(cost.Table.Begin+"\n"+cost.Table.End+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	page, err := costSettings{write: path}.page()
	if err != nil || !strings.HasPrefix(string(page), cost.Table.Begin) {
		t.Errorf("%q, %v", page, err)
	}
	if page, err := (costSettings{}).page(); err != nil || page != nil {
		t.Errorf("without --write: %q, %v", page, err)
	}
}

func TestCostNamesTheMachine(t *testing.T) {
	at := time.Date(2026, 11, 21, 23, 0, 0, 0, time.FixedZone("", 2*3600))
	got := machine(bench.Environment{CPUs: 2, CPUModel: "A CPU", Kernel: "6.1", OS: "Debian 12", Load1: 0.25}, "wrk 4", at)
	for _, want := range []string{"2026-11-21", "2 × A CPU", "Linux 6.1 (Debian 12)", "beside wrk 4."} {
		if !strings.Contains(got, want) {
			t.Errorf("%q does not say %q", got, want)
		}
	}
}
