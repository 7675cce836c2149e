package results

import (
	"errors"
	"testing"

	"benchrun/internal/bench"
)

// Two processes never write one run; flock tells two opened folders of one
// process apart in the same way.
func TestClaimIsForOne(t *testing.T) {
	first, err := Create(t.TempDir(), bench.Run{})
	if err != nil {
		t.Fatal(err)
	}
	second, err := OpenFolder(first.Path())
	if err != nil {
		t.Fatal(err)
	}
	release, err := first.Claim()
	if err != nil {
		t.Fatal(err)
	}
	var usage *bench.UsageError
	if _, err := second.Claim(); !errors.As(err, &usage) {
		t.Errorf("a claimed folder was claimed again: %v", err)
	}
	release()
	again, err := second.Claim()
	if err != nil {
		t.Fatalf("a released folder: %v", err)
	}
	again()
}
