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
