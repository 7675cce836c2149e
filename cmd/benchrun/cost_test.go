package main

import (
	"os"
	"path/filepath"
	"testing"

	"benchrun/internal/bench"
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
