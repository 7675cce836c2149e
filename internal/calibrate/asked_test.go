package calibrate

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"benchrun/internal/bench"
)

func TestRepeat(t *testing.T) {
	for want, got := range map[string]string{
		"benchrun calibrate wedge dead-control --attempts 2 --seed 7": Asked{Words: []string{"wedge", "dead-control"}}.Repeat(2, 7),
		"benchrun calibrate --short --attempts 2 --seed 7":            Asked{Short: true}.Repeat(2, 7),
		"benchrun calibrate --attempts 2 --seed 7":                    Asked{}.Repeat(2, 7),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// A page that has no place to go to is found out before anything is run.
func TestCheckPage(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for page, ok := range map[string]bool{
		"": true, filepath.Join(dir, "page.md"): true,
		filepath.Join(dir, "absent", "page.md"): false, filepath.Join(file, "page.md"): false, dir: false,
	} {
		err := CheckPage(page)
		var env *bench.EnvironmentError
		if ok != (err == nil) || err != nil && !errors.As(err, &env) {
			t.Errorf("--write=%s: %v", page, err)
		}
	}
}
