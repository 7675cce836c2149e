package pack_test

import (
	"testing"

	"benchrun/internal/campaign/pack"
)

// These loads come from stored cells (docs/results), measured on two CPUs.
var (
	light = pack.Load{CPU: 0.20, Burst: 0.05, Memory: 100 << 20} // waitress, wedge
	busy  = pack.Load{CPU: 0.65, Burst: 0.25, Memory: 100 << 20} // waitress, cpu
	heavy = pack.Load{CPU: 1.52, Burst: 0.16, Memory: 100 << 20} // gunicorn, wedge-spin
)

func times(n int, l pack.Load) []pack.Load {
	out := make([]pack.Load, n)
	for i := range out {
		out[i] = l
	}
	return out
}

func TestFull(t *testing.T) {
	two := pack.Room{CPUs: 1.9, Memory: 2 << 30}
	for _, c := range []struct {
		name  string
		room  pack.Room
		loads []pack.Load
		full  bool
	}{
		{"nothing", two, nil, false},
		{"eight light ones", two, times(8, light), false},
		{"bursts of nine do not fit beside their means", two, times(9, light), true},
		{"one that is busy and two light ones", two, append(times(2, light), busy), false},
		{"two that are busy", two, times(2, busy), true},
		{"one that is heavy", two, times(1, heavy), false},
		{"nothing beside a heavy one", two, []pack.Load{heavy, light}, true},
		{"more jobs than were asked for", pack.Room{CPUs: 64, Jobs: 3}, times(4, light), true},
		{"as many jobs as were asked for", pack.Room{CPUs: 64, Jobs: 3}, times(3, light), false},
		{"more memory than there is", pack.Room{CPUs: 64, Memory: 250 << 20}, times(3, light), true},
		{"memory is not counted", pack.Room{CPUs: 64}, times(30, light), false},
	} {
		if got := c.room.Full(c.loads...); got != c.full {
			t.Errorf("%s: full is %v, want %v", c.name, got, c.full)
		}
	}
}

// Bursts add up by their squares, so four times as many CPUs hold more than four
// times as many tasks.
func TestManyCPUsHoldMoreThanTheirShare(t *testing.T) {
	most := func(cpus float64) int {
		n := 0
		for !(pack.Room{CPUs: cpus}).Full(times(n+1, busy)...) {
			n++
		}
		return n
	}
	if few, many := most(2), most(8); many <= 4*few {
		t.Errorf("2 CPUs hold %d, 8 hold %d", few, many)
	}
}
