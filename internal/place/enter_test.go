package place

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Leftovers that benchrun cannot remove are reported, and do not stop a run.
func TestFailedSweepKeepsNobodyFromMeasuring(t *testing.T) {
	temp := openTemp(t)
	stuck := filepath.Join(temp, "benchrun-"+strconv.Itoa(os.Geteuid()), "0123456789ab")
	if err := os.MkdirAll(filepath.Join(stuck, "lock"), 0o711); err != nil { // a folder cannot be locked for writing
		t.Fatal(err)
	}
	var notes []string
	host, done, err := Enter(t.Context(), "test", 0, func(s string) { notes = append(notes, s) })
	if err != nil {
		t.Fatalf("no host: %v", err)
	}
	done()
	// Other notes may be about the machine, on which other tests run.
	if host == nil || len(notes) == 0 || !strings.Contains(notes[0], stuck) || strings.Contains(notes[0], "\n") {
		t.Errorf("notes %q, want a line first that names %s", notes, stuck)
	}
}
