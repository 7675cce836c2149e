package plan

import (
	"errors"
	"strings"
	"testing"

	"benchrun/internal/bench"
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

// One line of --args is for both targets, two are A's and B's.
func TestWithArgsOfSides(t *testing.T) {
	reg := registryWith(t, targets.Command{})
	cells, err := DuelCells(reg, "gunicorn/equal8", "gunicorn/equal8", "", []string{"wedge", "slow"})
	if err != nil || len(cells) != 4 {
		t.Fatalf("%+v, %v", cells, err)
	}
	for _, tt := range []struct {
		lines []string
		a, b  string
	}{
		{nil, "equal8", "equal8"},
		{[]string{"--x --y"}, "equal8+--x+--y", "equal8+--x+--y"},
		{[]string{"--x", "--y"}, "equal8+--x", "equal8+--y"},
		{[]string{"", "--y"}, "equal8", "equal8+--y"},
	} {
		with, err := WithArgsOfSides(cells, tt.lines)
		if err != nil || with[0].Profile != tt.a || with[1].Profile != tt.b || with[2].Profile != tt.a || with[3].Profile != tt.b {
			t.Errorf("%q: %+v, %v", tt.lines, with, err)
		}
	}
	for want, lines := range map[string][]string{"more than twice": {"", "", ""}, "has no end": {"'x"}} {
		var usage *bench.UsageError
		if _, err := WithArgsOfSides(cells, lines); !errors.As(err, &usage) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", lines, err)
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
