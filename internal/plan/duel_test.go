package plan

import (
	"testing"

	"benchrun/targets"
)

// Naming the version that a server has anyway makes no other target.
func TestSameTarget(t *testing.T) {
	cell := func(version, profile string) Cell {
		return Cell{Server: &targets.Server{Name: "s", Version: "1.2"}, Version: version, Profile: profile}
	}
	for _, tt := range []struct {
		b    Cell
		want bool
	}{{cell("", "p"), true}, {cell("1.2", "p"), true}, {cell("1.3", "p"), false}, {cell("path:/x", "p"), false}, {cell("", "q"), false}} {
		if got := cell("", "p").SameTarget(tt.b); got != tt.want {
			t.Errorf("%q %s: %v", tt.b.Version, tt.b.Profile, got)
		}
	}
}

// What one side cannot run, the other has nobody to be compared in.
func TestPaired(t *testing.T) {
	cells := Paired([]Cell{{}, {Unsupported: "no reload"}, {Unsupported: "no fault"}, {}, {}, {}})
	for i, want := range []string{"no reload", "no reload", "no fault", "no fault", "", ""} {
		if cells[i].Unsupported != want {
			t.Errorf("cell %d: %q, want %q", i, cells[i].Unsupported, want)
		}
	}
}
